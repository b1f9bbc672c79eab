//! What the browser tells its passkey manager (Web Authentication Level 3, section 5.1.10): which passkeys still are a
//! person's, and which one is not any more.

use serde_json::{Value, json};

use crate::flows::signals::Signals;

/// For `data-signals` of a page.
pub fn accepted(signals: &Signals) -> Value {
    json!(signals)
}

/// A passkey that is not known here.
pub fn unknown(rp_id: &str, credential_id: &str) -> Value {
    json!({"RelyingPartyId": rp_id, "UnknownCredentialId": credential_id})
}
