//! Writes registrations, good and spoiled ones, and what Keystead says of each. `script/judge-registrations` compares
//! that with what two other libraries say.

use std::io::Write;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::{
    prelude::any,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ALGORITHMS_WITH_EDDSA, RelyingParty, creation_options, verify_registration};
use crate::dev::authenticator::{Algorithm, Attestation, Authenticator, Spoil};

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";
/// How many edits of each good registration are tried.
const EDITS: usize = 400;

struct Case {
    name: String,
    challenge: Vec<u8>,
    credential: Value,
}

fn relying_party() -> RelyingParty {
    RelyingParty {
        id: RP_ID.into(),
        user_verification_required: false,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    }
}

fn made(name: &str, algorithm: Algorithm, attestation: Attestation, spoil: &Spoil) -> Case {
    let mut authenticator = Authenticator::new();
    (authenticator.prefer, authenticator.attestation) = (Some(algorithm), attestation);
    let challenge = vec![7; 32];
    let options = creation_options(&relying_party(), &challenge, (Uuid::nil(), "ada"), &ALGORITHMS_WITH_EDDSA, &[]);
    let credential = authenticator.create(&options, ORIGIN, spoil).unwrap();
    Case { name: format!("{name} {algorithm:?} {attestation:?}"), challenge, credential }
}

/// The registrations among the specification's test vectors.
fn vectors() -> Vec<Case> {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/vectors/webauthn-level-3.json")).expect("the vectors are JSON");
    let registrations = all.iter().filter(|vector| vector["registration"].is_object());
    registrations
        .map(|vector| {
            let bytes = |member: &str| -> Vec<u8> {
                let hex = vector["registration"][member].as_str().expect(member);
                (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")).collect()
            };
            let text = |member: &str| BASE64_URL_SAFE_NO_PAD.encode(bytes(member));
            let id = text("credential_id");
            let credential = json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
                "clientDataJSON": text("clientDataJSON"), "attestationObject": text("attestationObject")}});
            Case { name: format!("vector {}", vector["name"]), challenge: bytes("challenge"), credential }
        })
        .collect()
}

/// Each part of a registration spoiled alone.
fn spoiled(algorithm: Algorithm, attestation: Attestation) -> Vec<Case> {
    let spoil = Spoil::default;
    let text = |text: &str| Some(text.to_owned());
    let spoils = [
        ("good", spoil()),
        ("type", Spoil { client_type: text("webauthn.get"), ..spoil() }),
        ("challenge", Spoil { challenge: Some(vec![3; 32]), ..spoil() }),
        ("origin", Spoil { origin: text("https://evil.example"), ..spoil() }),
        ("crossOrigin", Spoil { cross_origin: Some(true), ..spoil() }),
        ("topOrigin", Spoil { top_origin: text("https://evil.example"), ..spoil() }),
        ("RP ID hash", Spoil { rp_id: text("evil.example"), ..spoil() }),
        ("UP", Spoil { user_present: Some(false), ..spoil() }),
        ("no UV", Spoil { user_verified: Some(false), ..spoil() }),
        ("BS without BE", Spoil { backup_eligible: Some(false), ..spoil() }),
        ("no BE", Spoil { backup_eligible: Some(false), backup_state: Some(false), ..spoil() }),
        ("counter", Spoil { sign_count: Some(9), ..spoil() }),
        ("ED", Spoil { extensions: Some(true), ..spoil() }),
        ("a byte behind", Spoil { trailing: vec![0], ..spoil() }),
        ("extensions", Spoil { extensions: Some(true), trailing: vec![0xa1, 0x61, b'x', 1], ..spoil() }),
        ("no ID", Spoil { credential_id: Some(Vec::new()), ..spoil() }),
        ("a long ID", Spoil { credential_id: Some(vec![1; 1024]), ..spoil() }),
        ("the longest ID", Spoil { credential_id: Some(vec![1; 1023]), ..spoil() }),
        ("signature", Spoil { signature: true, ..spoil() }),
        ("format", Spoil { attestation_format: text("invented"), ..spoil() }),
        ("tpm", Spoil { attestation_format: text("tpm"), ..spoil() }),
        ("apple", Spoil { attestation_format: text("apple"), ..spoil() }),
        ("ES384", Spoil { algorithm: Some(-35), ..spoil() }),
        ("ES256", Spoil { algorithm: Some(-7), ..spoil() }),
        ("EdDSA", Spoil { algorithm: Some(-8), ..spoil() }),
        ("RS256", Spoil { algorithm: Some(-257), ..spoil() }),
    ];
    spoils.iter().map(|(name, spoil)| made(name, algorithm, attestation, spoil)).collect()
}

