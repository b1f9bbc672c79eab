//! Verifies registrations (Web Authentication Level 3, section 7.1).

use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs_core::{
    WebauthnCore,
    proto::{
        AuthenticatorAttestationResponseRaw, COSEAlgorithm, RegisterPublicKeyCredential, RegistrationState,
        RequestRegistrationExtensions,
    },
};

use super::{Error, NewCredential, RelyingParty, attestation::AttestationObject, bytes, client_data, cose, own_keys};

/// The maximum length of a credential ID, in bytes (section 7.1 step 25).
const MAX_CREDENTIAL_ID: usize = 1023;
/// How many transports of a credential are kept at most.
const MAX_TRANSPORTS: usize = 10;
/// The maximum length of a transport, in bytes.
const MAX_TRANSPORT_LENGTH: usize = 32;

/// The members of a `RegistrationResponseJSON` that are used. The members that some clients leave out are optional
/// (docs/cognito.md 2.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Attestation,
    #[serde(default)]
    authenticator_attachment: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    attestation_object: String,
    #[serde(default)]
    transports: Option<Vec<String>>,
}

impl Response {
    fn parse(credential: &Value) -> Result<Self, Error> {
        let parsed = match credential {
            Value::String(text) => serde_json::from_str(text),
            value => Self::deserialize(value),
        };
        parsed.map_err(|cause| Error::Malformed(format!("it is not a RegistrationResponseJSON ({cause})")))
    }
}

/// Returns the challenge that a registration says it answers: the one in its client data, in base64url.
pub fn registration_challenge(credential: &Value) -> Result<String, Error> {
    let response = Response::parse(credential)?.response;
    client_data::challenge(&bytes(&response.client_data_json, "clientDataJSON")?)
}

/// Verifies the response to creation options with this `challenge`, according to section 7.1. `credential` is a
/// `RegistrationResponseJSON`, or a string that contains one as JSON.
pub fn verify_registration(
    rp: &RelyingParty,
    challenge: &[u8],
    algorithms: &[COSEAlgorithm],
    credential: &Value,
) -> Result<NewCredential, Error> {
    let response = Response::parse(credential)?;
    if response.kind != "public-key" {
        return Err(Error::Malformed("its type is not public-key".into()));
    }
    let raw_id = bytes(&response.raw_id, "rawId")?;
    if bytes(&response.id, "id")? != raw_id {
        return Err(Error::Malformed("id and rawId differ".into()));
    }
    let client_data_json = bytes(&response.response.client_data_json, "clientDataJSON")?;
    let attestation_object = bytes(&response.response.attestation_object, "attestationObject")?;
    let origin = client_data::check(rp, &client_data_json, "webauthn.create", challenge)?;
    let object = AttestationObject::parse(&attestation_object)?;
    // Step 20.
    let is_offered = |number: i128| algorithms.iter().any(|one| i128::from(cose::algorithm_number(*one)) == number);
    if object.algorithm().is_some_and(|number| !is_offered(number)) {
        return Err(Error::NotSupported("its algorithm or key size was not offered".into()));
    }
    if own_keys::has_own_key(&object) {
        let made = own_keys::register(rp, &object, &client_data_json)?;
        return Ok(NewCredential {
            transports: sane_transports(response.response.transports),
            attachment: sane_attachment(response.authenticator_attachment),
            ..checked_id(made, &raw_id)?
        });
    }
    let core = WebauthnCore::new_unsafe_experts_only(
        &rp.id,
        &rp.id,
        vec![origin],
        std::time::Duration::from_secs(60),
        Some(false),
        Some(false),
    );
    let registration = RegisterPublicKeyCredential {
        id: response.id,
        raw_id: raw_id.clone(),
        response: AuthenticatorAttestationResponseRaw { attestation_object, client_data_json, transports: None },
        type_: response.kind,
        extensions: Default::default(),
    };
    let verified = core.register_credential(&registration, &state(rp, challenge, algorithms)?, None)?;
    let made = NewCredential {
        public_key: cose::encode(&verified.cred)?,
        algorithm: cose::algorithm_number(verified.cred.type_),
        sign_count: verified.counter,
        aaguid: object.aaguid()?,
        transports: sane_transports(response.response.transports),
        attachment: sane_attachment(response.authenticator_attachment),
        attestation_format: object.fmt,
        backup_eligible: verified.backup_eligible,
        backup_state: verified.backup_state,
        user_verified: verified.user_verified,
        id: verified.cred_id,
    };
    checked_id(made, &raw_id)
}

/// Checks the credential ID. The ID that the client states must be the one that the authenticator attested.
fn checked_id(made: NewCredential, raw_id: &[u8]) -> Result<NewCredential, Error> {
    if made.id != raw_id {
        return Err(Error::Malformed("rawId is not the ID that the authenticator attested".into()));
    }
    // Section 7.1 step 25.
    if raw_id.is_empty() || raw_id.len() > MAX_CREDENTIAL_ID {
        return Err(Error::Malformed(format!("its ID must have 1 to {MAX_CREDENTIAL_ID} bytes")));
    }
    Ok(made)
}

fn sane_attachment(attachment: Option<String>) -> Option<String> {
    attachment.filter(|one| one == "platform" || one == "cross-platform")
}

/// Makes the state that `webauthn-rs-core` would have kept between making the options and verifying the response.
fn state(rp: &RelyingParty, challenge: &[u8], algorithms: &[COSEAlgorithm]) -> Result<RegistrationState, Error> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    serde_json::from_value(json!({
        "policy": rp.user_verification(),
        "exclude_credentials": [],
        "challenge": BASE64_URL_SAFE_NO_PAD.encode(challenge),
        "credential_algorithms": algorithms,
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": RequestRegistrationExtensions::default(),
        "allow_synchronised_authenticators": true,
    }))
    .map_err(|cause| Error::Malformed(cause.to_string()))
}

fn sane_transports(transports: Option<Vec<String>>) -> Vec<String> {
    let sane = |t: &String| {
        (1..=MAX_TRANSPORT_LENGTH).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let mut transports: Vec<_> = transports.unwrap_or_default().into_iter().filter(sane).take(MAX_TRANSPORTS).collect();
    transports.sort_unstable();
    transports.dedup();
    transports
}

#[cfg(test)]
mod tests;
