//! Records what users do, in pools that keep it: those whose `UserPoolAddOns.AdvancedSecurityMode` is `AUDIT`.

use uuid::Uuid;

use crate::{
    app::App,
    auth_event_queue::{Noted, Who},
    context::Context,
    error::{Error, Result},
    factor::ChallengeName,
    flows::sign_in::step::{Outcome, SignIn},
    random,
    store::{self, auth_events::AuthEvent, pools::Pool},
};

/// Whether a pool keeps a record of what its users do.
pub fn kept(pool: &Pool) -> bool {
    pool.settings.rest.get("UserPoolAddOns").is_some_and(|one| one["AdvancedSecurityMode"] == "AUDIT")
}

/// Records an event of a user.
pub fn note(app: &App, context: &Context, pool: &Pool, sub: Uuid, kind: &str, response: &str, challenge: Option<&str>) {
    send(app, context, pool, Who::User(sub), (kind, response, challenge));
}

/// Like [`note`], for the user whom a name denotes, if there is one.
pub fn note_named(app: &App, context: &Context, pool: &Pool, name: Option<&str>, event: (&str, &str, Option<&str>)) {
    if let Some(name) = name.filter(|name| !name.contains('\0')) {
        send(app, context, pool, Who::Name(pool.username_key(name)), event);
    }
}

fn send(app: &App, context: &Context, pool: &Pool, who: Who, (kind, response, challenge): (&str, &str, Option<&str>)) {
    if !kept(pool) {
        return;
    }
    let at = app.clock.now();
    let event = AuthEvent {
        id: random::time_ordered_uuid(at),
        at,
        kind: kind.to_owned(),
        response: response.to_owned(),
        challenge: challenge.map(str::to_owned),
        address: context.address.to_string(),
    };
    if !app.auth_events.push(Noted { pool_id: pool.id.clone(), who, event }) {
        tracing::warn!(pool = pool.id, kind, "too many events wait: what a user did was not noted");
    }
}

/// Writes an event in the background, if its user exists.
pub async fn write(app: &App, noted: Noted) -> sqlx::Result<()> {
    let Noted { pool_id, who, event } = noted;
    let sub = match who {
        Who::User(sub) => Some(sub),
        Who::Name(key) => store::users::find(&app.job_db, &pool_id, &key).await?.map(|user| user.sub),
    };
    match sub {
        Some(sub) => store::auth_events::insert(&app.job_db, &pool_id, sub, &event).await,
        None => Ok(()),
    }
}

/// Records how a step of a sign-in went, if that says something about the user.
pub fn note_step(sign_in: &SignIn<'_>, name: Option<&String>, outcome: &Result<Outcome>, challenge: Option<&str>) {
    let Some(response) = response_of(outcome, |one| !matches!(one, Outcome::Next(_))) else { return };
    let event = ("SignIn", response, challenge);
    note_named(sign_in.app, sign_in.context, sign_in.pool, name.map(String::as_str), event);
}

/// What the answer to a challenge proves, in the words of an event's `ChallengeResponses`.
pub fn proves(challenge: ChallengeName) -> Option<&'static str> {
    match challenge {
        ChallengeName::Password
        | ChallengeName::PasswordSrp
        | ChallengeName::PasswordVerifier
        | ChallengeName::NewPasswordRequired => Some("Password"),
        ChallengeName::SoftwareTokenMfa | ChallengeName::SmsMfa | ChallengeName::EmailOtp => Some("Mfa"),
        _ => None,
    }
}

/// How a step of a sign-in went, in the words of an event. `None` if it says nothing about the user.
pub fn response_of<T>(result: &Result<T>, is_done: impl Fn(&T) -> bool) -> Option<&'static str> {
    match result {
        Ok(outcome) if is_done(outcome) => Some("Pass"),
        Ok(_) => Some("InProgress"),
        Err(Error::NotAuthorized(_) | Error::CodeMismatch(_) | Error::ExpiredCode(_)) => Some("Fail"),
        Err(_) => None,
    }
}
