//! Registering a credential: section 7.1.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs_core::{
    WebauthnCore,
    proto::{
        AuthenticatorAttestationResponseRaw, COSEAlgorithm, RegisterPublicKeyCredential, RegistrationState,
        RequestRegistrationExtensions,
    },
};

use super::{Error, RelyingParty, assertion::flag, bytes, cbor, client_data, cose, ed25519};

/// Credential IDs may have up to this many bytes (section 7.1 step 25).
const MAX_CREDENTIAL_ID: usize = 1023;
/// Longest attestation object, bytes: the largest statements, with a chain of certificates, have some thousands.
const MAX_ATTESTATION_OBJECT: usize = 64 * 1024;
/// Transports kept, at most, and their length.
const MAX_TRANSPORTS: usize = 10;
const MAX_TRANSPORT_LENGTH: usize = 32;

/// A verified new credential.
#[derive(Debug)]
pub struct NewCredential {
    /// The credential ID, 1 to 1023 bytes.
    pub id: Vec<u8>,
    /// `COSE_Key`, CBOR.
    pub public_key: Vec<u8>,
    /// COSE algorithm number.
    pub algorithm: i32,
    /// Signature counter.
    pub sign_count: u32,
    /// The authenticator's model; all zero when it does not say.
    pub aaguid: Uuid,
    /// How to reach the authenticator, as it says.
    pub transports: Vec<String>,
    /// `platform` or `cross-platform`, when the client says.
    pub attachment: Option<String>,
    /// Attestation statement format, such as `none`.
    pub attestation_format: String,
    /// BE: may be backed up (a synced passkey).
    pub backup_eligible: bool,
    /// BS: is backed up now.
    pub backup_state: bool,
    /// Whether the user was verified.
    pub user_verified: bool,
}

/// `RegistrationResponseJSON`, as far as it is used. Members that some clients leave out are optional (W§2.5).
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

