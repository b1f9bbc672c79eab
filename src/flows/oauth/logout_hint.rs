//! The ID token in a sign-out request of an application (OpenID Connect RP-Initiated Logout 1.0, section 2).

use uuid::Uuid;

use crate::{
    app::App,
    error::Result,
    tokens::{self, unverified_pool},
};

/// Whom a verified ID token was issued for.
pub struct LogoutHint {
    pub client_id: String,
    pub sub: Uuid,
}

/// What an ID token in a sign-out request is.
pub enum Hint {
    /// A genuine ID token of this server. It may have expired.
    Genuine(LogoutHint),
    /// Perhaps an ID token of this server, but the key that it names is no longer there. It proves nothing.
    Outdated,
    /// No ID token of this server.
    Foreign,
}

/// Verifies an ID token. Expired tokens and retired keys count, because people sign out long after they signed in.
pub async fn verify(app: &App, token: &str) -> Result<Hint> {
    let Ok(pool_id) = unverified_pool(token, &app.public_url) else { return Ok(Hint::Foreign) };
    let Some(keys) = app.keys_for_token(&pool_id, token).await? else { return Ok(Hint::Foreign) };
    Ok(match tokens::verify_id(token, &keys, &app.issuer(&pool_id)) {
        Ok((client_id, sub)) => Hint::Genuine(LogoutHint { client_id, sub }),
        Err(_) if !keys.may_know(token) => Hint::Outdated,
        Err(_) => Hint::Foreign,
    })
}
