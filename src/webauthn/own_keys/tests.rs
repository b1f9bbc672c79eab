//! Tests of public keys that are refused, and of a good attestation object with one part spoiled.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::*;

#[test]
fn keys_of_small_order_and_of_another_writing_are_none() {
    for point in SMALL_ORDER {
        assert!(!is_sound(&point) && !is_sound(&with(31, point[31] | 0x80, point)));
    }
    for low in [0xed, 0xee, 0xff] {
        assert!(!is_sound(&with(31, 0x7f, with(0, low, [0xff; KEY]))));
    }
    assert!(!is_sound(&[9; 31]));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    assert!(is_sound(pair.public_key().as_ref()));
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
        assert!(is_sound(&key) && is_sound(&with(31, key[31] | 0x80, key)), "{what}");
    }
    for length in [0, 31, 33] {
        assert!(!is_sound(&vec![9; length]), "{length}");
    }
}

const CLIENT_DATA: &[u8] = b"client data";
const NOT_OFFERED: &str = "its key is of a kind that was not offered";
const NOT_ASKED_FOR: &str = "its attestation is of a kind that was not asked for";
const NO_OBJECT: &str = "attestationObject is not an attestation object";
/// The index of the flags in authenticator data.
const FLAGS: usize = 32;
/// The length of authenticator data up to the public key.
const UP_TO_KEY: usize = 32 + 1 + 4 + 16 + 2 + 2;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn relying_party() -> RelyingParty {
    RelyingParty {
        id: "example.com".into(),
        user_verification_required: true,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    }
}

/// Makes a good attestation object in its parsed form.
fn object() -> AttestationObject {
    let flags = flag::USER_PRESENT | flag::USER_VERIFIED | flag::BACKUP_ELIGIBLE | flag::ATTESTED_DATA;
    let mut auth_data = sha256(b"example.com").to_vec();
    auth_data.push(flags);
    auth_data.extend(7_u32.to_be_bytes());
    auth_data.extend([3; 16]);
    auth_data.extend([0, 2, 8, 9]);
    let x = pair().public_key().as_ref().to_vec();
    let key = [(1, Cbor::Integer(1)), (3, Cbor::Integer(-8)), (-1, Cbor::Integer(6)), (-2, Cbor::Bytes(x))];
    let key = Cbor::Map(key.map(|(label, value)| (Cbor::Integer(label), value)).into());
    auth_data.extend(serde_cbor_2::to_vec(&key).unwrap());
    AttestationObject { fmt: "none".into(), auth_data, statement: [].into(), items: vec![key] }
}

/// Makes the same object with a `packed` attestation, signed with the key itself.
fn packed() -> AttestationObject {
    let mut object = object();
    object.fmt = "packed".into();
    let signature = pair().sign(&[&object.auth_data[..], &sha256(CLIENT_DATA)].concat());
    let statement = [("alg", Cbor::Integer(-8)), ("sig", Cbor::Bytes(signature.as_ref().to_vec()))];
    object.statement = statement.map(|(name, value)| (Cbor::Text(name.into()), value)).into();
    object
}

fn set(map: &mut AttestationObject, label: i128, value: Cbor) {
    let Cbor::Map(key) = &mut map.items[0] else { panic!("the key is a map") };
    key.insert(Cbor::Integer(label), value);
}

fn state(object: &mut AttestationObject, name: &str, value: Option<Cbor>) {
    let name = Cbor::Text(name.to_owned());
    match value {
        Some(value) => object.statement.insert(name, value),
        None => object.statement.remove(&name),
    };
}

#[test]
fn a_good_object_gives_the_credential_in_it() {
    for object in [object(), packed()] {
        let made = register(&relying_party(), &object, CLIENT_DATA).unwrap();
        assert_eq!((made.id, made.algorithm, made.sign_count), (vec![8, 9], -8, 7));
        assert_eq!((made.aaguid, made.attestation_format), (Uuid::from_bytes([3; 16]), object.fmt));
        assert!(made.user_verified && made.backup_eligible && !made.backup_state);
        assert!(made.transports.is_empty() && made.attachment.is_none());
        let key = super::super::cose::PublicKey::decode(&made.public_key);
        let Ok(super::super::cose::PublicKey::Ed25519 { x }) = key else { panic!("another kind of key") };
        assert_eq!(x, pair().public_key().as_ref());
    }
}

