//! VerifySoftwareToken: the first code of an authenticator app; from then on the app is the user's. In the middle of a
//! sign-in that waits for it, it is switched on as well.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifySoftwareToken.html>

use serde::{Deserialize, Serialize};

use super::enrolling::begin;
use crate::{
    app::App,
    call::Call,
    caller::Enroller,
    error::{Error, Result},
    flows::{
        self, changes,
        mfa::{self, Preference, Preferences},
        password, software_token,
    },
    session_text, store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_code: String,
    #[serde(default)]
    session: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, call: &Call, caller: Enroller, request: Request) -> Result<Response> {
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let enrolling = begin(app, &mut tx, call, &caller).await?;
    let (pool, user) = (&enrolling.pool, &enrolling.user);
    let (free, name) =
        (app.config.free_password_failures, password::attempts_name(app, pool, &user.username, Some(user)));
    if free > 0 && store::login_attempts::is_locked(&mut *tx, &pool.id, &name, trail.at).await? {
        return Err(password::attempts_exceeded());
    }
    match software_token::verify(app, &mut tx, pool, user.sub, &request.user_code, trail.at).await {
        Err(refusal @ Error::EnableSoftwareTokenMfa(_)) => {
            drop(tx);
            if free > 0 {
                store::login_attempts::count_failure(&app.db, &pool.id, &name, free, trail.at).await?;
            }
            return Err(refusal);
        }
        other => other?,
    }
    if let Some(challenge) = enrolling.challenge {
        if !store::challenges::mark_verified(&mut tx, &pool.id, challenge).await? {
            return Err(session_text::used());
        }
        let on = Preference { enabled: true, preferred_mfa: false };
        let preferences = Preferences { sms: None, software_token: Some(on), email: None, passkey: None };
        mfa::prefer(&mut tx, pool, user, preferences, trail.at).await?;
    }
    changes::note_if_room(app, &mut tx, &pool.id, &trail, "software_token.verified", user.sub).await?;
    tx.commit().await?;
    Ok(Response { status: "SUCCESS", session: request.session.filter(|_| enrolling.challenge.is_some()) })
}
