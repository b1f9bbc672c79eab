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

/// Verifies an ID token of this server. Expired tokens and retired keys count, because people sign out long after they
/// signed in. Returns `None` if the token is not a genuine ID token.
pub async fn verify(app: &App, token: &str) -> Result<Option<LogoutHint>> {
    let Ok(pool_id) = unverified_pool(token, &app.public_url) else { return Ok(None) };
    let Some(keys) = app.keys_of_pool(&pool_id).await? else { return Ok(None) };
    let genuine = tokens::verify_id(token, &keys, &app.issuer(&pool_id)).ok();
    Ok(genuine.map(|(client_id, sub)| LogoutHint { client_id, sub }))
}