#[test]
fn user_verification_is_noted_where_it_is_not_required() {
    let rp = RelyingParty { user_verification_required: false, ..relying_party() };
    let mut object = object();
    assert!(register(&rp, &object, CLIENT_DATA).unwrap().user_verified);
    object.auth_data[FLAGS] ^= flag::USER_VERIFIED;
    assert!(!register(&rp, &object, CLIENT_DATA).unwrap().user_verified);
}

#[test]
fn backup_flags_are_noted() {
    let mut object = object();
    object.auth_data[FLAGS] ^= flag::BACKUP_STATE;
    let made = register(&relying_party(), &object, CLIENT_DATA).unwrap();
    assert!(made.backup_eligible && made.backup_state);
    object.auth_data[FLAGS] ^= flag::BACKUP_STATE | flag::BACKUP_ELIGIBLE;
    let made = register(&relying_party(), &object, CLIENT_DATA).unwrap();
    assert!(!made.backup_eligible && !made.backup_state);
}

#[test]
fn each_spoiled_part_gives_its_error() {
    type Case = (&'static str, fn(&mut AttestationObject), Error);
    let malformed = |text: &str| Error::Malformed(text.into());
    let unusable = |text: &str| Error::NotSupported(text.into());
    let cases: [Case; 11] = [
        ("RP ID hash", |object| object.auth_data[0] ^= 1, Error::RelyingParty),
        ("UP", |object| object.auth_data[FLAGS] ^= flag::USER_PRESENT, Error::UserNotPresent),
        ("UV", |object| object.auth_data[FLAGS] ^= flag::USER_VERIFIED, Error::UserNotVerified),
        (
            "BS without BE",
            |object| object.auth_data[FLAGS] ^= flag::BACKUP_ELIGIBLE | flag::BACKUP_STATE,
            malformed("it is backed up but not eligible for it"),
        ),
        ("no key", |object| object.items.clear(), malformed(NO_OBJECT)),
        ("kty", |object| set(object, 1, Cbor::Integer(2)), unusable(NOT_OFFERED)),
        ("crv", |object| set(object, -1, Cbor::Integer(7)), unusable(NOT_OFFERED)),
        ("a text as x", |object| set(object, -2, Cbor::Text("x".into())), unusable(NOT_OFFERED)),
        ("a short x", |object| set(object, -2, Cbor::Bytes(vec![9; 31])), unusable(NOT_OFFERED)),
        ("x of small order", |object| set(object, -2, Cbor::Bytes(vec![0; KEY])), unusable(NOT_OFFERED)),
        ("format", |object| object.fmt = "fido-u2f".into(), unusable(NOT_ASKED_FOR)),
    ];
    for (what, spoil, error) in cases {
        let mut object = object();
        spoil(&mut object);
        assert_eq!(register(&relying_party(), &object, CLIENT_DATA).unwrap_err(), error, "{what}");
    }
    let mut whole = object();
    whole.auth_data.truncate(UP_TO_KEY);
    assert!(register(&relying_party(), &whole, CLIENT_DATA).is_ok());
    for length in 0..UP_TO_KEY {
        let mut cut = object();
        cut.auth_data.truncate(length);
        assert_eq!(register(&relying_party(), &cut, CLIENT_DATA).unwrap_err(), malformed(NO_OBJECT), "{length} bytes");
    }
}

#[test]
fn each_spoiled_part_of_a_self_attestation_gives_its_error() {
    type Case = (&'static str, fn(&mut AttestationObject), Error);
    let malformed = || Error::Malformed(NO_OBJECT.into());
    let cases: [Case; 7] = [
        ("no alg", |object| state(object, "alg", None), malformed()),
        ("another alg", |object| state(object, "alg", Some(Cbor::Integer(-7))), malformed()),
        ("no sig", |object| state(object, "sig", None), malformed()),
        ("a text as sig", |object| state(object, "sig", Some(Cbor::Text("x".into()))), malformed()),
        ("another sig", |object| state(object, "sig", Some(Cbor::Bytes(vec![0; 64]))), Error::Signature),
        ("counter", |object| object.auth_data[FLAGS + 4] ^= 1, Error::Signature),
        (
            "a certificate",
            |object| state(object, "x5c", Some(Cbor::Array(vec![]))),
            Error::NotSupported(NOT_ASKED_FOR.into()),
        ),
    ];
    for (what, spoil, error) in cases {
        let mut object = packed();
        spoil(&mut object);
        assert_eq!(register(&relying_party(), &object, CLIENT_DATA).unwrap_err(), error, "{what}");
    }
    let refused = register(&relying_party(), &packed(), b"other client data");
    assert_eq!(refused.unwrap_err(), Error::Signature);
}
