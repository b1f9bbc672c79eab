//! Tests of whole ceremonies with the software authenticator. Each part of a good ceremony is spoiled alone and must
//! give exactly the right error.

use serde_json::{Value, json};

use super::*;
use crate::dev::authenticator::{AAGUID, Algorithm, Attestation, Authenticator, Spoil};

const ORIGIN: &str = "https://login.example.com";
const SUB: Uuid = Uuid::from_u128(5);
const TO_CREATE: [u8; 32] = [1; 32];
const TO_GET: [u8; 32] = [2; 32];

fn relying_party(user_verification_required: bool) -> RelyingParty {
    RelyingParty {
        id: "example.com".into(),
        user_verification_required,
        app_origins: Vec::new(),
        related_origins: Vec::new(),
    }
}

fn malformed(text: &str) -> Error {
    Error::Malformed(text.into())
}

fn not_supported(text: &str) -> Error {
    Error::NotSupported(text.into())
}

/// Spoiled client data and its errors, which are the same in both ceremonies.
fn spoiled_client_data() -> [(&'static str, Spoil, Error); 5] {
    let text = |text: &str| Some(text.to_owned());
    let spoil = Spoil::default;
    let origin = |text: &str| Error::Origin(text.into());
    [
        ("challenge", Spoil { challenge: Some(vec![3; 32]), ..spoil() }, Error::Challenge),
        ("origin", Spoil { origin: text("https://evil.example"), ..spoil() }, origin("https://evil.example")),
        (
            "crossOrigin",
            Spoil { cross_origin: Some(true), ..spoil() },
            origin("https://login.example.com (framed by another origin)"),
        ),
        (
            "topOrigin",
            Spoil { top_origin: text("https://evil.example"), ..spoil() },
            origin("https://login.example.com (framed by https://evil.example)"),
        ),
        (
            "client data",
            Spoil { raw_client_data: Some(b"{}".to_vec()), ..spoil() },
            malformed("clientDataJSON is not client data"),
        ),
    ]
}

/// Makes an authenticator, and its response to creation options of the tests' relying party.
fn created(algorithm: Algorithm, attestation: Attestation, spoil: &Spoil) -> (Authenticator, Value) {
    let mut authenticator = Authenticator::new();
    (authenticator.prefer, authenticator.attestation) = (Some(algorithm), attestation);
    let options = creation_options(&relying_party(false), &TO_CREATE, (SUB, "ada"), &ALGORITHMS_WITH_EDDSA, &[]);
    let answer = authenticator.create(&options, ORIGIN, spoil).unwrap();
    (authenticator, answer)
}

fn registered(answer: &Value, algorithms: &[CoseAlgorithm]) -> Result<NewCredential, Error> {
    verify_registration(&relying_party(false), &TO_CREATE, algorithms, answer)
}

/// Returns the error for a registration that is spoiled in this way.
fn refused(algorithm: Algorithm, attestation: Attestation, spoil: &Spoil) -> Error {
    registered(&created(algorithm, attestation, spoil).1, &ALGORITHMS_WITH_EDDSA).unwrap_err()
}

/// Registers a passkey. Returns the authenticator and the credential as the database stores it.
fn signed_up(algorithm: Algorithm) -> (Authenticator, StoredCredential) {
    let (authenticator, answer) = created(algorithm, Attestation::None, &Spoil::default());
    let made = registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap();
    let stored = StoredCredential {
        id: made.id,
        public_key: made.public_key,
        sign_count: made.sign_count,
        backup_eligible: made.backup_eligible,
    };
    (authenticator, stored)
}

/// Returns the authenticator's response to request options.
fn got(authenticator: &mut Authenticator, spoil: &Spoil) -> Value {
    let options = request_options(&relying_party(false), &TO_GET, &[]);
    authenticator.get(&options, ORIGIN, spoil).unwrap()
}

fn verified(stored: &StoredCredential, answer: &Value) -> Result<Verified, Error> {
    verify_assertion(&relying_party(false), &TO_GET, SUB, stored, &Assertion::parse(&answer.to_string())?)
}

#[test]
fn a_good_registration_gives_the_credential_as_it_was_made() {
    for (algorithm, number) in [(Algorithm::Es256, -7), (Algorithm::Rs256, -257), (Algorithm::EdDsa, -8)] {
        for (attestation, format) in [(Attestation::None, "none"), (Attestation::Packed, "packed")] {
            let spoil = Spoil { sign_count: Some(7), ..Spoil::default() };
            let (authenticator, answer) = created(algorithm, attestation, &spoil);
            let made = registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap();
            assert_eq!(made.id, authenticator.passkeys()[0].credential_id);
            assert_eq!((made.algorithm, made.sign_count), (number, 7));
            assert_eq!((made.aaguid, made.attestation_format.as_str()), (Uuid::from_bytes(AAGUID), format));
            assert_eq!(
                (made.transports, made.attachment.as_deref()),
                (vec!["hybrid".to_owned(), "internal".to_owned()], Some("platform"))
            );
            assert!(made.backup_eligible && made.backup_state && made.user_verified, "{algorithm:?} {format}");
        }
    }
}

#[test]
fn flags_of_a_registration_are_noted() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        for (verified, eligible, state) in [(true, true, false), (false, true, true), (false, false, false)] {
            let spoil = Spoil {
                user_verified: Some(verified),
                backup_eligible: Some(eligible),
                backup_state: Some(state),
                ..Spoil::default()
            };
            let answer = created(algorithm, Attestation::None, &spoil).1;
            let made = registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap();
            assert_eq!((made.user_verified, made.backup_eligible, made.backup_state), (verified, eligible, state));
        }
    }
}