/// Registrations without attestation whose public key is replaced. An attacker may choose such a key freely.
fn keys() -> Vec<Case> {
    let number = Cbor::Integer;
    let bytes = |byte: u8, length: usize| Cbor::Bytes(vec![byte; length]);
    let rsa = |n: Cbor, e: &[u8]| vec![(1, number(3)), (3, number(-257)), (-1, n), (-2, Cbor::Bytes(e.to_vec()))];
    let edwards = |x: Cbor| vec![(1, number(1)), (3, number(-8)), (-1, number(6)), (-2, x)];
    let point = |x: Cbor, y: Cbor| vec![(1, number(2)), (3, number(-7)), (-1, number(1)), (-2, x), (-3, y)];
    let good = made("", Algorithm::Es256, Attestation::None, &Spoil::default());
    let data = member(&good.credential, "authenticatorData");
    let Ok(Cbor::Map(own)) = serde_cbor_2::from_slice(&data[87..]) else { panic!("a key is behind the ID") };
    let coordinate = |label| match own.get(&number(label)) {
        Some(Cbor::Bytes(bytes)) => bytes.clone(),
        _ => panic!("a coordinate is bytes"),
    };
    let (x, y) = (coordinate(-2), coordinate(-3));
    let moved = point(Cbor::Bytes(x[..31].to_vec()), Cbor::Bytes([&x[31..], &y[..]].concat()));
    let more = |label, value| [point(Cbor::Bytes(x.clone()), Cbor::Bytes(y.clone())), vec![(label, value)]].concat();
    let cases = [
        ("a point off the curve", point(bytes(1, 32), bytes(1, 32))),
        ("the point 0", point(bytes(0, 32), bytes(0, 32))),
        ("a point that moved", moved),
        ("a short point", point(Cbor::Bytes(x[..31].to_vec()), Cbor::Bytes(y.clone()))),
        ("a sign in place of y", point(Cbor::Bytes(x.clone()), Cbor::Bool(true))),
        ("a private part", more(-4, bytes(1, 32))),
        ("a key ID", more(2, bytes(1, 4))),
        ("a point of small order", edwards(bytes(0, 32))),
        ("an Ed25519 key with 31 bytes", edwards(bytes(9, 31))),
        ("an Ed25519 key beyond the field", edwards(bytes(0xff, 32))),
        ("RSA with 1024 bits", rsa(bytes(0xab, 128), &[1, 0, 1])),
        ("RSA with e 3", rsa(bytes(0xab, 256), &[3])),
        ("RSA with e 1", rsa(bytes(0xab, 256), &[0, 0, 1])),
        ("RSA with an even modulus", rsa(bytes(0xaa, 256), &[1, 0, 1])),
        ("RSA with 8192 bits", rsa(bytes(0xab, 1024), &[1, 0, 1])),
        ("RSA with 4096 bits", rsa(bytes(0xab, 512), &[1, 0, 1])),
        ("RSA with a zero ahead", rsa(Cbor::Bytes([vec![0], vec![0xab; 256]].concat()), &[1, 0, 1])),
        ("no members", vec![]),
    ];
    let mut all: Vec<_> = cases
        .into_iter()
        .map(|(name, members)| {
            let members = members.into_iter().map(|(label, value)| (number(label), value));
            (name, serde_cbor_2::to_vec(&Cbor::Map(members.collect())).unwrap())
        })
        .collect();
    let mut twice = data[87..].to_vec();
    twice[0] += 1;
    twice.extend([3, 0x26]);
    all.push(("a member twice", twice));
    all.into_iter()
        .map(|(name, key)| {
            let data = [&data[..87], &key].concat();
            let spoil = Spoil { raw_authenticator_data: Some(data), ..Spoil::default() };
            let mut case = made(name, Algorithm::Es256, Attestation::None, &spoil);
            // The authenticator has made another ID for this passkey.
            case.credential["id"] = good.credential["id"].clone();
            case.credential["rawId"] = good.credential["id"].clone();
            case
        })
        .collect()
}

fn member(credential: &Value, name: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(credential["response"][name].as_str().expect(name)).expect("base64url")
}

/// Edits of a registration: one byte of its attestation object or client data is changed, inserted or removed.
fn edited(case: &Case, runner: &mut TestRunner) -> Vec<Case> {
    (0..EDITS)
        .map(|_| {
            let (kind, at, byte) = any::<(u8, u16, u8)>().new_tree(runner).expect("a value").current();
            let name = if kind < 64 { "clientDataJSON" } else { "attestationObject" };
            let mut bytes = member(&case.credential, name);
            let at = usize::from(at) % bytes.len();
            match kind % 4 {
                0 => bytes.insert(at, byte),
                1 => drop(bytes.remove(at)),
                2 => bytes[at] ^= 1 << (byte % 8),
                _ => bytes[at] = byte,
            }
            let mut credential = case.credential.clone();
            credential["response"][name] = json!(BASE64_URL_SAFE_NO_PAD.encode(bytes));
            let edit = ["insert", "remove", "flip", "set"][usize::from(kind % 4)];
            Case {
                name: format!("{}: {edit} {name} {at} {byte}", case.name),
                challenge: case.challenge.clone(),
                credential,
            }
        })
        .collect()
}

#[test]
#[ignore = "script/judge-registrations runs it"]
fn write_registrations_for_other_judges() {
    let mut cases = vectors();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        for attestation in [Attestation::None, Attestation::Packed] {
            cases.extend(spoiled(algorithm, attestation));
        }
    }
    cases.extend(keys());
    // The edits are the same in each run.
    let mut runner = TestRunner::deterministic();
    let good =
        |case: &&Case| (case.name.starts_with("vector") || case.name.starts_with("good")) && judged(case).is_null();
    let edits: Vec<_> = cases.iter().filter(good).flat_map(|case| edited(case, &mut runner)).collect();
    cases.extend(edits);
    let path = std::env::var("JUDGED").expect("JUDGED names the file to write");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("the file can be written"));
    for case in &cases {
        let line = json!({
            "name": case.name, "rp_id": RP_ID, "origin": ORIGIN, "credential": case.credential,
            "challenge": BASE64_URL_SAFE_NO_PAD.encode(&case.challenge), "refused": judged(case),
        });
        writeln!(file, "{line}").expect("the file can be written");
    }
}

/// Returns Keystead's reason to refuse a registration, or `null`.
fn judged(case: &Case) -> Value {
    let made = verify_registration(&relying_party(), &case.challenge, &ALGORITHMS_WITH_EDDSA, &case.credential);
    json!(made.err().map(|error| error.to_string()))
}
