//! Notes what users do, in pools that keep it: `UserPoolAddOns.AdvancedSecurityMode` is `AUDIT`.

use uuid::Uuid;

use crate::{
    app::App,
    call::Call,
    error::{Error, Result},
    random,
    store::{self, auth_events::AuthEvent, pools::Pool},
};

/// Whether a pool keeps what its users do.
pub fn kept(pool: &Pool) -> bool {
    pool.settings.rest.get("UserPoolAddOns").is_some_and(|one| one["AdvancedSecurityMode"] == "AUDIT")
}

/// Notes an event. It is not worth failing a call for.
pub async fn note(app: &App, call: &Call, pool: &Pool, sub: Uuid, kind: &str, response: &str, challenge: Option<&str>) {
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
        address: call.address.to_string(),
    };
    if let Err(cause) = store::auth_events::insert(&app.db, &pool.id, sub, &event).await {
        tracing::warn!(%cause, kind, "what a user did was not noted");
    }
}

/// Notes the same of the user whom a name names, if there is one.
pub async fn note_named(app: &App, call: &Call, pool: &Pool, name: Option<&str>, event: (&str, &str, Option<&str>)) {
    let Some(name) = name.filter(|name| kept(pool) && !name.contains('\0')) else { return };
    match store::users::find(&app.db, &pool.id, &pool.username_key(name)).await {
        // For somebody unknown too, so that both cost the same: nothing is written then.
        Ok(user) => {
            let sub = user.map_or_else(Uuid::nil, |user| user.sub);
            note(app, call, pool, sub, event.0, event.1, event.2).await;
        }
        Err(cause) => tracing::warn!(%cause, "what a user did was not noted"),
    }
}

/// How a step of a sign-in went, as an event says it; `None`: it says nothing about the user.
pub fn response_of<T>(result: &Result<T>, is_done: impl Fn(&T) -> bool) -> Option<&'static str> {
    match result {
        Ok(outcome) if is_done(outcome) => Some("Pass"),
        Ok(_) => Some("InProgress"),
        Err(Error::NotAuthorized(_) | Error::CodeMismatch(_) | Error::ExpiredCode(_)) => Some("Fail"),
        Err(_) => None,
    }
}