#[test]
fn a_registration_may_be_a_text_and_lack_what_some_clients_leave_out() {
    let mut answer = created(Algorithm::EdDsa, Attestation::None, &Spoil::default()).1;
    assert!(registered(&Value::String(answer.to_string()), &ALGORITHMS_WITH_EDDSA).is_ok());
    answer["authenticatorAttachment"] = json!("implanted");
    assert_eq!(registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap().attachment, None);
    answer.as_object_mut().unwrap().remove("authenticatorAttachment");
    answer["response"].as_object_mut().unwrap().remove("transports");
    let made = registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap();
    assert_eq!((made.transports, made.attachment), (Vec::new(), None));
}

#[test]
fn each_spoiled_part_of_a_registration_gives_its_error() {
    let spoil = Spoil::default;
    let parts =
        "authData must be attested credential data, then extensions if it is flagged to have some, and nothing behind";
    let (no_object, length) = ("attestationObject is not an attestation object", "its ID must have 1 to 1023 bytes");
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let cases = [
            (
                "type",
                Spoil { client_type: Some("webauthn.get".into()), ..spoil() },
                malformed("the client data's type is not webauthn.create"),
            ),
            ("RP ID hash", Spoil { rp_id: Some("login.example.com".into()), ..spoil() }, Error::RelyingParty),
            ("ED", Spoil { extensions: Some(true), ..spoil() }, malformed(parts)),
            ("a byte behind", Spoil { trailing: vec![0], ..spoil() }, malformed(parts)),
            ("no ID", Spoil { credential_id: Some(Vec::new()), ..spoil() }, malformed(length)),
            ("a long ID", Spoil { credential_id: Some(vec![1; 1024]), ..spoil() }, malformed(length)),
            ("data", Spoil { raw_authenticator_data: Some(vec![0; 20]), ..spoil() }, malformed(no_object)),
            ("object", Spoil { raw_attestation_object: Some(vec![0xa0]), ..spoil() }, malformed(no_object)),
        ];
        for (what, spoil, error) in spoiled_client_data().into_iter().chain(cases) {
            assert_eq!(refused(algorithm, Attestation::None, &spoil), error, "{what} {algorithm:?}");
        }
        let forged = Spoil { signature: true, ..spoil() };
        assert_eq!(refused(algorithm, Attestation::Packed, &forged), Error::Signature, "{algorithm:?}");
    }
}

