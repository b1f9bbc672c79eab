//! Tests of attestation statements: good ones, and good ones with one part spoiled. Those with certificates are the test
//! vectors of the specification, or have certificates that are made here.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use serde_json::Value;

use super::*;

const HASH: [u8; 32] = [5; 32];

fn malformed(format: &str) -> Error {
    Error::Malformed(format!("its attestation statement is not one of the format {format}"))
}

fn unfit() -> Error {
    Error::Malformed("its attestation certificate does not fit its attestation format".into())
}

fn no_certificate() -> Error {
    Error::Malformed("its attestation contains no X.509 certificate".into())
}

/// Returns an attestation object of the specification, its key, and the hash of its client data.
fn vector(name: &str) -> (AttestationObject, PublicKey, [u8; 32]) {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/webauthn-level-3.json")).unwrap();
    let vector = all.iter().find(|vector| vector["name"] == name).unwrap();
    let bytes = |member: &str| -> Vec<u8> {
        let hex = vector["registration"][member].as_str().unwrap();
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
    };
    let object = AttestationObject::parse(&bytes("attestationObject")).unwrap();
    let key = PublicKey::attested(&object.parts.key).unwrap();
    (object, key, sha256(&bytes("clientDataJSON")))
}

fn set(object: &mut AttestationObject, name: &str, value: impl Into<Option<Cbor>>) {
    let name = Cbor::Text(name.to_owned());
    match value.into() {
        Some(value) => object.statement.insert(name, value),
        None => object.statement.remove(&name),
    };
}

fn chain(object: &AttestationObject) -> Vec<Cbor> {
    let Some(Cbor::Array(chain)) = object.member("x5c") else { panic!("there is a chain") };
    chain.clone()
}

/// What is spoiled, how, and the error for it.
type Case = (&'static str, fn(&mut AttestationObject), Error);

/// Checks that each of these changes of a vector's object gives its error.
fn check_each(name: &str, cases: &[Case]) {
    for (what, spoil, error) in cases {
        let (mut object, key, hash) = vector(name);
        spoil(&mut object);
        assert_eq!(verify(&object, &key, &hash).as_ref(), Err(error), "{name}: {what}");
    }
}

#[test]
fn each_spoiled_part_of_a_self_attestation_gives_its_error() {
    const NAME: &str = "packed-self.ES256";
    let (object, key, hash) = vector(NAME);
    assert_eq!(verify(&object, &key, &hash), Ok(()));
    assert_eq!(verify(&object, &key, &HASH), Err(Error::Signature));
    check_each(
        NAME,
        &[
            ("no alg", |object| set(object, "alg", None), malformed("packed")),
            ("another alg", |object| set(object, "alg", Cbor::Integer(-257)), malformed("packed")),
            ("a text as alg", |object| set(object, "alg", Cbor::Text("ES256".into())), malformed("packed")),
            ("no sig", |object| set(object, "sig", None), malformed("packed")),
            ("a text as sig", |object| set(object, "sig", Cbor::Text("x".into())), malformed("packed")),
            ("another sig", |object| set(object, "sig", Cbor::Bytes(vec![0; 64])), Error::Signature),
            ("counter", |object| object.auth_data[36] ^= 1, Error::Signature),
            ("an empty chain", |object| set(object, "x5c", Cbor::Array(vec![])), malformed("packed")),
            ("no chain", |object| set(object, "x5c", Cbor::Null), malformed("packed")),
            ("ECDAA", |object| set(object, "ecdaaKeyId", Cbor::Bytes(vec![1])), not_asked_for()),
        ],
    );
}

#[test]
fn each_spoiled_part_of_an_attestation_with_certificate_gives_its_error() {
    const NAME: &str = "packed.ES256";
    let (object, key, hash) = vector(NAME);
    assert_eq!(verify(&object, &key, &hash), Ok(()));
    assert_eq!(verify(&object, &key, &HASH), Err(Error::Signature));
    let unsupported = Error::NotSupported("its attestation is signed with an algorithm that is not supported".into());
    check_each(
        NAME,
        &[
            ("no alg", |object| set(object, "alg", None), malformed("packed")),
            ("no sig", |object| set(object, "sig", None), malformed("packed")),
            ("another sig", |object| set(object, "sig", Cbor::Bytes(vec![0; 64])), Error::Signature),
            ("RS1", |object| set(object, "alg", Cbor::Integer(-65535)), unsupported),
            ("ES384", |object| set(object, "alg", Cbor::Integer(-35)), Error::Signature),
            ("RS256", |object| set(object, "alg", Cbor::Integer(-257)), Error::Signature),
            ("counter", |object| object.auth_data[36] ^= 1, Error::Signature),
            ("no certificate", |object| set(object, "x5c", Cbor::Array(vec![Cbor::Bytes(vec![])])), no_certificate()),
            ("a text", |object| set(object, "x5c", Cbor::Array(vec![Cbor::Text("x".into())])), malformed("packed")),
            (
                "bytes behind it",
                |object| {
                    let Cbor::Bytes(der) = &chain(object)[0] else { panic!("a certificate is bytes") };
                    set(object, "x5c", Cbor::Array(vec![Cbor::Bytes([&der[..], &[0]].concat())]));
                },
                no_certificate(),
            ),
            (
                "no certificate behind it",
                |object| set(object, "x5c", Cbor::Array([chain(object), vec![Cbor::Bytes(vec![1])]].concat())),
                no_certificate(),
            ),
        ],
    );
    // Not having a passkey's own key makes no difference: the certificate's key signs.
    assert_eq!(verify(&object, &vector("packed-self.ES256").1, &hash), Ok(()));
}

#[test]
fn each_spoiled_part_of_a_u2f_attestation_gives_its_error() {
    const NAME: &str = "fido-u2f.ES256";
    let (object, key, hash) = vector(NAME);
    assert_eq!(verify(&object, &key, &hash), Ok(()));
    assert_eq!(verify(&object, &key, &HASH), Err(Error::Signature));
    assert_eq!(verify(&object, &vector("packed-self.ES256").1, &hash), Err(Error::Signature));
    assert_eq!(verify(&object, &PublicKey::Ed25519 { x: vec![9; 32] }, &hash), Err(malformed("fido-u2f")));
    check_each(
        NAME,
        &[
            ("no sig", |object| set(object, "sig", None), malformed("fido-u2f")),
            ("another sig", |object| set(object, "sig", Cbor::Bytes(vec![0; 64])), Error::Signature),
            ("no chain", |object| set(object, "x5c", None), malformed("fido-u2f")),
            ("an empty chain", |object| set(object, "x5c", Cbor::Array(vec![])), malformed("fido-u2f")),
            (
                "two certificates",
                |object| set(object, "x5c", Cbor::Array([chain(object), chain(object)].concat())),
                malformed("fido-u2f"),
            ),
            ("another ID", |object| object.parts.credential_id[0] ^= 1, Error::Signature),
            ("another relying party", |object| object.parts.rp_id_hash[0] ^= 1, Error::Signature),
        ],
    );
}

#[test]
fn each_spoiled_part_of_an_apple_attestation_gives_its_error() {
    const NAME: &str = "apple.ES256";
    let (object, key, hash) = vector(NAME);
    assert_eq!(verify(&object, &key, &hash), Ok(()));
    assert_eq!(verify(&object, &key, &HASH), Err(Error::Signature));
    assert_eq!(verify(&object, &vector("packed-self.ES256").1, &hash), Err(unfit()));
    assert_eq!(verify(&object, &PublicKey::Ed25519 { x: vec![9; 32] }, &hash), Err(unfit()));
    let other = chain(&vector("packed.ES256").0);
    let mut without = vector(NAME).0;
    set(&mut without, "x5c", Cbor::Array(other));
    assert_eq!(verify(&without, &key, &hash), Err(unfit()), "a certificate without nonce");
    check_each(
        NAME,
        &[
            ("counter", |object| object.auth_data[36] ^= 1, Error::Signature),
            ("no chain", |object| set(object, "x5c", None), malformed("apple")),
            ("an empty chain", |object| set(object, "x5c", Cbor::Array(vec![])), malformed("apple")),
        ],
    );
}

#[test]
fn other_formats_are_refused_and_none_has_no_statement() {
    let (mut object, key, hash) = vector("packed-self.ES256");
    for (format, error) in [
        ("none", Error::Malformed("an attestation of format none carries a statement".into())),
        ("tpm", not_asked_for()),
        ("android-key", not_asked_for()),
        ("android-safetynet", not_asked_for()),
        ("compound", not_asked_for()),
        ("invented", Error::NotSupported("its attestation format is unknown".into())),
        ("PACKED", Error::NotSupported("its attestation format is unknown".into())),
        ("", Error::NotSupported("its attestation format is unknown".into())),
    ] {
        object.fmt = format.to_owned();
        assert_eq!(verify(&object, &key, &hash), Err(error), "{format}");
    }
    object.fmt = "none".into();
    object.statement.clear();
    assert_eq!(verify(&object, &key, &hash), Ok(()));
}

const MODEL: [u8; 16] = [3; 16];

/// Makes what section 8.2.1 demands of a certificate.
fn good() -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::ExplicitNoCa;
    for (kind, text) in [
        (DnType::CountryName, "DE"),
        (DnType::OrganizationName, "Keystead"),
        (DnType::OrganizationalUnitName, "Authenticator Attestation"),
        (DnType::CommonName, "Test"),
    ] {
        params.distinguished_name.push(kind, text);
    }
    params
}

