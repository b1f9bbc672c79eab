//! Public keys in COSE form (RFC 9052, RFC 9053), as the database keeps them.

use std::collections::BTreeMap;

use serde_cbor_2::Value;
use webauthn_rs_core::proto::{COSEAlgorithm, COSEKey, COSEKeyType, ECDSACurve, EDDSACurve};

use super::Error;

/// The `COSE_Key` bytes of a public key.
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
        COSEKeyType::EC_OKP(key) if key.curve == EDDSACurve::ED25519 => {
            map.insert(integer(1), integer(1));
            map.insert(integer(-1), integer(6));
            map.insert(integer(-2), Value::Bytes(key.x.clone()));
        }
        _ => return Err(Error::NotSupported("its curve was not offered".into())),
    }
    serde_cbor_2::to_vec(&Value::Map(map)).map_err(|cause| Error::Malformed(cause.to_string()))
}

/// The public key from its `COSE_Key` bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<COSEKey, Error> {
    let value: Value = serde_cbor_2::from_slice(bytes).map_err(|cause| Error::Malformed(cause.to_string()))?;
    Ok(COSEKey::try_from(&value)?)
}

/// The algorithm's number in the COSE registry.
pub(super) fn algorithm_number(algorithm: COSEAlgorithm) -> i32 {
    algorithm as i32
}
