//! Tests of keys of each kind, and of keys with one member spoiled.

use webauthn_rs_core::proto::{COSEEC2Key, COSEOKPKey, COSERSAKey, EDDSACurve};

use super::*;

type Members = Vec<(i128, Value)>;

fn integer(value: i128) -> Value {
    Value::Integer(value)
}

fn bytes(byte: u8) -> Value {
    Value::Bytes(vec![byte; 32])
}

/// A key of each kind: its members, and the string that [`decoded`] returns for it.
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

/// Decodes a key and describes it by its kind and bytes. A run of equal bytes is written once.
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
