//! Assertions: of everything that is made from a good one, only what was signed is accepted; and no stored key, however
//! broken, makes it anything but refused.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use keystead::{
    dev::authenticator::{Authenticator, Spoil},
    webauthn::{
        ALGORITHMS, ALGORITHMS_WITH_EDDSA, Assertion, CoseAlgorithm, RelyingParty, StoredCredential, creation_options,
        request_options, verify_assertion, verify_registration,
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

/// Of an ES256 and of an Ed25519 key.
static GOOD: LazyLock<[Good; 2]> = LazyLock::new(|| [good(&ALGORITHMS), good(&ALGORITHMS_WITH_EDDSA)]);

fn good(algorithms: &[CoseAlgorithm]) -> Good {
    let rp = RelyingParty {
        id: "localhost".into(),
        user_verification_required: true,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    };
    let mut authenticator = Authenticator::new();
    let options = creation_options(&rp, &CHALLENGE, (Uuid::nil(), "ada"), algorithms, &[]);
    let created = authenticator.create(&options, "http://localhost:3000", &Spoil::default()).unwrap();
    let made = verify_registration(&rp, &CHALLENGE, algorithms, &created).unwrap();
    let options = request_options(&rp, &CHALLENGE, &[]);
    let assertion = authenticator.get(&options, "http://localhost:3000", &Spoil::default()).unwrap();
    Good { rp, id: made.id, public_key: made.public_key, assertion }
}

impl Good {
    fn member(&self, name: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(self.assertion["response"][name].as_str().unwrap()).unwrap()
    }

    fn accepts(&self, text: &str, public_key: &[u8]) -> bool {
        let Ok(assertion) = Assertion::parse(text) else { return false };
        let (id, public_key) = (self.id.clone(), public_key.to_vec());
        let stored = StoredCredential { id, public_key, sign_count: 0, backup_eligible: true };
        verify_assertion(&self.rp, &CHALLENGE, Uuid::nil(), &stored, &assertion).is_ok()
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = keystead_fuzz::kind(data) else { return };
    let good = &GOOD[usize::from(kind / 6 % 2)];
    let text = good.assertion.to_string();
    assert!(good.accepts(&text, &good.public_key));
    let edit = |name: &str| {
        let (before, after) = (good.member(name), keystead_fuzz::edited(&good.member(name), rest));
        let mut assertion = good.assertion.clone();
        assertion["response"][name] = json!(BASE64_URL_SAFE_NO_PAD.encode(&after));
        assert!(before == after || !good.accepts(&assertion.to_string(), &good.public_key), "{name}");
    };
    match kind % 6 {
        0 => assert!(!std::str::from_utf8(rest).is_ok_and(|text| good.accepts(text, &good.public_key))),
        1 => edit("clientDataJSON"),
        2 => edit("authenticatorData"),
        3 => edit("signature"),
        4 => {
            let _ = good.accepts(&text, &keystead_fuzz::edited(&good.public_key, rest));
        }
        _ => assert!(!good.accepts(&text, rest)),
    }
});
