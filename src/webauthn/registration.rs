//! Verifies registrations (Web Authentication Level 3, section 7.1).

use serde::Deserialize;
use serde_json::Value;

use super::{
    CoseAlgorithm, Error, NewCredential, RelyingParty, assertion::flag, attestation::AttestationObject, bytes,
    client_data, cose::PublicKey, statement,
};
use crate::sealing::{equal, sha256};

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
    algorithms: &[CoseAlgorithm],
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
    // Steps 5 to 11.
    client_data::check(rp, &client_data_json, "webauthn.create", challenge)?;
    // Step 12.
    let client_data_hash = sha256(&client_data_json);
    // Step 13.
    let object = AttestationObject::parse(&attestation_object)?;
    let data = &object.parts;
    // Step 14.
    if !equal(&data.rp_id_hash, &sha256(rp.id.as_bytes())) {
        return Err(Error::RelyingParty);
    }
    // Step 15. The mediation is never `conditional`.
    if !data.has(flag::USER_PRESENT) {
        return Err(Error::UserNotPresent);
    }
    // Step 16.
    let user_verified = data.has(flag::USER_VERIFIED);
    if rp.user_verification_required && !user_verified {
        return Err(Error::UserNotVerified);
    }
    // Step 17. Steps 18 and 19 concern relying parties that act upon the two flags.
    let (backup_eligible, backup_state) = (data.has(flag::BACKUP_ELIGIBLE), data.has(flag::BACKUP_STATE));
    if backup_state && !backup_eligible {
        return Err(Error::Malformed("it is backed up but not eligible for it".into()));
    }
    // Step 20.
    let is_offered = |number: i128| algorithms.iter().any(|one| i128::from(one.number()) == number);
    if data.algorithm().is_some_and(|number| !is_offered(number)) {
        return Err(Error::NotSupported("its algorithm or key size was not offered".into()));
    }
    let key = PublicKey::attested(&data.key)?;
    // Steps 21 and 22. Steps 23 and 24 concern relying parties that trust some manufacturers only.
    statement::verify(&object, &key, &client_data_hash)?;
    // The ID that the client states must be the one that the authenticator attested.
    if data.credential_id != raw_id {
        return Err(Error::Malformed("rawId is not the ID that the authenticator attested".into()));
    }
    // Step 25. Step 26, whether the ID is known already, is up to the caller.
    if raw_id.is_empty() || raw_id.len() > MAX_CREDENTIAL_ID {
        return Err(Error::Malformed(format!("its ID must have 1 to {MAX_CREDENTIAL_ID} bytes")));
    }
    Ok(NewCredential {
        id: raw_id,
        public_key: key.encode()?,
        algorithm: key.algorithm().number(),
        sign_count: data.sign_count,
        aaguid: data.aaguid,
        transports: sane_transports(response.response.transports),
        attachment: sane_attachment(response.authenticator_attachment),
        attestation_format: object.fmt,
        backup_eligible,
        backup_state,
        user_verified,
    })
}

fn sane_attachment(attachment: Option<String>) -> Option<String> {
    attachment.filter(|one| one == "platform" || one == "cross-platform")
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
