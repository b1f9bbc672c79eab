use serde_json::{Value, json};

use super::*;

fn carried() -> Carried {
    let custom = vec![Answered::srp_a(), Answered::new(ChallengeName::CustomChallenge, false, Some("m".into()))];
    Carried { device: Some("d".into()), named_device: None, custom: Some(custom) }
}

fn sent() -> SentCode {
    SentCode { code: "c".into(), salt: "s".into(), to: "a@b.example".into() }
}

/// Each kind of challenge, and how all releases so far store it in the database.
fn all() -> Vec<(Pending, &'static str, Value)> {
    let (at, text) = (|| Some("17".to_owned()), || "x".to_owned());
    let after = || AfterPassword::new(at(), carried());
    let ceremony = |discoverable| Ceremony { challenge: text(), rp_id: "id".into(), discoverable, read: None };
    let custom = json!([
        {"challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": null},
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false, "challengeMetadata": "m"},
    ]);
    let after_json = json!({"mfa": true, "passwordSetAt": "17", "device": "d", "namedDevice": null, "custom": custom});
    let code = json!({"code": "c", "salt": "s", "to": "a@b.example"});
    let both = |a: &Value, b: &Value| {
        let all = [a, b].into_iter().filter_map(Value::as_object).flatten();
        Value::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let answered = || carried().custom.unwrap_or_default();
    let second = || SecondCode { sent: sent(), after: after() };
    vec![
        (Pending::SelectChallenge {}, "SELECT_CHALLENGE", json!({})),
        (Pending::Password {}, "PASSWORD", json!({})),
        (Pending::PasswordSrp {}, "PASSWORD_SRP", json!({})),
        (Pending::WebAuthn(ceremony(false)), "WEB_AUTHN", json!({"challenge": "x", "rpId": "id"})),
        (Pending::WebAuthn(ceremony(true)), "WEB_AUTHN", json!({"challenge": "x", "rpId": "id", "discoverable": true})),
        (Pending::EmailOtp(EmailOtp::First(sent())), "EMAIL_OTP", code.clone()),
        (Pending::EmailOtp(EmailOtp::Second(second())), "EMAIL_OTP", both(&code, &after_json)),
        (Pending::SmsOtp(sent()), "SMS_OTP", code.clone()),
        (
            Pending::PasswordVerifier { srp: text(), srp_id: "ada".into(), custom: None },
            "PASSWORD_VERIFIER",
            json!({"srp": "x", "srpId": "ada"}),
        ),
        (
            Pending::NewPasswordRequired { password_set_at: at(), custom: Some(answered()) },
            "NEW_PASSWORD_REQUIRED",
            json!({"passwordSetAt": "17", "custom": custom}),
        ),
        (Pending::SoftwareTokenMfa(after()), "SOFTWARE_TOKEN_MFA", after_json.clone()),
        (Pending::SmsMfa(second()), "SMS_MFA", both(&code, &after_json)),
        (Pending::SelectMfaType(after()), "SELECT_MFA_TYPE", after_json.clone()),
        (
            Pending::MfaSetup { verified: true, after: after() },
            "MFA_SETUP",
            both(&json!({"verified": true}), &after_json),
        ),
        (
            Pending::DeviceSrpAuth { device: "d".into(), password_set_at: None },
            "DEVICE_SRP_AUTH",
            json!({"device": "d", "passwordSetAt": null}),
        ),
        (
            Pending::DevicePasswordVerifier { srp: text(), device: "d".into(), password_set_at: at() },
            "DEVICE_PASSWORD_VERIFIER",
            json!({"srp": "x", "device": "d", "passwordSetAt": "17"}),
        ),
        (
            Pending::CustomChallenge { custom: answered(), password_set_at: None, private: text(), metadata: None },
            "CUSTOM_CHALLENGE",
            json!({"custom": custom, "passwordSetAt": null, "private": "x", "metadata": null}),
        ),
        (Pending::SignUp {}, "SIGN_UP", json!({})),
        (Pending::SignedUp {}, "SIGNED_UP", json!({})),
        (Pending::PageStep { page: text() }, "PAGE_STEP", json!({"page": "x"})),
        (
            Pending::PasskeyRegistration(ceremony(false)),
            "PASSKEY_REGISTRATION",
            json!({"challenge": "x", "rpId": "id"}),
        ),
        (
            Pending::WebAuthnRegistration(ceremony(false)),
            "WEB_AUTHN_REGISTRATION",
            json!({"challenge": "x", "rpId": "id"}),
        ),
    ]
}

