//! Attestation objects (section 6.5.4) and the authenticator data in them (section 6.1). They are checked here before
//! `webauthn-rs-core` (here called the library) or the module `own_keys` uses them.

use std::collections::BTreeMap;

use serde_cbor_2::Value as Cbor;
use uuid::Uuid;

use super::{Error, assertion::flag, cbor};

/// The maximum length of an attestation object, in bytes. The longest attestation statements, which contain a chain of
/// certificates, have some thousands of bytes.
const MAX_ATTESTATION_OBJECT: usize = 64 * 1024;

/// The parts of an attestation object that this crate checks or keeps itself.
pub(super) struct AttestationObject {
    pub(super) fmt: String,
    pub(super) auth_data: Vec<u8>,
    pub(super) statement: BTreeMap<Cbor, Cbor>,
    /// The CBOR items that follow the credential ID in `auth_data`: the public key and perhaps extensions.
    pub(super) items: Vec<Cbor>,
}

impl AttestationObject {
    pub(super) fn parse(cbor: &[u8]) -> Result<Self, Error> {
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
        // The statement of the format `none` must be the empty map (section 8.7).
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

    /// Whether the authenticator data has exactly the parts that its flags announce (section 6.1). The library does not
    /// check this, because it ignores bytes that it does not expect.
    fn has_its_parts(&self) -> bool {
        let flags = self.auth_data.get(32).copied().unwrap_or_default();
        let fits = match self.items.as_slice() {
            [Cbor::Map(_)] => flags & flag::EXTENSIONS == 0,
            [Cbor::Map(_), Cbor::Map(_)] => flags & flag::EXTENSIONS != 0,
            _ => false,
        };
        fits && flags & flag::ATTESTED_DATA != 0
    }

    /// Returns the public key (`COSE_Key`).
    pub(super) fn key(&self) -> Option<&BTreeMap<Cbor, Cbor>> {
        match self.items.first() {
            Some(Cbor::Map(key)) => Some(key),
            _ => None,
        }
    }

    /// Returns the algorithm that the public key declares.
    pub(super) fn algorithm(&self) -> Option<i128> {
        match self.key()?.get(&Cbor::Integer(3)) {
            Some(Cbor::Integer(algorithm)) => Some(*algorithm),
            _ => None,
        }
    }

    /// Returns the bytes that follow the credential ID in the authenticator data (section 6.5.1).
    fn behind_credential_id(&self) -> Option<&[u8]> {
        let (length, rest) = self.auth_data.get(53..)?.split_first_chunk::<2>()?;
        rest.get(usize::from(u16::from_be_bytes(*length))..)
    }

    /// Returns the AAGUID: bytes 37 to 52 of the authenticator data (section 6.5.1).
    pub(super) fn aaguid(&self) -> Result<Uuid, Error> {
        let bytes = self.auth_data.get(37..53).ok_or_else(|| Error::Malformed("authData is too short".into()))?;
        Uuid::from_slice(bytes).map_err(|_| Error::Malformed("authData is too short".into()))
    }
}

#[cfg(test)]
mod tests;
