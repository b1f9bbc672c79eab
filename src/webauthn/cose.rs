//! Public keys in COSE form (RFC 9052, RFC 9053), which is how the database stores them.

use std::collections::BTreeMap;

use serde_cbor_2::Value;
use webauthn_rs_core::proto::{COSEAlgorithm, COSEKey, COSEKeyType, ECDSACurve};

use super::Error;

/// Encodes a public key as `COSE_Key`.
pub(super) fn encode(key: &COSEKey) -> Result<Vec<u8>, Error> {
    let integer = |n: i128| Value::Integer(n);
    let mut map = BTreeMap::new();
    map.insert(integer(3), integer(algorithm_number(key.type_).into()));
    match &key.key {
        COSEKeyType::EC_EC2(key) if key.curve == ECDSACurve::SECP256R1 => {
            map.insert(integer(1), integer(2));
            map.insert(integer(-1), integer(1));
            map.insert(integer(-2), Value::Bytes(key.x.clone()));
            map.insert(integer(-3), Value::Bytes(key.y.clone()));
        }
        COSEKeyType::RSA(key) => {
            map.insert(integer(1), integer(3));
            map.insert(integer(-1), Value::Bytes(key.n.clone()));
            map.insert(integer(-2), Value::Bytes(key.e.to_vec()));
        }
        _ => return Err(Error::NotSupported("its curve was not offered".into())),
    }
    serde_cbor_2::to_vec(&Value::Map(map)).map_err(|cause| Error::Malformed(cause.to_string()))
}

/// A public key in the form that verifies signatures.
pub(super) enum PublicKey {
    /// A key for ECDSA on P-256 with SHA-256: the uncompressed point.
    Es256 { point: Vec<u8> },
    /// A key for RSASSA-PKCS1-v1_5 with SHA-256: the modulus and the exponent, big endian.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    /// A key for Ed25519: the bytes of the public key.
    Ed25519 { x: Vec<u8> },
}

impl PublicKey {
    /// Decodes a `COSE_Key`.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let unusable = || Error::NotSupported("its key is of a kind that was not offered".into());
        let Ok(Value::Map(map)) = serde_cbor_2::from_slice(bytes) else { return Err(unusable()) };
        let integer = |label| match map.get(&Value::Integer(label)) {
            Some(Value::Integer(value)) => Some(*value),
            _ => None,
        };
        let bytes = |label| match map.get(&Value::Integer(label)) {
            Some(Value::Bytes(value)) => Ok(value.as_slice()),
            _ => Err(unusable()),
        };
        match (integer(1), integer(3)) {
            (Some(2), Some(-7)) if integer(-1) == Some(1) => {
                Ok(Self::Es256 { point: [&[4], bytes(-2)?, bytes(-3)?].concat() })
            }
            (Some(1), Some(-8)) if integer(-1) == Some(6) => Ok(Self::Ed25519 { x: bytes(-2)?.to_vec() }),
            (Some(3), Some(-257)) => Ok(Self::Rs256 { n: bytes(-1)?.to_vec(), e: bytes(-2)?.to_vec() }),
            _ => Err(unusable()),
        }
    }
}

/// Decodes a `COSE_Key` to the type of `webauthn-rs-core`.
#[cfg(test)]
pub(super) fn decode(bytes: &[u8]) -> Result<COSEKey, Error> {
    let value: Value = serde_cbor_2::from_slice(bytes).map_err(|cause| Error::Malformed(cause.to_string()))?;
    Ok(COSEKey::try_from(&value)?)
}

/// Returns the number of an algorithm in the COSE registry.
pub(super) fn algorithm_number(algorithm: COSEAlgorithm) -> i32 {
    algorithm as i32
}

#[cfg(test)]
mod tests;
