//! Tests of keys of each kind, and of keys with one member spoiled.

use aws_lc_rs::{
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey,
    },
};

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
fn what_is_encoded_is_decoded_to_the_same_key_and_bytes() {
    for (members, _) in all() {
        let bytes = encoded(members);
        let key = PublicKey::decode(&bytes).unwrap();
        assert_eq!(key.encode(), Ok(bytes));
    }
    assert!(
        PublicKey::Es256 { point: vec![4; 32] }.encode().is_err()
            && PublicKey::Es256 { point: vec![] }.encode().is_err()
    );
}

#[test]
fn algorithms_have_their_numbers_in_the_registry() {
    assert_eq!(super::super::ALGORITHMS_WITH_EDDSA.map(CoseAlgorithm::number), [-8, -7, -257]);
}

/// The members of a good key of each kind.
fn good() -> [Members; 3] {
    let point = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let point = point.public_key().as_ref()[1..].to_vec();
    let (x, y) = (Value::Bytes(point[..32].to_vec()), Value::Bytes(point[32..].to_vec()));
    let edwards = Value::Bytes(Ed25519KeyPair::generate().unwrap().public_key().as_ref().to_vec());
    let n = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let n = n.public_key().modulus().big_endian_without_leading_zero().to_vec();
    [
        vec![(1, integer(2)), (3, integer(-7)), (-1, integer(1)), (-2, x), (-3, y)],
        vec![(1, integer(1)), (3, integer(-8)), (-1, integer(6)), (-2, edwards)],
        vec![(1, integer(3)), (3, integer(-257)), (-1, Value::Bytes(n)), (-2, Value::Bytes(EXPONENT.to_vec()))],
    ]
}

fn attested(members: Members) -> Result<PublicKey, Error> {
    PublicKey::attested(&members.into_iter().map(|(label, value)| (integer(label), value)).collect())
}

#[test]
fn a_new_key_of_each_kind_is_accepted_with_exactly_its_members() {
    for members in good() {
        assert_eq!(attested(members.clone()).unwrap().encode(), Ok(encoded(members.clone())));
        for label in [2, 4, -4, -5] {
            let more = [members.clone(), vec![(label, integer(1))]].concat();
            assert_eq!(attested(more), Err(unusable_key()), "{label}");
        }
        for at in 0..members.len() {
            let mut fewer = members.clone();
            fewer.remove(at);
            assert_eq!(attested(fewer), Err(unusable_key()), "{at}");
        }
    }
}

fn unusable_key() -> Error {
    unusable().unwrap_err()
}

#[test]
fn a_new_point_is_one_of_the_curve() {
    let [good, ..] = good();
    let Value::Bytes(x) = good[3].1.clone() else { panic!("x is bytes") };
    let with = |at: usize, bytes: Vec<u8>| {
        let mut members = good.clone();
        members[at].1 = Value::Bytes(bytes);
        attested(members)
    };
    let mut off = x.clone();
    off[31] ^= 1;
    let zero = vec![0; 32];
    for bytes in [off, zero, vec![0xff; 32], x[1..].to_vec(), [&[0], &x[..]].concat(), vec![]] {
        assert_eq!(with(3, bytes.clone()), Err(unusable_key()), "{bytes:?}");
    }
    // Bytes that move from one coordinate to the other leave the point's length as it is.
    let Value::Bytes(y) = good[4].1.clone() else { panic!("y is bytes") };
    let mut moved = good.clone();
    (moved[3].1, moved[4].1) = (Value::Bytes(x[..31].to_vec()), Value::Bytes([&x[31..], &y[..]].concat()));
    assert_eq!(attested(moved), Err(unusable_key()));
}

#[test]
fn a_new_rsa_key_has_2048_to_4096_bits_and_the_usual_exponent() {
    let key = |length: usize, first: u8, last: u8, e: &[u8]| {
        let mut n = vec![0xab; length];
        (n[0], n[length - 1]) = (first, last);
        is_sound_rsa(&n, e)
    };
    for (length, first) in [(256, 0x80), (256, 0xff), (257, 1), (384, 0x80), (512, 0xff)] {
        assert!(key(length, first, 1, &EXPONENT), "{length} {first}");
    }
    for (length, first) in [(128, 0x80), (255, 0xff), (256, 0x7f), (256, 0), (257, 0), (513, 1), (1024, 0x80)] {
        assert!(!key(length, first, 1, &EXPONENT), "{length} {first}");
    }
    assert!(!key(256, 0x80, 2, &EXPONENT));
    for e in [&[3][..], &[1, 0, 0], &[1, 0, 2], &[0, 1, 0, 1], &[]] {
        assert!(!key(256, 0x80, 1, e), "{e:?}");
    }
    assert!(!is_sound_rsa(&[], &EXPONENT));
}

#[test]
fn keys_of_small_order_and_of_another_writing_are_none() {
    for point in SMALL_ORDER {
        assert!(!is_sound_ed25519(&point) && !is_sound_ed25519(&with(31, point[31] | 0x80, point)));
    }
    for low in [0xed, 0xee, 0xff] {
        assert!(!is_sound_ed25519(&with(31, 0x7f, with(0, low, [0xff; KEY]))));
    }
    assert!(!is_sound_ed25519(&[9; 31]));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    assert!(is_sound_ed25519(pair.public_key().as_ref()));
}

#[test]
fn a_signature_of_nobody_fits_a_key_of_small_order() {
    // This signature is valid for every message, which is why such keys are refused. In it, R is the identity and s is
    // 0.
    let nobodys = with(0, 0x01, [0; KEY]);
    let signature = [nobodys, [0; KEY]].concat();
    assert!(UnparsedPublicKey::new(&ED25519, nobodys).verify(b"anything", &signature).is_ok());
}

#[test]
fn keys_that_only_resemble_bad_ones_are_sound() {
    let all = [0xff; KEY];
    for (what, key) in [
        ("all but the last byte", with(31, 0x7e, all)),
        ("all but one in the middle", with(31, 0x7f, with(15, 0xfe, all))),
        ("all but the second", with(31, 0x7f, with(1, 0xfe, all))),
        ("the last but one below the field's size", with(31, 0x7f, with(0, 0xeb, all))),
        ("a small one", with(0, 0xed, [0; KEY])),
        ("two", with(0, 2, [0; KEY])),
    ] {
        assert!(is_sound_ed25519(&key) && is_sound_ed25519(&with(31, key[31] | 0x80, key)), "{what}");
    }
    for length in [0, 31, 33] {
        assert!(!is_sound_ed25519(&vec![9; length]), "{length}");
    }
}