#[test]
fn a_registration_without_the_users_presence_or_with_odd_flags_is_refused() {
    let absent = Spoil { user_present: Some(false), ..Spoil::default() };
    let odd = Spoil { backup_eligible: Some(false), backup_state: Some(true), ..Spoil::default() };
    assert_eq!(refused(Algorithm::EdDsa, Attestation::None, &absent), Error::UserNotPresent);
    let error = refused(Algorithm::EdDsa, Attestation::None, &odd);
    assert_eq!(error, malformed("it is backed up but not eligible for it"));
    for spoil in [absent, odd] {
        let answer = created(Algorithm::Es256, Attestation::None, &spoil).1;
        assert!(registered(&answer, &ALGORITHMS_WITH_EDDSA).is_err(), "{spoil:?}");
    }
}

#[test]
fn a_registration_without_user_verification_is_refused_where_it_is_required() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        for (verified, outcome) in [(true, Ok(true)), (false, Err(Error::UserNotVerified))] {
            let spoil = Spoil { user_verified: Some(verified), ..Spoil::default() };
            let answer = created(algorithm, Attestation::None, &spoil).1;
            let made = verify_registration(&relying_party(true), &TO_CREATE, &ALGORITHMS_WITH_EDDSA, &answer);
            assert_eq!(made.map(|made| made.user_verified), outcome, "{algorithm:?}");
        }
    }
}

#[test]
fn an_attestation_of_an_unknown_format_is_not_supported() {
    let invented = Spoil { attestation_format: Some("invented".into()), ..Spoil::default() };
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let error = refused(algorithm, Attestation::Packed, &invented);
        assert_eq!(error, not_supported("its attestation format is unknown"), "{algorithm:?}");
    }
}

#[test]
fn an_algorithm_that_is_not_the_keys_or_was_not_offered_is_not_supported() {
    let not_offered = "its algorithm or key size was not offered";
    for (algorithm, declared, words) in [
        (Algorithm::Es256, -8, "its key is of a kind that was not offered"),
        (Algorithm::Es256, -257, "its key is of a kind that was not offered"),
        (Algorithm::Es256, -65536, not_offered),
        (Algorithm::EdDsa, -7, "its key is of a kind that was not offered"),
    ] {
        let spoil = Spoil { algorithm: Some(declared), ..Spoil::default() };
        let error = refused(algorithm, Attestation::None, &spoil);
        assert_eq!(error, not_supported(words), "{algorithm:?} as {declared}");
    }
    for offered in [&[CoseAlgorithm::Rs256, CoseAlgorithm::EdDsa][..], &[]] {
        let answer = created(Algorithm::Es256, Attestation::None, &Spoil::default()).1;
        assert_eq!(registered(&answer, offered).unwrap_err(), not_supported(not_offered), "{offered:?}");
    }
    let answer = created(Algorithm::EdDsa, Attestation::None, &Spoil::default()).1;
    assert!(registered(&answer, &ALGORITHMS).is_err());
}

#[test]
fn each_spoiled_member_of_a_registrations_json_gives_its_error() {
    let good = created(Algorithm::EdDsa, Attestation::None, &Spoil::default()).1;
    for (path, value, words) in [
        ("/type", "password", "its type is not public-key"),
        ("/id", "!", "id is not base64url"),
        ("/rawId", "!", "rawId is not base64url"),
        ("/id", "AQ", "id and rawId differ"),
        ("/rawId", "AQ", "id and rawId differ"),
        ("/response/clientDataJSON", "!", "clientDataJSON is not base64url"),
        ("/response/attestationObject", "!", "attestationObject is not base64url"),
    ] {
        let mut answer = good.clone();
        *answer.pointer_mut(path).unwrap() = json!(value);
        assert_eq!(registered(&answer, &ALGORITHMS_WITH_EDDSA).unwrap_err(), malformed(words), "{path}");
    }
    let mut other = good.clone();
    (other["id"], other["rawId"]) = (json!("AQ"), json!("AQ=="));
    let error = registered(&other, &ALGORITHMS_WITH_EDDSA).unwrap_err();
    assert_eq!(error, malformed("rawId is not the ID that the authenticator attested"));
    for none in [json!({}), json!([]), json!(null), json!("words"), json!("{}"), json!({"id": "AQ", "rawId": "AQ"})] {
        let error = registered(&none, &ALGORITHMS_WITH_EDDSA).unwrap_err().to_string();
        assert!(error.starts_with("The credential is malformed: it is not a RegistrationResponseJSON ("), "{error}");
    }
}

