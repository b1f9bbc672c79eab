//! Public keys in COSE form (RFC 9052, RFC 9053), as the database keeps them.

use std::collections::BTreeMap;

use serde_cbor_2::Value;
use webauthn_rs_core::proto::{COSEAlgorithm, COSEKey, COSEKeyType, ECDSACurve};

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
        _ => return Err(Error::NotSupported("its curve was not offered".into())),
    }
    serde_cbor_2::to_vec(&Value::Map(map)).map_err(|cause| Error::Malformed(cause.to_string()))
}

/// A public key in the form that verifies signatures.
pub(super) enum PublicKey {
    /// ECDSA on P-256 with SHA-256: the uncompressed point.
    Es256 { point: Vec<u8> },
    /// RSASSA-PKCS1-v1_5 with SHA-256: modulus and exponent, big endian.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    /// EdDSA on Curve25519: the public key.
    Ed25519 { x: Vec<u8> },
}

impl PublicKey {
    /// The key from its `COSE_Key` bytes.
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

/// The public key in the library's form.
#[cfg(test)]
pub(super) fn decode(bytes: &[u8]) -> Result<COSEKey, Error> {
    let value: Value = serde_cbor_2::from_slice(bytes).map_err(|cause| Error::Malformed(cause.to_string()))?;
    Ok(COSEKey::try_from(&value)?)
}

/// The algorithm's number in the COSE registry.
pub(super) fn algorithm_number(algorithm: COSEAlgorithm) -> i32 {
    algorithm as i32
}

#[cfg(test)]
mod tests {
    use webauthn_rs_core::proto::{COSEEC2Key, COSEOKPKey, COSERSAKey, EDDSACurve};

    use super::*;

    type Members = Vec<(i128, Value)>;

    fn integer(value: i128) -> Value {
        Value::Integer(value)
    }

    fn bytes(byte: u8) -> Value {
        Value::Bytes(vec![byte; 32])
    }

    /// A key of each kind by its members, and what it is decoded to.
    fn all() -> [(Members, &'static str); 3] {
        [
            (vec![(1, integer(2)), (3, integer(-7)), (-1, integer(1)), (-2, bytes(8)), (-3, bytes(9))], "ES256 4 8 9"),
            (vec![(1, integer(1)), (3, integer(-8)), (-1, integer(6)), (-2, bytes(8))], "Ed25519 8"),
            (vec![(1, integer(3)), (3, integer(-257)), (-1, bytes(8)), (-2, bytes(9))], "RS256 8 9"),
        ]
    }

    fn encoded(members: Members) -> Vec<u8> {
        let members = members.into_iter().map(|(label, value)| (Value::Integer(label), value));
        serde_cbor_2::to_vec(&Value::Map(members.collect())).unwrap()
    }

    /// The kind of a key and its numbers, each run of one byte written once.
    fn decoded(bytes: &[u8]) -> Result<String, Error> {
        let (kind, mut numbers) = match PublicKey::decode(bytes)? {
            PublicKey::Es256 { point } => ("ES256", point),
            PublicKey::Rs256 { n, e } => ("RS256", [n, e].concat()),
            PublicKey::Ed25519 { x } => ("Ed25519", x),
        };
        numbers.dedup();
        Ok(numbers.iter().fold(kind.to_owned(), |text, number| format!("{text} {number}")))
    }

    fn unusable() -> Result<String, Error> {
        Err(Error::NotSupported("its key is of a kind that was not offered".into()))
    }

    #[test]
    fn a_key_of_each_kind_is_decoded() {
        for (members, key) in all() {
            assert_eq!(decoded(&encoded(members)), Ok(key.to_owned()));
        }
    }

    #[test]
    fn a_key_with_a_member_spoiled_or_missing_is_not_supported() {
        for (members, key) in all() {
            for at in 0..members.len() {
                let label = members[at].0;
                let mut missing = members.clone();
                missing.remove(at);
                assert_eq!(decoded(&encoded(missing)), unusable(), "{key} without {label}");
                for value in [integer(0), integer(99), Value::Text("x".into()), Value::Null] {
                    let mut other = members.clone();
                    other[at].1 = value.clone();
                    assert_eq!(decoded(&encoded(other)), unusable(), "{key} with {label} {value:?}");
                }
            }
        }
        let good = encoded(all()[0].0.clone());
        for bytes in [&[][..], &[0xa0], &[0x80], &[0x01], &good[1..], &good[..good.len() - 1]] {
            assert_eq!(decoded(bytes), unusable(), "{bytes:?}");
        }
    }

    #[test]
    fn the_kind_and_the_algorithm_of_a_key_fit_each_other() {
        let kinds = all().map(|(members, _)| members);
        for (one, other) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let mut mixed = kinds[one].clone();
            mixed[0].1 = kinds[other][0].1.clone();
            assert_eq!(decoded(&encoded(mixed)), unusable(), "{one} {other}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_to_the_same_key() {
        let point = COSEEC2Key { curve: ECDSACurve::SECP256R1, x: vec![8; 32], y: vec![9; 32] };
        let key = COSEKey { type_: COSEAlgorithm::ES256, key: COSEKeyType::EC_EC2(point) };
        assert_eq!(decoded(&encode(&key).unwrap()), Ok("ES256 4 8 9".to_owned()));
        let numbers = COSERSAKey { n: vec![8; 256], e: [1, 0, 1] };
        let key = COSEKey { type_: COSEAlgorithm::RS256, key: COSEKeyType::RSA(numbers) };
        assert_eq!(decoded(&encode(&key).unwrap()), Ok("RS256 8 1 0 1".to_owned()));
    }

    #[test]
    fn a_curve_that_was_not_offered_is_not_encoded() {
        let point = COSEEC2Key { curve: ECDSACurve::SECP384R1, x: vec![8; 48], y: vec![9; 48] };
        let other = COSEOKPKey { curve: EDDSACurve::ED448, x: vec![8; 57] };
        for (type_, key) in
            [(COSEAlgorithm::ES384, COSEKeyType::EC_EC2(point)), (COSEAlgorithm::EDDSA, COSEKeyType::EC_OKP(other))]
        {
            let refused = encode(&COSEKey { type_, key });
            assert_eq!(refused, Err(Error::NotSupported("its curve was not offered".into())));
        }
    }

    #[test]
    fn algorithms_have_their_numbers_in_the_registry() {
        let numbers = super::super::ALGORITHMS_WITH_EDDSA.map(algorithm_number);
        assert_eq!(numbers, [-8, -7, -257]);
    }
}
