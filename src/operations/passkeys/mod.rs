//! Operations on the signed-in user's passkeys.

pub(crate) mod complete_web_authn_registration;
pub(crate) mod delete_web_authn_credential;
pub(crate) mod list_web_authn_credentials;
pub(crate) mod start_web_authn_registration;

use crate::{
    error::{Error, Result},
    factor::Factor,
    store::pools::Pool,
};

/// Fails if the pool does not let people sign in with passkeys.
fn check_enabled(pool: &Pool) -> Result<()> {
    if pool.allows_factor(Factor::WebAuthn) {
        return Ok(());
    }
    Err(Error::WebAuthnNotEnabled(
        "Passkeys are not enabled: add WEB_AUTHN to the pool's AllowedFirstAuthFactors.".into(),
    ))
}
