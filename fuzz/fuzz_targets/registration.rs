//! Registrations: any attestation is refused or is one for this challenge, this origin and this relying party.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use keystead::{
    dev::authenticator::{Authenticator, Spoil},
    webauthn::{ALGORITHMS, ALGORITHMS_WITH_EDDSA, CoseAlgorithm, RelyingParty, creation_options, verify_registration},
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use uuid::Uuid;

const CHALLENGE: [u8; 32] = [7; 32];

static RP: LazyLock<RelyingParty> = LazyLock::new(|| RelyingParty {
    id: "localhost".into(),
    user_verification_required: true,
    app_origins: vec!["android:apk-key-hash:fuzz".into()],
    related_origins: vec!["https://example.org".into()],
});
/// Of an ES256 and of an Ed25519 key.
static GOOD: LazyLock<[Value; 2]> = LazyLock::new(|| {
    [ALGORITHMS.as_slice(), &ALGORITHMS_WITH_EDDSA].map(|algorithms| {
        let options = creation_options(&RP, &CHALLENGE, (Uuid::nil(), "ada"), algorithms, &[]);
        Authenticator::new().create(&options, "http://localhost:3000", &Spoil::default()).unwrap()
    })
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = keystead_fuzz::kind(data) else { return };
    let (good, algorithms): (_, &[CoseAlgorithm]) = match kind / 4 % 2 {
        0 => (&GOOD[0], &ALGORITHMS),
        _ => (&GOOD[1], &ALGORITHMS_WITH_EDDSA),
    };
    let member = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(good["response"][name].as_str().unwrap()).unwrap();
    let mut credential = good.clone();
    let mut client_data = member("clientDataJSON");
    match kind % 4 {
        // Any JSON in place of the response.
        0 => match serde_json::from_slice(rest) {
            Ok(json) => credential = json,
            Err(_) => return,
        },
        1 => client_data = keystead_fuzz::edited(&client_data, rest),
        2 => {
            let object = keystead_fuzz::edited(&member("attestationObject"), rest);
            credential["response"]["attestationObject"] = json!(BASE64_URL_SAFE_NO_PAD.encode(object));
        }
        _ => credential["response"]["attestationObject"] = json!(BASE64_URL_SAFE_NO_PAD.encode(rest)),
    }
    if kind % 4 == 1 {
        credential["response"]["clientDataJSON"] = json!(BASE64_URL_SAFE_NO_PAD.encode(&client_data));
    }
    let Ok(verified) = verify_registration(&RP, &CHALLENGE, algorithms, &credential) else { return };
    assert!((1..=1023).contains(&verified.id.len()));
    assert!(algorithms.iter().any(|one| one.number() == verified.algorithm));
    let said = credential["response"]["clientDataJSON"].as_str().unwrap().trim_end_matches('=');
    let said: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(said).unwrap()).unwrap();
    assert_eq!(said["type"], "webauthn.create");
    assert_eq!(said["challenge"], BASE64_URL_SAFE_NO_PAD.encode(CHALLENGE));
    assert_ne!(said["crossOrigin"], true);
});
