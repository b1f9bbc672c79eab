//! The credential ID of the passkey that was just deleted. A parameter of the address carries the ID from the response
//! to the deletion to the page that tells the passkey manager.
//!
//! The ID is sealed, so that nobody can make a page report a passkey that was not deleted. The sealed value is bound to
//! the browser that deleted the passkey, so that the address has no effect in other people's browsers. Those people may
//! have another passkey with the same ID, in a pool with the same RP ID.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::Duration;

use crate::http::visit::Visit;

/// How long after a deletion a page may report it.
const LIFETIME: Duration = Duration::minutes(10);

fn context(visit: &Visit, pool_id: &str) -> String {
    format!("deleted passkey {pool_id} {}", visit.context.browser.as_deref().unwrap_or_default())
}

/// Seals a credential ID for the parameter `gone` of an address.
pub fn seal(visit: &Visit, pool_id: &str, credential_id: &[u8]) -> String {
    let expires_at = (visit.app.clock.now() + LIFETIME).unix_timestamp();
    let plain = [&expires_at.to_be_bytes()[..], credential_id].concat();
    BASE64_URL_SAFE_NO_PAD.encode(visit.app.seal_for_strangers(&context(visit, pool_id), &plain))
}

/// Returns the credential ID in a visit's address, if it was sealed here for this browser and has not expired.
pub fn open(visit: &Visit, pool_id: &str) -> Option<Vec<u8>> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(visit.query.get("gone")?).ok()?;
    let plain = visit.app.sealing.open_any(&context(visit, pool_id), &sealed).ok()?;
    let (expires_at, credential_id) = plain.split_first_chunk::<8>()?;
    let fresh = visit.app.clock.now().unix_timestamp() < i64::from_be_bytes(*expires_at);
    fresh.then(|| credential_id.to_vec())
}

/// Returns the content of a page's `data-signals` for the deleted passkey (Web Authentication Level 3, section 5.1.10).
pub fn signal(rp_id: &str, credential_id: &[u8]) -> Value {
    json!({"RelyingPartyId": rp_id, "UnknownCredentialId": BASE64_URL_SAFE_NO_PAD.encode(credential_id)})
}
