//! Records users' authentication events, in pools whose `UserPoolAddOns.AdvancedSecurityMode` is `AUDIT` (or `ENFORCED`,
//! if the server accepts that nothing is enforced).

use serde_json::json;
use uuid::Uuid;

use crate::{
    app::App,
    auth_event_queue::{Noted, Who},
    clock::epoch_seconds,
    context::Context,
    error::{Error, Result},
    factor::ChallengeName,
    flows::sign_in::step::{Outcome, SignIn},
    log_delivery::{EventSource, LogRecord},
    random,
    store::{self, auth_events::AuthEvent, pools::Pool},
};

/// Whether a pool records its users' authentication events.
pub fn kept(pool: &Pool) -> bool {
    let mode = pool.settings.rest.get("UserPoolAddOns").map(|one| &one["AdvancedSecurityMode"]);
    mode.is_some_and(|mode| mode == "AUDIT" || mode == "ENFORCED")
}

/// Records an event of a user, if the pool records events.
pub fn note(app: &App, context: &Context, pool: &Pool, sub: Uuid, kind: &str, response: &str, challenge: Option<&str>) {
    send(app, context, pool, Who::User(sub), (kind, response, challenge));
}

/// Like [`note`], for the user who has this name, if there is one.
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

/// Writes a queued event to the database, if its user exists. A background job calls this.
pub async fn write(app: &App, noted: Noted) -> sqlx::Result<()> {
    let Noted { pool_id, who, event } = noted;
    let sub = match who {
        Who::User(sub) => Some(sub),
        Who::Name(key) => store::users::find(&app.job_db, &pool_id, &key).await?.map(|user| user.sub),
    };
    if let Some(sub) = sub
        && store::auth_events::insert(&app.job_db, &pool_id, sub, &event).await?
    {
        app.log_delivery.push(log_record(&pool_id, sub, &event));
    }
    Ok(())
}

/// An event as a log record.
fn log_record(pool_id: &str, sub: Uuid, event: &AuthEvent) -> LogRecord {
    let message = json!({
        "version": "1",
        "eventId": event.id,
        "eventType": event.kind,
        "userSub": sub,
        "userPoolId": pool_id,
        "creationDate": epoch_seconds(event.at),
        "eventResponse": event.response,
        "challenges": event.challenge.iter().collect::<Vec<_>>(),
        "ipAddress": event.address,
    });
    LogRecord::new(pool_id, EventSource::UserAuthEvents, event.at, message)
}

/// Records the outcome of a sign-in step, unless the outcome is an error that says nothing about the user.
pub fn note_step(sign_in: &SignIn<'_>, name: Option<&String>, outcome: &Result<Outcome>, challenge: Option<&str>) {
    let Some(response) = response_of(outcome, |one| !matches!(one, Outcome::Next(_))) else { return };
    let event = ("SignIn", response, challenge);
    note_named(sign_in.app, &sign_in.context, sign_in.pool, name.map(String::as_str), event);
}

/// What a challenge's answer proves: the `ChallengeName` (`Password` or `Mfa`) in an event's `ChallengeResponses`.
/// `None` if the challenge is recorded under neither name.
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

/// The outcome of a sign-in step as an `EventResponse`. `None` if the outcome says nothing about the user.
pub fn response_of<T>(result: &Result<T>, is_done: impl Fn(&T) -> bool) -> Option<&'static str> {
    match result {
        Ok(outcome) if is_done(outcome) => Some("Pass"),
        Ok(_) => Some("InProgress"),
        Err(Error::NotAuthorized(_) | Error::CodeMismatch(_) | Error::ExpiredCode(_)) => Some("Fail"),
        Err(_) => None,
    }
}