#[test]
fn another_challenge_or_relying_party_is_refused_in_both_ceremonies() {
    let (mut authenticator, answer) = created(Algorithm::Es256, Attestation::None, &Spoil::default());
    let made = verify_registration(&relying_party(false), &TO_GET, &ALGORITHMS, &answer);
    assert_eq!(made.unwrap_err(), Error::Challenge);
    let below = RelyingParty { id: "login.example.com".into(), ..relying_party(false) };
    let made = verify_registration(&below, &TO_CREATE, &ALGORITHMS, &answer);
    assert_eq!(made.unwrap_err(), Error::RelyingParty);
    let stored = signed_up(Algorithm::Es256).1;
    let assertion = Assertion::parse(&got(&mut authenticator, &Spoil::default()).to_string()).unwrap();
    let verified = |rp: &RelyingParty, challenge: &[u8]| verify_assertion(rp, challenge, SUB, &stored, &assertion);
    assert_eq!(verified(&relying_party(false), &TO_CREATE), Err(Error::Challenge));
    assert_eq!(verified(&relying_party(false), &[]), Err(Error::Challenge));
    assert_eq!(verified(&below, &TO_GET), Err(Error::RelyingParty));
}

#[test]
fn a_good_assertion_verifies_with_each_algorithm() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let (mut authenticator, stored) = signed_up(algorithm);
        let answer = got(&mut authenticator, &Spoil::default());
        let good = Verified { sign_count: 0, backup_state: true, user_verified: true };
        assert_eq!(verified(&stored, &answer), Ok(good), "{algorithm:?}");
        let forged = got(&mut authenticator, &Spoil { signature: true, ..Spoil::default() });
        assert_eq!(verified(&stored, &forged), Err(Error::Signature), "{algorithm:?}");
        // This key is of the same kind, but belongs to another passkey.
        let other = signed_up(algorithm).1;
        assert_eq!(verified(&other, &answer), Err(Error::Signature), "{algorithm:?}");
    }
}

#[test]
fn each_spoiled_part_of_an_assertion_gives_its_error() {
    let (mut authenticator, stored) = signed_up(Algorithm::Es256);
    let spoil = Spoil::default;
    let no_data = || malformed("authenticatorData is not that of an assertion");
    let cases = [
        (
            "type",
            Spoil { client_type: Some("webauthn.create".into()), ..spoil() },
            malformed("the client data's type is not webauthn.get"),
        ),
        ("RP ID hash", Spoil { rp_id: Some("login.example.com".into()), ..spoil() }, Error::RelyingParty),
        ("UP", Spoil { user_present: Some(false), ..spoil() }, Error::UserNotPresent),
        (
            "BS without BE",
            Spoil { backup_eligible: Some(false), ..spoil() },
            malformed("it is backed up but not eligible for it"),
        ),
        (
            "BE",
            Spoil { backup_eligible: Some(false), backup_state: Some(false), ..spoil() },
            Error::BackupEligibilityChanged,
        ),
        ("user handle", Spoil { user_handle: Some(b"another".to_vec()), ..spoil() }, Error::OtherUser),
        ("signature", Spoil { signature: true, ..spoil() }, Error::Signature),
        ("ED", Spoil { extensions: Some(true), ..spoil() }, no_data()),
        ("a byte behind", Spoil { trailing: vec![0], ..spoil() }, no_data()),
        ("short data", Spoil { raw_authenticator_data: Some(vec![0; 36]), ..spoil() }, no_data()),
    ];
    for (what, spoil, error) in spoiled_client_data().into_iter().chain(cases) {
        let answer = got(&mut authenticator, &spoil);
        assert_eq!(verified(&stored, &answer), Err(error), "{what}");
    }
    assert!(verified(&stored, &got(&mut authenticator, &spoil())).is_ok());
}