/// Verifies the answer to creation options that carried `challenge`, as section 7.1 says. `credential` is a
/// `RegistrationResponseJSON`, or a text that holds one.
pub fn verify_registration(
    rp: &RelyingParty,
    challenge: &[u8],
    algorithms: &[COSEAlgorithm],
    credential: &Value,
) -> Result<NewCredential, Error> {
    let malformed =
        |cause: serde_json::Error| Error::Malformed(format!("it is not a RegistrationResponseJSON ({cause})"));
    let response: Response = match credential {
        Value::String(text) => serde_json::from_str(text),
        value => Response::deserialize(value),
    }
    .map_err(malformed)?;
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
    if object.algorithm() == Some(ed25519::ALGORITHM.into()) && algorithms.contains(&COSEAlgorithm::EDDSA) {
        let made = ed25519::register(rp, &object, &client_data_json)?;
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

/// The authenticator's own statement of the ID is the one that counts; the client must not say another.
fn checked_id(made: NewCredential, raw_id: &[u8]) -> Result<NewCredential, Error> {
    if made.id != raw_id {
        return Err(Error::Malformed("rawId is not the ID that the authenticator attested".into()));
    }
    // 7.1 step 25.
    if raw_id.is_empty() || raw_id.len() > MAX_CREDENTIAL_ID {
        return Err(Error::Malformed(format!("its ID must have 1 to {MAX_CREDENTIAL_ID} bytes")));
    }
    Ok(made)
}

fn sane_attachment(attachment: Option<String>) -> Option<String> {
    attachment.filter(|one| one == "platform" || one == "cross-platform")
}

/// The library's state between the two halves of a ceremony, made from what our own state holds.
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

/// The parts of an attestation object that the library does not give back.
pub(super) struct AttestationObject {
    pub(super) fmt: String,
    pub(super) auth_data: Vec<u8>,
    pub(super) statement: BTreeMap<Cbor, Cbor>,
    /// What follows the credential ID: the public key and, perhaps, extensions.
    pub(super) items: Vec<Cbor>,
}

impl AttestationObject {
    fn parse(cbor: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::Malformed("attestationObject is not an attestation object".into());
        if cbor.len() > MAX_ATTESTATION_OBJECT {
            let text = format!("attestationObject is longer than {MAX_ATTESTATION_OBJECT} bytes");
            return Err(Error::Malformed(text));
        }
        if !cbor::harmless_map(cbor) {
            return Err(malformed());
        }
        let Cbor::Map(map) = serde_cbor_2::from_slice(cbor).map_err(|_| malformed())? else {
            return Err(malformed());
        };
        let get = |key: &str| map.get(&Cbor::Text(key.to_owned()));
        let (Some(Cbor::Text(fmt)), Some(Cbor::Bytes(auth_data)), Some(Cbor::Map(statement))) =
            (get("fmt"), get("authData"), get("attStmt"))
        else {
            return Err(malformed());
        };
        // 8.7: the statement of format none is the empty map.
        if fmt == "none" && !statement.is_empty() {
            return Err(Error::Malformed("an attestation of format none carries a statement".into()));
        }
        let (fmt, auth_data, statement) = (fmt.clone(), auth_data.clone(), statement.clone());
        let mut object = Self { fmt, auth_data, statement, items: Vec::new() };
        let rest = object.behind_credential_id().filter(|rest| cbor::harmless(rest, 2)).ok_or_else(malformed)?;
        let items = serde_cbor_2::Deserializer::from_slice(rest).into_iter::<Cbor>().take(2);
        object.items = items.collect::<Result<_, _>>().map_err(|_| malformed())?;
        if !object.has_its_parts() {
            return Err(Error::Malformed(
                "authData must be attested credential data, then extensions if it is flagged to have some, and nothing behind"
                    .into(),
            ));
        }
        Ok(object)
    }

    /// Whether the authenticator data has the parts that its flags tell of, and no byte more (section 6.1): the library reads
    /// over what follows the key.
    fn has_its_parts(&self) -> bool {
        let flags = self.auth_data.get(32).copied().unwrap_or_default();
        let fits = match self.items.as_slice() {
            [Cbor::Map(_)] => flags & flag::EXTENSIONS == 0,
            [Cbor::Map(_), Cbor::Map(_)] => flags & flag::EXTENSIONS != 0,
            _ => false,
        };
        fits && flags & flag::ATTESTED_DATA != 0
    }

    /// The public key (`COSE_Key`).
    pub(super) fn key(&self) -> Option<&BTreeMap<Cbor, Cbor>> {
        match self.items.first() {
            Some(Cbor::Map(key)) => Some(key),
            _ => None,
        }
    }

    /// The algorithm that the key says it is for.
    fn algorithm(&self) -> Option<i128> {
        match self.key()?.get(&Cbor::Integer(3)) {
            Some(Cbor::Integer(algorithm)) => Some(*algorithm),
            _ => None,
        }
    }

    /// What follows the credential ID in the authenticator data (section 6.5.1).
    fn behind_credential_id(&self) -> Option<&[u8]> {
        let (length, rest) = self.auth_data.get(53..)?.split_first_chunk::<2>()?;
        rest.get(usize::from(u16::from_be_bytes(*length))..)
    }

    /// Bytes 37 to 52 of the authenticator data (section 6.5.1).
    fn aaguid(&self) -> Result<Uuid, Error> {
        let bytes = self.auth_data.get(37..53).ok_or_else(|| Error::Malformed("authData is too short".into()))?;
        Uuid::from_slice(bytes).map_err(|_| Error::Malformed("authData is too short".into()))
    }
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
mod tests {
    use serde_cbor_2::to_vec;

    use super::*;

    fn map(key: Cbor, value: Cbor) -> Cbor {
        Cbor::Map([(key, value)].into())
    }

    /// An attestation object with this statement, and these flags and this behind the (empty) credential ID of its authenticator data.
    fn object(statement: Cbor, flags: u8, behind: &[Cbor]) -> Vec<u8> {
        let mut auth_data = vec![0; 55];
        auth_data[32] = flags;
        behind.iter().for_each(|item| auth_data.extend(to_vec(item).unwrap()));
        let members =
            [("fmt", Cbor::Text("packed".into())), ("attStmt", statement), ("authData", Cbor::Bytes(auth_data))];
        to_vec(&Cbor::Map(members.map(|(name, value)| (Cbor::Text(name.into()), value)).into())).unwrap()
    }

    #[test]
    fn attestation_objects_are_harmless_everywhere_and_bounded() {
        let parsed = |object: &[u8]| AttestationObject::parse(object).is_ok();
        let key = || map(Cbor::Integer(3), Cbor::Integer(-7));
        let statement = |bytes| map(Cbor::Text("sig".into()), Cbor::Bytes(vec![0; bytes]));
        // Such keys cost a parser quadratic time.
        let evil = || map(Cbor::Array(vec![Cbor::Null]), Cbor::Null);
        let attested = flag::ATTESTED_DATA;
        let extended = attested | flag::EXTENSIONS;
        assert!(parsed(&object(statement(70), attested, &[key()])));
        assert!(!parsed(&object(evil(), attested, &[key()])));
        assert!(!parsed(&object(statement(70), attested, &[evil()])));
        assert!(!parsed(&object(statement(70), extended, &[key(), evil()])));
        assert!(!parsed(&object(statement(70), extended, &[key(), key(), key()])));
        assert!(parsed(&object(statement(MAX_ATTESTATION_OBJECT - 200), attested, &[key()])));
        assert!(!parsed(&object(statement(MAX_ATTESTATION_OBJECT), attested, &[key()])));
    }

    #[test]
    fn authenticator_data_has_the_parts_that_its_flags_tell_of_and_nothing_behind() {
        let key = || map(Cbor::Integer(3), Cbor::Integer(-7));
        let extensions = || map(Cbor::Text("credProtect".into()), Cbor::Integer(2));
        let parsed = |flags: u8, behind: &[Cbor]| {
            AttestationObject::parse(&object(map(Cbor::Text("sig".into()), Cbor::Null), flags, behind)).is_ok()
        };
        let (attested, extended) = (flag::ATTESTED_DATA, flag::ATTESTED_DATA | flag::EXTENSIONS);
        assert!(parsed(attested, &[key()]) && parsed(extended, &[key(), extensions()]));
        assert!(!parsed(extended, &[key()]), "flagged and not there");
        assert!(!parsed(attested, &[key(), extensions()]), "there and not flagged");
        for behind in [Cbor::Integer(0), Cbor::Null, Cbor::Bytes(vec![0]), Cbor::Array(vec![])] {
            assert!(!parsed(attested, &[key(), behind.clone()]) && !parsed(extended, &[key(), behind.clone()]));
            assert!(!parsed(extended, &[key(), extensions(), behind]));
        }
        assert!(!parsed(0, &[key()]) && !parsed(attested, &[]) && !parsed(attested, &[Cbor::Integer(1)]));
    }
}
