//! Tests of attestation objects that are accepted, and of those that are refused.

use serde_cbor_2::to_vec;

use super::*;

fn map(key: Cbor, value: Cbor) -> Cbor {
    Cbor::Map([(key, value)].into())
}

/// Makes an attestation object with this statement. Its authenticator data has these flags, an empty credential ID, and
/// `behind` after that.
fn object(statement: Cbor, flags: u8, behind: &[Cbor]) -> Vec<u8> {
    let mut auth_data = vec![0; 55];
    auth_data[32] = flags;
    behind.iter().for_each(|item| auth_data.extend(to_vec(item).unwrap()));
    let members = [("fmt", Cbor::Text("packed".into())), ("attStmt", statement), ("authData", Cbor::Bytes(auth_data))];
    to_vec(&Cbor::Map(members.map(|(name, value)| (Cbor::Text(name.into()), value)).into())).unwrap()
}

#[test]
fn attestation_objects_are_harmless_everywhere_and_bounded() {
    let parsed = |object: &[u8]| AttestationObject::parse(object).is_ok();
    let key = || map(Cbor::Integer(3), Cbor::Integer(-7));
    let statement = |bytes| map(Cbor::Text("sig".into()), Cbor::Bytes(vec![0; bytes]));
    // Maps whose keys are arrays can cost a parser quadratic time.
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

/// Makes an attestation object with these members.
fn of(members: &[(&str, Cbor)]) -> Vec<u8> {
    let members = members.iter().map(|(name, value)| (Cbor::Text((*name).to_owned()), value.clone()));
    to_vec(&Cbor::Map(members.collect())).unwrap()
}

/// Makes authenticator data with a credential ID of two bytes and a public key.
fn auth_data() -> Vec<u8> {
    let mut data = [vec![1; 32], vec![flag::ATTESTED_DATA], vec![1, 2, 3, 4], vec![7; 16], vec![0, 2, 8, 9]].concat();
    data.extend(to_vec(&map(Cbor::Integer(3), Cbor::Integer(-8))).unwrap());
    data
}

fn members() -> [(&'static str, Cbor); 3] {
    let none = Cbor::Map([].into());
    [("fmt", Cbor::Text("none".into())), ("attStmt", none), ("authData", Cbor::Bytes(auth_data()))]
}

fn refused(object: &[u8]) -> Error {
    AttestationObject::parse(object).err().expect("a refusal")
}

#[test]
fn the_parts_of_an_object_are_read() {
    let object = AttestationObject::parse(&of(&members())).ok().unwrap();
    assert_eq!((object.fmt.as_str(), &object.auth_data), ("none", &auth_data()));
    assert!(object.statement.is_empty());
    let parts = object.parts;
    assert_eq!(parts.key, BTreeMap::from([(Cbor::Integer(3), Cbor::Integer(-8))]));
    assert_eq!(parts.algorithm(), Some(-8));
    assert_eq!((parts.rp_id_hash, parts.flags, parts.sign_count), ([1; 32], flag::ATTESTED_DATA, 0x0102_0304));
    assert_eq!((parts.aaguid, parts.credential_id), (Uuid::from_bytes([7; 16]), vec![8, 9]));
}

#[test]
fn each_missing_or_other_member_is_malformed() {
    let malformed = Error::Malformed("attestationObject is not an attestation object".into());
    for at in 0..3 {
        let mut other = members();
        other[at].1 = Cbor::Null;
        let missing: Vec<_> = members().into_iter().filter(|(name, _)| *name != other[at].0).collect();
        assert_eq!(refused(&of(&missing)), malformed, "no {}", other[at].0);
        assert_eq!(refused(&of(&other)), malformed, "another {}", other[at].0);
    }
    let whole = of(&members());
    for bytes in [&[][..], &[0xa0], &[0x80], &[0xff], &whole[..whole.len() - 1], &[&whole[..], &[0]].concat()] {
        assert_eq!(refused(bytes), malformed, "{} bytes", bytes.len());
    }
}

#[test]
fn the_longest_object_is_parsed_and_no_longer_one() {
    let of_size = |size: usize| {
        let filled = |bytes: usize| {
            object(
                map(Cbor::Text("sig".into()), Cbor::Bytes(vec![0; bytes])),
                1 << 6,
                &[map(Cbor::Integer(3), Cbor::Integer(-7))],
            )
        };
        filled(60_000 + size - filled(60_000).len())
    };
    assert_eq!(of_size(MAX_ATTESTATION_OBJECT).len(), MAX_ATTESTATION_OBJECT);
    assert!(AttestationObject::parse(&of_size(MAX_ATTESTATION_OBJECT)).is_ok());
    let long = Error::Malformed(format!("attestationObject is longer than {MAX_ATTESTATION_OBJECT} bytes"));
    assert_eq!(refused(&of_size(MAX_ATTESTATION_OBJECT + 1)), long);
}

#[test]
fn authenticator_data_that_breaks_off_is_malformed() {
    let data = auth_data();
    for length in 0..data.len() {
        let [format, statement, _] = members();
        let object = of(&[format, statement, ("authData", Cbor::Bytes(data[..length].to_vec()))]);
        assert!(matches!(refused(&object), Error::Malformed(_)), "{length} bytes");
    }
}

#[test]
fn a_key_declares_its_algorithm_by_a_number() {
    let declared =
        |key: Cbor| Parts::parse(&[&auth_data()[..57], &to_vec(&key).unwrap()].concat()).unwrap().algorithm();
    assert_eq!(declared(map(Cbor::Integer(3), Cbor::Integer(-257))), Some(-257));
    assert_eq!(declared(map(Cbor::Integer(1), Cbor::Integer(-7))), None);
    assert_eq!(declared(map(Cbor::Integer(3), Cbor::Text("ES256".into()))), None);
    assert_eq!(declared(Cbor::Map([].into())), None);
}

#[test]
fn a_key_states_each_member_once_and_in_its_shortest_form() {
    let parsed = |key: &[u8], flags: u8, behind: &[u8]| {
        let mut data = [&auth_data()[..57], key, behind].concat();
        data[32] = flags;
        Parts::parse(&data).map(|parts| parts.key.len())
    };
    let (attested, extended) = (flag::ATTESTED_DATA, flag::ATTESTED_DATA | flag::EXTENSIONS);
    for (what, key, members) in [
        ("canonical", &[0xa2, 1, 2, 3, 0x26][..], Ok(2)),
        ("in another order", &[0xa2, 3, 0x26, 1, 2], Ok(2)),
        ("stated twice", &[0xa3, 1, 2, 3, 0x26, 3, 0x27], Err(malformed())),
        ("stated twice alike", &[0xa3, 1, 2, 3, 0x26, 3, 0x26], Err(malformed())),
        ("a long number", &[0xa2, 1, 0x18, 2, 3, 0x26], Err(malformed())),
        ("a long label", &[0xa2, 0x18, 1, 2, 3, 0x26], Err(malformed())),
        ("a long count", &[0xb8, 2, 1, 2, 3, 0x26], Err(malformed())),
        ("of no known length", &[0xbf, 1, 2, 3, 0x26, 0xff], Err(malformed())),
    ] {
        assert_eq!(parsed(key, attested, &[]), members, "{what}");
        assert_eq!(parsed(key, extended, &[0xa1, 0x61, b'x', 1]), members, "{what}, with extensions");
    }
}

#[test]
fn tags_are_refused_everywhere() {
    let whole = of(&members());
    assert!(AttestationObject::parse(&whole).is_ok());
    let at = |what: &[u8]| whole.windows(what.len()).position(|window| window == what).unwrap();
    // Before the map, before a key, before a text and before bytes.
    for place in [0, 1, at(b"\x64none"), at(b"\x58")] {
        for tag in [&[0xc4][..], &[0xd5], &[0xd8, 24]] {
            let tagged = [&whole[..place], tag, &whole[place..]].concat();
            assert_eq!(refused(&tagged), malformed(), "{place} {tag:?}");
        }
    }
}
