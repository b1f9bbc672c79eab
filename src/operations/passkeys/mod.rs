//! The signed-in user's passkeys.

pub mod complete_web_authn_registration;
pub mod delete_web_authn_credential;
pub mod list_web_authn_credentials;
pub mod start_web_authn_registration;

use sqlx::PgConnection;

use crate::{
    app::App,
    caller::Bearer,
    error::{Error, Result},
    flows::step_up,
    store::{self, pools::Pool},
    tokens,
};

/// Refuses a session whose sign-in is older than the pool's passkey policy allows.
async fn check_recent(app: &App, db: &mut PgConnection, pool: &Pool, bearer: &Bearer) -> Result<()> {
    if pool.passkey_policy.step_up_seconds.is_none() {
        return Ok(());
    }
    let auth_time = store::sessions::auth_time(db, &pool.id, bearer.origin_jti).await?;
    step_up::check(pool, auth_time.ok_or(tokens::Error::Revoked)?, app.clock.now())
}

/// Refuses when the pool does not let people sign in with passkeys.
fn check_enabled(pool: &Pool) -> Result<()> {
    if pool.allows_factor("WEB_AUTHN") {
        return Ok(());
    }
    Err(Error::WebAuthnNotEnabled(
        "Passkeys are not enabled: add WEB_AUTHN to the pool's AllowedFirstAuthFactors.".into(),
    ))
}
