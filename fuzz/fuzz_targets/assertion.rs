//! Assertions: of everything that is made from a good one, only what was signed is accepted; and no stored key, however
//! broken, makes it anything but refused.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use keystead::{
    dev::authenticator::{Authenticator, Spoil},
    webauthn::{
        ALGORITHMS, Assertion, RelyingParty, StoredCredential, creation_options, request_options, verify_assertion,
        verify_registration,
    },
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use uuid::Uuid;

const CHALLENGE: [u8; 32] = [7; 32];

struct Good {
    rp: RelyingParty,
    id: Vec<u8>,
    public_key: Vec<u8>,
    assertion: Value,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let rp = RelyingParty {
        id: "localhost".into(),
        user_verification_required: true,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    };
    let mut authenticator = Authenticator::new();
    let options = creation_options(&rp, &CHALLENGE, (Uuid::nil(), "ada"), &ALGORITHMS, &[]);
    let created = authenticator.create(&options, "http://localhost:3000", &Spoil::default()).unwrap();
    let made = verify_registration(&rp, &CHALLENGE, &ALGORITHMS, &created).unwrap();
    let options = request_options(&rp, &CHALLENGE, &[]);
    let assertion = authenticator.get(&options, "http://localhost:3000", &Spoil::default()).unwrap();
    Good { rp, id: made.id, public_key: made.public_key, assertion }
});

fn member(name: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(GOOD.assertion["response"][name].as_str().unwrap()).unwrap()
}

fn accepted(text: &str, public_key: &[u8]) -> bool {
    let Ok(assertion) = Assertion::parse(text) else { return false };
    let stored =
        StoredCredential { id: GOOD.id.clone(), public_key: public_key.to_vec(), sign_count: 0, backup_eligible: true };
    verify_assertion(&GOOD.rp, &CHALLENGE, Uuid::nil(), &stored, &assertion).is_ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = keystead_fuzz::kind(data) else { return };
    let good = GOOD.assertion.to_string();
    assert!(accepted(&good, &GOOD.public_key));
    let edit = |name: &str| {
        let (before, after) = (member(name), keystead_fuzz::edited(&member(name), rest));
        let mut assertion = GOOD.assertion.clone();
        assertion["response"][name] = json!(BASE64_URL_SAFE_NO_PAD.encode(&after));
        assert!(before == after || !accepted(&assertion.to_string(), &GOOD.public_key), "{name}");
    };
    match kind % 6 {
        0 => assert!(!std::str::from_utf8(rest).is_ok_and(|text| accepted(text, &GOOD.public_key))),
        1 => edit("clientDataJSON"),
        2 => edit("authenticatorData"),
        3 => edit("signature"),
        4 => {
            let _ = accepted(&good, &keystead_fuzz::edited(&GOOD.public_key, rest));
        }
        _ => assert!(!accepted(&good, rest)),
    }
});