#[test]
fn each_spoiled_member_of_what_is_stored_gives_its_error() {
    let (mut authenticator, good) = signed_up(Algorithm::EdDsa);
    let answer = got(&mut authenticator, &Spoil::default());
    assert!(verified(&good, &answer).is_ok());
    let ineligible = StoredCredential { backup_eligible: false, ..stored(&good) };
    assert_eq!(verified(&ineligible, &answer), Err(Error::BackupEligibilityChanged));
    let ahead = StoredCredential { sign_count: 1, ..stored(&good) };
    assert_eq!(verified(&ahead, &answer), Err(Error::PossibleClone));
    let keyless = StoredCredential { public_key: Vec::new(), ..stored(&good) };
    assert_eq!(verified(&keyless, &answer), Err(not_supported("its key is of a kind that was not offered")));
}

/// Copies a credential.
fn stored(one: &StoredCredential) -> StoredCredential {
    StoredCredential { id: one.id.clone(), public_key: one.public_key.clone(), ..*one }
}

#[test]
fn the_flags_of_an_assertion_are_given() {
    let (mut authenticator, stored) = signed_up(Algorithm::EdDsa);
    for (verified_user, state) in [(true, true), (true, false), (false, true), (false, false)] {
        let spoil = Spoil { user_verified: Some(verified_user), backup_state: Some(state), ..Spoil::default() };
        let outcome = verified(&stored, &got(&mut authenticator, &spoil));
        assert_eq!(outcome, Ok(Verified { sign_count: 0, backup_state: state, user_verified: verified_user }));
    }
}

#[test]
fn an_assertion_without_user_verification_is_refused_where_it_is_required() {
    let (mut authenticator, stored) = signed_up(Algorithm::EdDsa);
    for (user_verified, outcome) in [(true, Ok(true)), (false, Err(Error::UserNotVerified))] {
        let spoil = Spoil { user_verified: Some(user_verified), ..Spoil::default() };
        let assertion = Assertion::parse(&got(&mut authenticator, &spoil).to_string()).unwrap();
        let verified = verify_assertion(&relying_party(true), &TO_GET, SUB, &stored, &assertion);
        assert_eq!(verified.map(|verified| verified.user_verified), outcome);
    }
}

#[test]
fn a_counter_grows_or_is_always_0() {
    let (mut authenticator, good) = signed_up(Algorithm::EdDsa);
    for (before, now, grows) in [
        (0, 0, true),
        (0, 1, true),
        (0, u32::MAX, true),
        (5, 6, true),
        (5, 7, true),
        (5, 5, false),
        (5, 4, false),
        (5, 0, false),
        (u32::MAX, 0, false),
        (u32::MAX, u32::MAX, false),
    ] {
        let answer = got(&mut authenticator, &Spoil { sign_count: Some(now), ..Spoil::default() });
        let known = StoredCredential { sign_count: before, ..stored(&good) };
        let outcome = verified(&known, &answer).map(|verified| verified.sign_count);
        assert_eq!(outcome, if grows { Ok(now) } else { Err(Error::PossibleClone) }, "{before} {now}");
    }
}

#[test]
fn the_user_handle_may_be_missing_and_must_fit_otherwise() {
    let (mut authenticator, stored) = signed_up(Algorithm::EdDsa);
    let mut answer = got(&mut authenticator, &Spoil::default());
    let subject = |answer: &Value| Assertion::parse(&answer.to_string()).unwrap().subject();
    assert_eq!(subject(&answer), Some(SUB));
    let other = verify_assertion(
        &relying_party(false),
        &TO_GET,
        Uuid::nil(),
        &stored,
        &Assertion::parse(&answer.to_string()).unwrap(),
    );
    assert_eq!(other, Err(Error::OtherUser));
    for (handle, fits) in [(json!(""), true), (json!(null), true), (json!("AQ"), false), (json!("_w"), false)] {
        answer["response"]["userHandle"] = handle.clone();
        let outcome = verified(&stored, &answer).map(|_| ());
        assert_eq!(outcome, if fits { Ok(()) } else { Err(Error::OtherUser) }, "{handle}");
        assert_eq!(subject(&answer), None, "{handle}");
    }
    answer["response"].as_object_mut().unwrap().remove("userHandle");
    assert!(verified(&stored, &answer).is_ok());
    assert_eq!(subject(&answer), None);
}

