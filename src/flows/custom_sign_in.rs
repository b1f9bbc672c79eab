//! CUSTOM_AUTH: a sign-in whose challenges the pool's own functions define, make and verify; perhaps after the password was
//! proved by SRP (`CHALLENGE_NAME=SRP_A`).

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    flows::{
        codes, decoys, password,
        proof::{Proof, Step},
        srp_sign_in,
        step::{Available, Outcome, Parameters, Person, SignIn},
        triggers::{self, CustomChallenge, Decision},
    },
    session_text,
    store::{self, challenges::Challenge},
};

/// The challenge's name, and its kind in the database.
pub const CHALLENGE: &str = "CUSTOM_CHALLENGE";
/// Challenges of one sign-in, at most: a function that never decides is cut off.
const MAX_ROUNDS: usize = 30;

/// How far a sign-in by custom challenges is.
#[derive(Default)]
pub struct Progress {
    /// The challenges answered so far, as the functions see them.
    pub session: Vec<Value>,
    /// When the password was set that was proved; null where none was.
    pub password_set_at: Value,
}

impl Progress {
    /// As a challenge carries it.
    pub fn of(session: &Value, password_set_at: Value) -> Self {
        Self { session: session.as_array().cloned().unwrap_or_default(), password_set_at }
    }

    /// A challenge was answered.
    pub fn push(&mut self, name: &str, right: bool, metadata: &Value) {
        self.session.push(json!({"challengeName": name, "challengeResult": right, "challengeMetadata": metadata}));
    }
}

/// The first step.
pub async fn begin(sign_in: &SignIn<'_>, person: Person, parameters: &Parameters) -> Result<Step> {
    password::refuse_locked(sign_in.app, sign_in.pool, &person.username, person.user.as_ref()).await?;
    if parameters.get("CHALLENGE_NAME").map(String::as_str) != Some("SRP_A") {
        return next(sign_in, person, Progress::default()).await;
    }
    let client_public = sign_in.required(parameters, "SRP_A")?;
    let mut progress = Progress::default();
    progress.push("SRP_A", true, &Value::Null);
    match decide(sign_in, &person, &progress).await? {
        Decision::Ask(name) if name == srp_sign_in::CHALLENGE => {
            let none = Available { factors: Vec::new(), passkeys: Vec::new() };
            let data = json!({"custom": progress.session});
            srp_sign_in::start_with(sign_in, &person, client_public, none, data).await.map(Step::Asked)
        }
        decision => go_on(sign_in, person, progress, decision).await,
    }
}

/// The answer to a custom challenge.
pub async fn respond(sign_in: &SignIn<'_>, person: Person, pending: Challenge, responses: &Parameters) -> Result<Step> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let answer = sign_in.required(responses, "ANSWER")?;
    password::refuse_locked(app, pool, &person.username, person.user.as_ref()).await?;
    let sealed =
        BASE64_STANDARD.decode(pending.data["private"].as_str().unwrap_or_default()).map_err(Error::internal)?;
    let private = app.sealing.open(&context(sign_in), &sealed).map_err(Error::internal)?;
    let private: Value = serde_json::from_slice(&private).map_err(Error::internal)?;
    // Used up before anybody is asked: of several answers one is looked at.
    let mut progress = taken(sign_in, &pending).await?;
    let user = person.user.as_ref();
    let right = triggers::verify_auth_challenge(&sign_in.cause(), &person.username, user, &private, answer).await?;
    if !right {
        password::count_failure(app, pool, &person.username, user).await?;
    }
    progress.push(CHALLENGE, right, &pending.data["metadata"]);
    next(sign_in, person, progress).await
}

/// Uses a challenge up; how far the sign-in was before it.
pub async fn taken(sign_in: &SignIn<'_>, pending: &Challenge) -> Result<Progress> {
    let mut tx = sign_in.app.db.begin().await?;
    let taken = store::challenges::take(&mut tx, &sign_in.pool.id, pending.id).await?.ok_or_else(session_text::used)?;
    tx.commit().await?;
    if taken.expires_at <= sign_in.app.clock.now() {
        return Err(session_text::expired());
    }
    Ok(Progress::of(&taken.data["custom"], taken.data["passwordSetAt"].clone()))
}

