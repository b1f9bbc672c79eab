//! Attestation objects (section 6.5.4) and the authenticator data in them (sections 6.1 and 6.5.1): their form. The
//! modules `registration` and `statement` check what they say.

use std::collections::BTreeMap;

use serde_cbor_2::Value as Cbor;
use uuid::Uuid;

use super::{Error, assertion::flag, cbor};

/// The maximum length of an attestation object, in bytes. The longest attestation statements, which contain a chain of
/// certificates, have some thousands of bytes.
const MAX_ATTESTATION_OBJECT: usize = 64 * 1024;

/// An attestation object.
pub(super) struct AttestationObject {
    /// The attestation statement format.
    pub(super) fmt: String,
    /// The attestation statement.
    pub(super) statement: BTreeMap<Cbor, Cbor>,
    /// The authenticator data, which the attestation signs.
    pub(super) auth_data: Vec<u8>,
    /// The parts of the authenticator data.
    pub(super) parts: Parts,
}

/// The parts of authenticator data with attested credential data.
pub(super) struct Parts {
    pub(super) rp_id_hash: [u8; 32],
    pub(super) flags: u8,
    pub(super) sign_count: u32,
    pub(super) aaguid: Uuid,
    pub(super) credential_id: Vec<u8>,
    /// The members of the public key (`COSE_Key`).
    pub(super) key: BTreeMap<Cbor, Cbor>,
}

impl AttestationObject {
    pub(super) fn parse(cbor: &[u8]) -> Result<Self, Error> {
        if cbor.len() > MAX_ATTESTATION_OBJECT {
            let text = format!("attestationObject is longer than {MAX_ATTESTATION_OBJECT} bytes");
            return Err(Error::Malformed(text));
        }
        if !cbor::harmless_map(cbor) {
            return Err(malformed());
        }
        let Cbor::Map(mut map) = serde_cbor_2::from_slice(cbor).map_err(|_| malformed())? else {
            return Err(malformed());
        };
        let mut take = |key: &str| map.remove(&Cbor::Text(key.to_owned()));
        let (Some(Cbor::Text(fmt)), Some(Cbor::Bytes(auth_data)), Some(Cbor::Map(statement))) =
            (take("fmt"), take("authData"), take("attStmt"))
        else {
            return Err(malformed());
        };
        let parts = Parts::parse(&auth_data)?;
        Ok(Self { fmt, statement, auth_data, parts })
    }
}

impl Parts {
    fn parse(data: &[u8]) -> Result<Self, Error> {
        let (&rp_id_hash, rest) = data.split_first_chunk::<32>().ok_or_else(malformed)?;
        let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or_else(malformed)?;
        let (&sign_count, rest) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        let (&aaguid, rest) = rest.split_first_chunk::<16>().ok_or_else(malformed)?;
        let (&length, rest) = rest.split_first_chunk::<2>().ok_or_else(malformed)?;
        let length = usize::from(u16::from_be_bytes(length));
        let (credential_id, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        // What follows the credential ID is the public key, and then the extensions if there are any.
        if !cbor::harmless(rest, 2) {
            return Err(malformed());
        }
        let items = serde_cbor_2::Deserializer::from_slice(rest).into_iter::<Cbor>();
        let items: Vec<_> = items.collect::<Result<_, _>>().map_err(|_| malformed())?;
        let announced = |flag: u8| flags & flag != 0;
        let key = match items.as_slice() {
            [Cbor::Map(key)] if !announced(flag::EXTENSIONS) => Some(key),
            [Cbor::Map(key), Cbor::Map(_)] if announced(flag::EXTENSIONS) => Some(key),
            _ => None,
        };
        let Some(key) = key.filter(|_| announced(flag::ATTESTED_DATA)) else {
            let words = "authData must be attested credential data, then extensions if it is flagged to have some, and nothing behind";
            return Err(Error::Malformed(words.into()));
        };
        // The key must be encoded canonically (section 6.5.1). Another order of its members is let pass, but no longer
        // encoding, because that may state a member twice.
        let shortest = serde_cbor_2::to_vec(&items[0]).map_err(|_| malformed())?.len();
        if rest.get(..shortest).and_then(|bytes| serde_cbor_2::from_slice(bytes).ok()).as_ref() != Some(&items[0]) {
            return Err(malformed());
        }
        Ok(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(sign_count),
            aaguid: Uuid::from_bytes(aaguid),
            credential_id: credential_id.to_vec(),
            key: key.clone(),
        })
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Returns the algorithm that the public key declares.
    pub(super) fn algorithm(&self) -> Option<i128> {
        match self.key.get(&Cbor::Integer(3)) {
            Some(Cbor::Integer(algorithm)) => Some(*algorithm),
            _ => None,
        }
    }
}

fn malformed() -> Error {
    Error::Malformed("attestationObject is not an attestation object".into())
}

#[cfg(test)]
mod tests;