#[test]
fn what_is_stored_is_what_the_releases_so_far_store() {
    for (pending, kind, data) in all() {
        assert_eq!(write(&pending, &Bounds::default()), (kind, data.clone()));
        assert_eq!(read(kind, data), Ok((pending, Bounds::default())));
    }
}

#[test]
fn bounds_stand_beside_the_members_of_every_kind() {
    let bounds = Bounds { pages: true, decoy: Some("mark".into()) };
    for (pending, kind, data) in all() {
        let (written, stored) = write(&pending, &bounds);
        assert_eq!((written, &stored["pages"], &stored["decoy"]), (kind, &json!(true), &json!("mark")));
        assert!(data.as_object().unwrap().iter().all(|(name, value)| stored[name] == *value), "{stored}");
        assert_eq!(read(kind, stored), Ok((pending, bounds.clone())));
    }
}

#[test]
fn every_challenge_of_a_sign_in_has_the_apis_name() {
    let nameless = ["SIGN_UP", "SIGNED_UP", "PAGE_STEP", "PASSKEY_REGISTRATION", "WEB_AUTHN_REGISTRATION"];
    for (pending, kind, _) in all() {
        let name = pending.name().map(|name| name.to_string());
        assert_eq!(name.as_deref(), Some(kind).filter(|kind| !nameless.contains(kind)));
    }
}

#[test]
fn what_is_marked_as_a_second_factor_is_never_a_first_one() {
    for mark in [json!(true), json!(false), json!(null), json!("true")] {
        let data = json!({"code": "c", "salt": "s", "to": "a", "mfa": mark, "passwordSetAt": 5});
        assert_eq!(read("EMAIL_OTP", data), Err(NotUnderstood));
    }
}

#[test]
fn a_kind_or_a_member_that_is_not_known_is_no_default() {
    for (kind, data) in [
        ("TELEPATHY", json!({})),
        ("WEB_AUTHN", json!({"rpId": "id"})),
        ("SOFTWARE_TOKEN_MFA", json!({"passwordSetAt": "17"})),
        ("MFA_SETUP", json!({"mfa": true, "verified": "yes"})),
        ("PASSWORD", json!({"pages": "yes"})),
        ("PASSWORD", json!([])),
        ("PASSWORD", json!(null)),
    ] {
        assert_eq!(read(kind, data.clone()), Err(NotUnderstood), "{kind} {data}");
    }
}

#[test]
fn what_was_answered_keeps_its_challenge_and_the_first_step_has_none() {
    assert_eq!(Answered::srp_a().name(), None);
    let answered = Answered::new(ChallengeName::SmsMfa, false, None);
    assert_eq!((answered.name(), answered.challenge_result), (Some(ChallengeName::SmsMfa), false));
}

#[test]
fn each_kind_tells_what_it_asks_for_and_of_which_password() {
    let second = |kind: &str| match kind {
        "SOFTWARE_TOKEN_MFA" => Some(SecondFactor::SoftwareTokenMfa),
        "SMS_MFA" => Some(SecondFactor::SmsMfa),
        _ => None,
    };
    for (pending, kind, data) in all() {
        let is_second = data["mfa"] == true;
        let asked = pending.second_factor();
        assert_eq!(asked.is_some(), is_second, "{kind}");
        if let Some((method, after)) = asked {
            let expected = if kind == "EMAIL_OTP" { Some(SecondFactor::EmailOtp) } else { second(kind) };
            assert_eq!((method, &after.carried), (expected, &carried()), "{kind}");
        }
        let set_at = data.get("passwordSetAt").map(|at| at.as_str().map(str::to_owned));
        assert_eq!(pending.password_set_at().cloned(), set_at, "{kind}");
        assert_eq!(pending.sent_code().cloned(), data.get("code").map(|_| sent()), "{kind}");
    }
}