async fn decide(sign_in: &SignIn<'_>, person: &Person, progress: &Progress) -> Result<Decision> {
    let user = person.user.as_ref();
    triggers::define_auth_challenge(&sign_in.cause(), &person.username, user, &progress.session).await
}

/// What the pool's functions want next.
pub async fn next(sign_in: &SignIn<'_>, person: Person, progress: Progress) -> Result<Step> {
    let decision = decide(sign_in, &person, &progress).await?;
    go_on(sign_in, person, progress, decision).await
}

async fn go_on(sign_in: &SignIn<'_>, person: Person, progress: Progress, decision: Decision) -> Result<Step> {
    match decision {
        Decision::Ask(name) if name == CHALLENGE && progress.session.len() < MAX_ROUNDS => {
            ask(sign_in, person, progress).await.map(Step::Asked)
        }
        Decision::Ask(_) => Err(triggers::unrecognizable()),
        Decision::Issue => enough(sign_in, person, &progress).await.map(Step::from),
        Decision::Fail => Err(Error::wrong_credentials("the define auth challenge trigger fails the sign-in")),
    }
}

async fn ask(sign_in: &SignIn<'_>, person: Person, progress: Progress) -> Result<Outcome> {
    let user = person.user.as_ref();
    // A function may send something for each.
    let (app, now) = (sign_in.app, sign_in.app.clock.now());
    let mut db = app.db.acquire().await?;
    codes::count_custom(app, &mut db, sign_in.pool, &person.username, user, now).await?;
    drop(db);
    let CustomChallenge { mut public, private, metadata } =
        triggers::create_auth_challenge(&sign_in.cause(), &person.username, user, &progress.session).await?;
    let private = serde_json::to_vec(&private).map_err(Error::internal)?;
    let private = BASE64_STANDARD.encode(sign_in.app.sealing.seal(&context(sign_in), &private));
    let username = match user {
        Some(user) => user.username.clone(),
        None => decoys::id(sign_in.app, sign_in.pool, &person.username),
    };
    public.entry("USERNAME").or_insert(json!(username));
    let data = json!({"custom": progress.session, "passwordSetAt": progress.password_set_at, "private": private,
        "metadata": metadata});
    sign_in.challenge(&person, CHALLENGE, data, public, Vec::new()).await
}

/// The functions say that it is enough.
async fn enough(sign_in: &SignIn<'_>, person: Person, progress: &Progress) -> Result<Proof> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    // Of somebody who does not exist there are no tokens, whatever the function says.
    let sub = person.user.as_ref().ok_or_else(|| Error::wrong_credentials("nobody has this name"))?.sub;
    let (free, now) = (app.config.free_password_failures, app.clock.now());
    let name = password::attempts_name(app, pool, &person.username, person.user.as_ref());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock_shared(&mut tx, &pool.id, sub)
        .await?
        .ok_or_else(|| Error::wrong_credentials("the user was deleted meanwhile"))?;
    sign_in.may_sign_in(&user)?;
    let by_password = progress.session.iter().any(|one| one["challengeName"] == srp_sign_in::CHALLENGE);
    // The password that was proved is still the user's.
    if by_password && progress.password_set_at != json!(password::set_at(&user)) {
        return Err(session_text::unfit());
    }
    if free > 0 && !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await? {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    Ok(Proof::Custom { tx, user, methods: methods(&progress.session) })
}

/// What a session of answered challenges proves, as `amr` says it. Of custom challenges nobody knows what they prove.
fn methods(session: &[Value]) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for one in session.iter().filter(|one| one["challengeResult"] == true) {
        match one["challengeName"].as_str() {
            Some(srp_sign_in::CHALLENGE) => methods.push("pwd"),
            Some("SOFTWARE_TOKEN_MFA" | "MFA_SETUP") => methods.extend(["otp", "mfa"]),
            Some("SMS_MFA") => methods.extend(["sms", "mfa"]),
            Some("EMAIL_OTP") => methods.extend(["email_otp", "mfa"]),
            _ => {}
        }
    }
    methods
}

fn context(sign_in: &SignIn<'_>) -> String {
    format!("custom challenge {} {}", sign_in.pool.id, sign_in.client.id)
}