#[test]
fn each_spoiled_member_of_an_assertions_json_gives_its_error() {
    let (mut authenticator, _) = signed_up(Algorithm::EdDsa);
    let good = got(&mut authenticator, &Spoil::default());
    let parsed = Assertion::parse(&good.to_string()).unwrap();
    assert_eq!(parsed.credential_id, authenticator.passkeys()[0].credential_id);
    for (path, value, words) in [
        ("/type", "password", "its type is not public-key"),
        ("/id", "!", "id is not base64url"),
        ("/rawId", "!", "rawId is not base64url"),
        ("/id", "AQ", "id and rawId differ"),
        ("/rawId", "AQ", "id and rawId differ"),
        ("/response/clientDataJSON", "!", "clientDataJSON is not base64url"),
        ("/response/authenticatorData", "!", "authenticatorData is not base64url"),
        ("/response/signature", "!", "signature is not base64url"),
        ("/response/userHandle", "!", "userHandle is not base64url"),
    ] {
        let mut answer = good.clone();
        *answer.pointer_mut(path).unwrap() = json!(value);
        assert_eq!(Assertion::parse(&answer.to_string()).unwrap_err(), malformed(words), "{path}");
    }
    for none in ["", "words", "{}", "[]", "null", r#"{"id": "AQ", "rawId": "AQ", "type": "public-key"}"#] {
        let error = Assertion::parse(none).unwrap_err().to_string();
        assert!(error.starts_with("The credential is malformed: it is not an AuthenticationResponseJSON ("), "{error}");
    }
}

#[test]
fn creation_options_are_exactly_what_the_service_sends() {
    for (required, user_verification) in [(true, "required"), (false, "preferred")] {
        let rp = relying_party(required);
        let options = creation_options(&rp, &[0xfb, 0xff, 1], (SUB, "ada"), &ALGORITHMS, &[vec![1], vec![2]]);
        let expected = json!({
            "challenge": "-_8B",
            "rp": {"id": "example.com", "name": "example.com"},
            "user": {
                "id": "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDA1", "name": "ada", "displayName": "ada",
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
            "timeout": 60000,
            "excludeCredentials": [{"type": "public-key", "id": "AQ"}, {"type": "public-key", "id": "Ag"}],
            "authenticatorSelection": {
                "requireResidentKey": true, "residentKey": "required", "userVerification": user_verification,
            },
        });
        assert_eq!(options, expected);
    }
}

#[test]
fn request_options_are_exactly_what_the_service_sends() {
    for (required, user_verification) in [(true, "required"), (false, "preferred")] {
        let one = Descriptor { id: vec![1], transports: vec!["internal".into(), "usb".into()] };
        let other = Descriptor { id: vec![2], transports: Vec::new() };
        let options = request_options(&relying_party(required), &[0xfb, 0xff, 1], &[one, other]);
        let expected = json!({
            "challenge": "-_8B",
            "timeout": 180000,
            "rpId": "example.com",
            "allowCredentials": [
                {"type": "public-key", "id": "AQ", "transports": ["internal", "usb"]},
                {"type": "public-key", "id": "Ag", "transports": []},
            ],
            "userVerification": user_verification,
        });
        assert_eq!(options, expected);
    }
}

#[test]
fn bytes_are_base64url_padded_or_not() {
    for (text, expected) in [("", vec![]), ("AQ", vec![1]), ("AQ==", vec![1]), ("-_8", vec![0xfb, 0xff])] {
        assert_eq!(bytes(text, "x"), Ok(expected), "{text}");
    }
    for text in ["+/8", "A", "AQ\n", " AQ", "AR", "AQ===", "ä"] {
        assert_eq!(bytes(text, "x"), Err(malformed("x is not base64url")), "{text}");
    }
}
