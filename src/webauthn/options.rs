//! The options that a client passes to `navigator.credentials`. They have exactly the members that Amazon Cognito
//! sends, because Amplify's libraries parse them (docs/cognito.md 2.1, 2.2).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CoseAlgorithm, RelyingParty};

/// A passkey in the list `allowCredentials` of request options.
pub struct Descriptor {
    /// The credential ID.
    pub id: Vec<u8>,
    /// How the client can reach the authenticator, as reported at the registration.
    pub transports: Vec<String>,
}

/// Makes a `PublicKeyCredentialCreationOptionsJSON` for a user. The user handle is the subject, as 36 characters.
pub fn creation_options(
    rp: &RelyingParty,
    challenge: &[u8],
    (sub, username): (Uuid, &str),
    algorithms: &[CoseAlgorithm],
    exclude: &[Vec<u8>],
) -> Value {
    let algorithms = algorithms.iter().map(|one| json!({"type": "public-key", "alg": one.number()}));
    let algorithms: Vec<_> = algorithms.collect();
    let exclude: Vec<_> = exclude.iter().map(|id| json!({"type": "public-key", "id": encode(id)})).collect();
    json!({
        "challenge": encode(challenge),
        "rp": {"id": rp.id, "name": rp.id},
        "user": {"id": encode(user_handle(sub).as_bytes()), "name": username, "displayName": username},
        "pubKeyCredParams": algorithms,
        "timeout": 60000,
        "excludeCredentials": exclude,
        "authenticatorSelection": {
            "requireResidentKey": true,
            "residentKey": "required",
            "userVerification": rp.user_verification(),
        },
    })
}

/// Makes a `PublicKeyCredentialRequestOptionsJSON` for the passkeys of a user. If `allow` is empty, any passkey of the
/// relying party may be used.
pub fn request_options(rp: &RelyingParty, challenge: &[u8], allow: &[Descriptor]) -> Value {
    let allow: Vec<_> = allow
        .iter()
        .map(|passkey| json!({"type": "public-key", "id": encode(&passkey.id), "transports": passkey.transports}))
        .collect();
    json!({
        "challenge": encode(challenge),
        "timeout": 180_000,
        "rpId": rp.id,
        "allowCredentials": allow,
        "userVerification": rp.user_verification(),
    })
}

/// Returns the user handle of a subject: its UUID with hyphens.
pub fn user_handle(sub: Uuid) -> String {
    sub.hyphenated().to_string()
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
