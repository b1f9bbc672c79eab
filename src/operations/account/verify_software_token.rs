//! VerifySoftwareToken: checks the first code from an authenticator app. If the code is right, the app is registered
//! for the user. During a sign-in that waits for the app, the app is also switched on as a second factor.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifySoftwareToken.html>

use serde::{Deserialize, Serialize};

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
    session_text,
    store::{self, audit::Event},
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
    if let Some(challenge) = enrolling.challenge {
        if !store::challenges::mark_verified(&mut change, &pool.id, challenge).await? {
            return Err(session_text::used());
        }
        let on = Preference { enabled: true, preferred_mfa: false };
        let preferences = Preferences { software_token: Some(on), ..Preferences::NONE };
        second_factor::prefer(&mut change, pool, user, preferences, (context.door, now)).await?;
    }
    let answer = Response { status: "SUCCESS", session: request.session.filter(|_| enrolling.challenge.is_some()) };
    change.commit(Event::SoftwareTokenVerified.of_user(user.sub), answer).await
}
