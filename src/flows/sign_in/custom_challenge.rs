//! CUSTOM_AUTH: a sign-in whose challenges the pool's triggers define, create and verify.
//!
//! Before these challenges, the client may prove the password by SRP (`CHALLENGE_NAME=SRP_A`).

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    factor::ChallengeName,
    flows::{
        accounts::password::{self, Known},
        messages::codes,
        sign_in::{
            decoys,
            proof::{Proof, Step},
            srp_proof,
            step::{Available, Outcome, Parameters, Person, SignIn},
        },
        triggers::{self, CustomChallenge, Decision},
    },
    pending::{Answered, Challenge, PasswordSetAt, Pending},
    session_text, store,
};

/// The maximum number of challenges in one sign-in. It ends sign-ins whose define auth challenge trigger never decides.
const MAX_ROUNDS: usize = 30;

/// The progress of a sign-in by custom challenges.
#[derive(Default)]
pub struct Progress {
    /// The challenges answered so far, as the triggers receive them.
    pub session: Vec<Answered>,
    /// When the proved password was set; `None` if no password was proved.
    pub password_set_at: PasswordSetAt,
}

impl Progress {
    /// Records that a challenge was answered correctly.
    pub fn proved(&mut self, name: ChallengeName) {
        self.session.push(Answered::new(name, true, None));
    }
}

/// Takes the first step of a sign-in by custom challenges.
pub async fn begin(sign_in: &SignIn<'_>, person: Person, parameters: &Parameters) -> Result<Step> {
    password::refuse_locked(sign_in.app, sign_in.pool, &person.username, person.user.as_ref()).await?;
    if parameters.get("CHALLENGE_NAME").map(String::as_str) != Some("SRP_A") {
        return next(sign_in, person, Progress::default()).await;
    }
    let client_public = sign_in.required(parameters, "SRP_A")?;
    let progress = Progress { session: vec![Answered::srp_a()], password_set_at: None };
    match decide(sign_in, &person, &progress).await? {
        Decision::Ask(ChallengeName::PasswordVerifier) => {
            let none = Available::nothing();
            let custom = Some(progress.session);
            srp_proof::start_with(sign_in, &person, client_public, none, &Known::default(), custom)
                .await
                .map(Step::Asked)
        }
        decision => go_on(sign_in, person, progress, decision).await,
    }
}

/// Checks the answer to a custom challenge.
pub async fn respond(sign_in: &SignIn<'_>, person: Person, pending: Challenge, responses: &Parameters) -> Result<Step> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let answer = sign_in.required(responses, "ANSWER")?;
    password::refuse_locked(app, pool, &person.username, person.user.as_ref()).await?;
    let Pending::CustomChallenge { custom, password_set_at, private, metadata } = &pending.state else {
        return Err(session_text::unfit());
    };
    let sealed = BASE64_STANDARD.decode(private).map_err(Error::internal)?;
    let private = app.sealing.open_any(&context(sign_in), &sealed).map_err(Error::internal)?;
    let private: Value = serde_json::from_slice(&private).map_err(Error::internal)?;
    // The challenge is used up before the trigger is called, so that only one of several concurrent answers is checked.
    sign_in.use_up_alone(&pending).await?;
    let user = person.user.as_ref();
    let right = triggers::verify_auth_challenge(&sign_in.context, &person.username, user, &private, answer).await?;
    if !right {
        password::count_failure(app, pool, &person.username, user).await?;
    }
    let mut progress = Progress { session: custom.clone(), password_set_at: password_set_at.clone() };
    progress.session.push(Answered::new(ChallengeName::CustomChallenge, right, metadata.clone()));
    next(sign_in, person, progress).await
}

async fn decide(sign_in: &SignIn<'_>, person: &Person, progress: &Progress) -> Result<Decision> {
    let user = person.user.as_ref();
    triggers::define_auth_challenge(&sign_in.context, &person.username, user, &progress.session).await
}

