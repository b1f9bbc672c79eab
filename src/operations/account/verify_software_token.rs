//! VerifySoftwareToken: checks the first code from an authenticator app. If the code is right, the app is registered
//! for the user. During a sign-in that waits for the app, the app is also switched on as a second factor.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifySoftwareToken.html>

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::enrolling::begin;
use crate::{
    app::App,
    caller::Enroller,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{
        accounts::{password, software_token},
        sign_in::second_factor::{self, Preference, Preferences},
    },
    pending::{Challenge, Kept, Pending},
    random, session_text,
    store::{self, Connection, audit::Event},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_code: String,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    friendly_device_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, context: &Context, caller: Enroller, request: Request) -> Result<Changed<Response>> {
    let (mut change, enrolling) = begin(app, context, &caller).await?;
    let now = change.at();
    let (pool, user) = (&enrolling.pool, &enrolling.user);
    let (free, name) =
        (app.config.free_password_failures, password::attempts_name(app, pool, &user.username, Some(user)));
    if free > 0 && store::login_attempts::is_locked(&mut *change, &pool.id, &name, now).await? {
        return Err(password::attempts_exceeded());
    }
    let friendly_name = request.friendly_device_name.as_deref().filter(|name| !name.is_empty());
    let entered = (request.user_code.as_str(), friendly_name);
    match software_token::verify(app, &mut change, pool, user.sub, entered, now).await {
        Err(refusal @ Error::EnableSoftwareTokenMfa(_)) => {
            drop(change);
            if free > 0 {
                store::login_attempts::count_failure(&app.db, &pool.id, &name, free, now).await?;
            }
            return Err(refusal);
        }
        other => other?,
    }
    let mut session = None;
    if let Some(challenge) = &enrolling.challenge {
        let verified = after_verification(app, &mut change, &pool.id, challenge, now).await?;
        session = verified.or(request.session);
        let on = Preference { enabled: true, preferred_mfa: false };
        let preferences = Preferences { software_token: Some(on), ..Preferences::NONE };
        second_factor::prefer(&mut change, pool, user, preferences, (context.door, now)).await?;
    }
    let answer = Response { status: "SUCCESS", session };
    change.commit(Event::SoftwareTokenVerified.of_user(user.sub), answer).await
}

/// Records in the sign-in's challenge that a code was verified.
///
/// A challenge that is a row is updated, and its `Session` string stays the same. A challenge in a string is used up and
/// replaced by another one, whose string is returned; the string before can be used no more.
async fn after_verification(
    app: &App,
    db: &mut Connection,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> Result<Option<String>> {
    let Pending::MfaSetup { after, .. } = &challenge.state else { return Err(session_text::unfit()) };
    if challenge.kept == Kept::Row {
        let marked = store::challenges::mark_verified(db, pool_id, challenge.id).await?;
        return if marked { Ok(None) } else { Err(session_text::used()) };
    }
    let used = store::challenges::use_up(&mut *db, pool_id, challenge, now).await?.ok_or_else(session_text::used)?;
    let state = Pending::MfaSetup { verified: true, after: after.clone() };
    let next = Challenge { id: random::time_ordered_uuid(now), state, ..used };
    if let Some(session) = session_text::of_challenge(&app.sealing, pool_id, &next) {
        return Ok(Some(session));
    }
    let next = Challenge { kept: Kept::Row, ..next };
    store::challenges::insert(&mut *db, pool_id, &next, now).await?;
    Ok(Some(app.session_of_row(pool_id, &next)))
}
