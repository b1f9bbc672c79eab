//! The data that tells passkey managers which passkeys still exist, so that they do not offer deleted passkeys (Web
//! Authentication Level 3, section 5.1.10).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{
    error::Result,
    flows::accounts::names,
    store::{self, Connection, pools::Pool, users::User},
    webauthn,
};

/// The arguments of `signalAllAcceptedCredentials` and, if the pool's passkey policy says so, of
/// `signalCurrentUserDetails`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Signals {
    pub relying_party_id: String,
    /// The user handle, base64url.
    pub user_id: String,
    /// Credential IDs, base64url.
    pub all_accepted_credential_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_user_details: Option<UserDetails>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserDetails {
    pub name: String,
    pub display_name: String,
}

/// The signals of a user, or `None` if the pool has no RP ID.
pub async fn of_user(db: &mut Connection, pool: &Pool, user: &User) -> Result<Option<Signals>> {
    if rp_id(pool).is_none() {
        return Ok(None);
    }
    let passkeys = store::passkeys::list(db, &pool.id, user.sub).await?;
    Ok(of_passkeys(pool, user, passkeys.iter().map(|one| (&*one.rp_id, &*one.credential_id))))
}

fn rp_id(pool: &Pool) -> Option<&String> {
    pool.settings.web_authn_configuration.as_ref()?.relying_party_id.as_ref()
}

/// Like [`of_user`], for a user whose passkeys were read before: `(RP ID, credential ID)`.
pub fn of_passkeys<'p>(
    pool: &Pool,
    user: &User,
    passkeys: impl Iterator<Item = (&'p str, &'p [u8])>,
) -> Option<Signals> {
    let rp_id = rp_id(pool)?;
    let current = passkeys.filter(|(of, _)| of == rp_id);
    let name = names::shown(pool, user);
    let details = || UserDetails { name: name.to_owned(), display_name: name.to_owned() };
    Some(Signals {
        user_id: BASE64_URL_SAFE_NO_PAD.encode(webauthn::user_handle(user.sub)),
        all_accepted_credential_ids: current.map(|(_, id)| BASE64_URL_SAFE_NO_PAD.encode(id)).collect(),
        current_user_details: pool.passkey_policy.signal_user_details.then(details),
        relying_party_id: rp_id.clone(),
    })
}