/// Calls the define auth challenge trigger, which decides what comes next, and carries out its decision.
pub async fn next(sign_in: &SignIn<'_>, person: Person, progress: Progress) -> Result<Step> {
    let decision = decide(sign_in, &person, &progress).await?;
    go_on(sign_in, person, progress, decision).await
}

async fn go_on(sign_in: &SignIn<'_>, person: Person, progress: Progress, decision: Decision) -> Result<Step> {
    match decision {
        Decision::Ask(ChallengeName::CustomChallenge) if progress.session.len() < MAX_ROUNDS => {
            ask(sign_in, person, progress).await.map(Step::Asked)
        }
        Decision::Ask(_) => Err(triggers::unrecognizable()),
        Decision::Issue => enough(sign_in, person, &progress).await.map(Step::from),
        Decision::Fail => Err(Error::wrong_credentials("the define auth challenge trigger fails the sign-in")),
    }
}

async fn ask(sign_in: &SignIn<'_>, person: Person, progress: Progress) -> Result<Outcome> {
    let user = person.user.as_ref();
    // Challenges are counted because the create auth challenge trigger may send a message for each.
    let (app, now) = (sign_in.app, sign_in.app.clock.now());
    let mut db = app.db.acquire().await?;
    codes::count_custom(app, &mut db, sign_in.pool, &person.username, user, now).await?;
    drop(db);
    let CustomChallenge { mut public, private, metadata } =
        triggers::create_auth_challenge(&sign_in.context, &person.username, user, &progress.session).await?;
    let private = serde_json::to_vec(&private).map_err(Error::internal)?;
    let private = BASE64_STANDARD.encode(sign_in.app.seal_for_strangers(&context(sign_in), &private));
    let username = match user {
        Some(user) => user.username.clone(),
        None => decoys::id(sign_in.app, sign_in.pool, &person.username),
    };
    public.entry("USERNAME").or_insert(json!(username));
    let Progress { session: custom, password_set_at } = progress;
    let state = Pending::CustomChallenge { custom, password_set_at, private, metadata };
    sign_in.challenge(&person, state, public, Vec::new()).await
}

/// Completes the sign-in after the define auth challenge trigger has decided that tokens are issued.
async fn enough(sign_in: &SignIn<'_>, person: Person, progress: &Progress) -> Result<Proof> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    // A name that no user has gets no tokens, whatever the trigger decides.
    let sub = person.user.as_ref().ok_or_else(|| Error::wrong_credentials("nobody has this name"))?.sub;
    let (free, now) = (app.config.free_password_failures, app.clock.now());
    let name = password::attempts_name(app, pool, &person.username, person.user.as_ref());
    let mut tx = app.db.begin().await?;
    let user = store::users::lock_shared(&mut tx, &pool.id, sub)
        .await?
        .ok_or_else(|| Error::wrong_credentials("the user was deleted meanwhile"))?;
    sign_in.may_sign_in(&user)?;
    let by_password = progress.session.iter().any(|one| one.name() == Some(ChallengeName::PasswordVerifier));
    // The password that was proved must still be the user's.
    if by_password && progress.password_set_at != password::set_at(&user) {
        return Err(session_text::unfit());
    }
    if free > 0 && !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await? {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    Ok(Proof::Custom { tx, user, methods: methods(&progress.session) })
}

/// The `amr` methods that the answered challenges prove. Custom challenges add no method, because the server does not
/// know what they prove.
fn methods(session: &[Answered]) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for one in session.iter().filter(|one| one.challenge_result) {
        match one.name() {
            Some(ChallengeName::PasswordVerifier) => methods.push("pwd"),
            Some(ChallengeName::SoftwareTokenMfa | ChallengeName::MfaSetup) => methods.extend(["otp", "mfa"]),
            Some(ChallengeName::SmsMfa) => methods.extend(["sms", "mfa"]),
            Some(ChallengeName::EmailOtp) => methods.extend(["email_otp", "mfa"]),
            _ => {}
        }
    }
    methods
}

fn context(sign_in: &SignIn<'_>) -> String {
    format!("custom challenge {} {}", sign_in.pool.id, sign_in.client.id)
}