fn model(aaguid: &[u8], critical: bool) -> CustomExtension {
    let value = [&[4, u8::try_from(aaguid.len()).unwrap()], aaguid].concat();
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], value);
    extension.set_criticality(critical);
    extension
}

/// Whether a certificate that was changed in this way fits an attestation of the model.
fn fits(change: impl FnOnce(&mut CertificateParams)) -> bool {
    let key = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = good();
    change(&mut params);
    let certificate = Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap();
    assert!(!key.der_bytes().is_empty());
    match certificate.check_packed(uuid::Uuid::from_bytes(MODEL)) {
        Ok(()) => true,
        refused => {
            assert_eq!(refused, Err(unfit()));
            false
        }
    }
}

#[test]
fn a_certificate_fits_only_as_the_specification_says() {
    assert!(fits(|_| {}));
    assert!(fits(|params| params.custom_extensions.push(model(&MODEL, false))));
    assert!(!fits(|params| params.custom_extensions.push(model(&MODEL, true))), "critical");
    assert!(!fits(|params| params.custom_extensions.push(model(&[4; 16], false))), "another model");
    assert!(!fits(|params| params.custom_extensions.push(model(&MODEL[..15], false))), "short");
    assert!(!fits(|params| params.custom_extensions.extend([model(&MODEL, false), model(&MODEL, false)])), "twice");
    assert!(!fits(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)), "an issuer");
    assert!(!fits(|params| params.is_ca = IsCa::NoCa), "no basic constraints");
    for kind in [DnType::CountryName, DnType::OrganizationName, DnType::OrganizationalUnitName, DnType::CommonName] {
        assert!(!fits(|params| assert!(params.distinguished_name.remove(kind.clone()))), "no {kind:?}");
    }
    assert!(
        !fits(|params| params.distinguished_name.push(DnType::OrganizationalUnitName, "Attestation")),
        "another unit"
    );
}
