//! Verifying an assertion: section 7.2.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use webauthn_rs_core::{
    WebauthnCore,
    proto::{
        AttestationFormat, AttestationMetadata, AuthenticationState, AuthenticatorAssertionResponseRaw, Credential,
        ParsedAttestation, ParsedAttestationData, PublicKeyCredential, RegisteredExtensions, UserVerificationPolicy,
    },
};

use super::{Error, RelyingParty, bytes, client_data, cose, options::user_handle};

/// A parsed `AuthenticationResponseJSON`.
#[derive(Debug)]
pub struct Assertion {
    /// The credential that answers.
    pub credential_id: Vec<u8>,
    text_id: String,
    client_data_json: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
}

/// The stored credential that an assertion is checked against.
#[derive(Debug)]
pub struct StoredCredential {
    /// The credential ID.
    pub id: Vec<u8>,
    /// `COSE_Key`, CBOR.
    pub public_key: Vec<u8>,
    /// The last signature counter.
    pub sign_count: u32,
    /// BE at registration.
    pub backup_eligible: bool,
}

/// What an assertion proved.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// The new signature counter.
    pub sign_count: u32,
    /// BS now.
    pub backup_state: bool,
    /// Whether the user was verified.
    pub user_verified: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Inner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

impl Assertion {
    /// Reads the JSON text that clients send as `CREDENTIAL`.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let response: Response = serde_json::from_str(json)
            .map_err(|cause| Error::Malformed(format!("it is not an AuthenticationResponseJSON ({cause})")))?;
        if response.kind != "public-key" {
            return Err(Error::Malformed("its type is not public-key".into()));
        }
        let credential_id = bytes(&response.raw_id, "rawId")?;
        if bytes(&response.id, "id")? != credential_id {
            return Err(Error::Malformed("id and rawId differ".into()));
        }
        // Some clients send an empty handle for none.
        let user_handle = response.response.user_handle.filter(|handle| !handle.is_empty());
        Ok(Self {
            credential_id,
            text_id: response.id,
            client_data_json: bytes(&response.response.client_data_json, "clientDataJSON")?,
            authenticator_data: bytes(&response.response.authenticator_data, "authenticatorData")?,
            signature: bytes(&response.response.signature, "signature")?,
            user_handle: user_handle.map(|handle| bytes(&handle, "userHandle")).transpose()?,
        })
    }
}

/// Verifies an assertion of `sub`'s credential for request options that carried `challenge`.
pub fn verify_assertion(
    rp: &RelyingParty,
    challenge: &[u8],
    sub: Uuid,
    stored: &StoredCredential,
    assertion: Assertion,
) -> Result<Verified, Error> {
    // 7.2 step 6: the handle, when given, names the user who was identified before.
    if assertion.user_handle.as_deref().is_some_and(|handle| handle != user_handle(sub).as_bytes()) {
        return Err(Error::OtherUser);
    }
    // 7.2 steps 9 to 14; the library does not look at crossOrigin here.
    let origin = client_data::check(rp, &assertion.client_data_json, "webauthn.get", challenge)?;
    let core = WebauthnCore::new_unsafe_experts_only(
        &rp.id,
        &rp.id,
        vec![origin],
        std::time::Duration::from_secs(180),
        Some(false),
        Some(false),
    );
    let response = PublicKeyCredential {
        id: assertion.text_id,
        raw_id: assertion.credential_id,
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: assertion.authenticator_data.clone(),
            client_data_json: assertion.client_data_json,
            signature: assertion.signature,
            user_handle: assertion.user_handle,
        },
        extensions: Default::default(),
        type_: "public-key".into(),
    };
    let result = core.authenticate_single_credential(&response, &state(rp, challenge)?, &credential(stored)?)?;
    Ok(Verified {
        sign_count: result.counter(),
        backup_state: result.backup_state(),
        user_verified: result.user_verified(),
    })
}

fn state(rp: &RelyingParty, challenge: &[u8]) -> Result<AuthenticationState, Error> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    serde_json::from_value(json!({
        "credentials": [],
        "policy": rp.user_verification(),
        "challenge": BASE64_URL_SAFE_NO_PAD.encode(challenge),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))
    .map_err(|cause| Error::Malformed(cause.to_string()))
}

/// The stored credential in the library's form. Registration-time user verification is left out on purpose: the
/// specification checks the flag against today's policy only (7.2 step 17).
fn credential(stored: &StoredCredential) -> Result<Credential, Error> {
    Ok(Credential {
        cred_id: stored.id.clone(),
        cred: cose::decode(&stored.public_key)?,
        counter: stored.sign_count,
        transports: None,
        user_verified: false,
        backup_eligible: stored.backup_eligible,
        backup_state: false,
        registration_policy: UserVerificationPolicy::Preferred,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation { data: ParsedAttestationData::None, metadata: AttestationMetadata::None },
        attestation_format: AttestationFormat::None,
    })
}
