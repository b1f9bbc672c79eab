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
    let mut data = [vec![1; 32], vec![flag::ATTESTED_DATA], vec![0; 4], vec![7; 16], vec![0, 2, 8, 9]].concat();
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
    assert_eq!(object.items, [map(Cbor::Integer(3), Cbor::Integer(-8))]);
    let key = BTreeMap::from([(Cbor::Integer(3), Cbor::Integer(-8))]);
    assert_eq!(object.key(), Some(&key));
    assert_eq!(object.algorithm(), Some(-8));
    assert_eq!(object.aaguid(), Ok(Uuid::from_bytes([7; 16])));
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
fn only_the_format_none_has_no_statement() {
    let [_, _, auth_data] = members();
    let parsed = |format: &str, statement: &Cbor| {
        let object = of(&[("fmt", Cbor::Text(format.into())), ("attStmt", statement.clone()), auth_data.clone()]);
        AttestationObject::parse(&object).map(|_| ())
    };
    let (empty, some) = (Cbor::Map([].into()), map(Cbor::Text("sig".into()), Cbor::Null));
    let carries = Error::Malformed("an attestation of format none carries a statement".into());
    assert_eq!(parsed("none", &some), Err(carries));
    assert_eq!((parsed("none", &empty), parsed("packed", &some), parsed("packed", &empty)), (Ok(()), Ok(()), Ok(())));
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
fn what_is_not_there_is_none() {
    let object = |items: Vec<Cbor>, bytes: usize| AttestationObject {
        fmt: "none".into(),
        auth_data: vec![7; bytes],
        statement: [].into(),
        items,
    };
    assert_eq!(object(vec![], 53).key(), None);
    assert_eq!(object(vec![Cbor::Null], 53).key(), None);
    assert_eq!(object(vec![], 53).algorithm(), None);
    assert_eq!(object(vec![map(Cbor::Integer(1), Cbor::Integer(-7))], 53).algorithm(), None);
    assert_eq!(object(vec![map(Cbor::Integer(3), Cbor::Text("ES256".into()))], 53).algorithm(), None);
    assert_eq!(object(vec![], 53).aaguid(), Ok(Uuid::from_bytes([7; 16])));
    assert_eq!(object(vec![], 52).aaguid(), Err(Error::Malformed("authData is too short".into())));
}
