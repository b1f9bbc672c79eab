//! Registering, listing and using passkeys: what is accepted, and that every spoiled field is refused.

use keystead::dev::authenticator::{Algorithm, Attestation, Authenticator, Spoil};
use serde_json::{Value, json};

use crate::support::{ORIGIN, Person, TestServer, all, client, initiate, pool, second_client};

/// `{"credProtect": 2}` in CBOR.
const EXTENSIONS: &[u8] = b"\xa1\x6bcredProtect\x02";

/// A registration with one field spoiled.
async fn register(person: &Person, origin: &str, spoil: &Spoil) -> String {
    let options = person.start_registration().await;
    let credential = person.authenticator.clone().create(&options, origin, spoil).unwrap();
    person.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.outcome()
}

#[tokio::test]
async fn creation_options_have_exactly_the_documented_members() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let options = ada.start_registration().await;
    let challenge = options["challenge"].as_str().unwrap();
    assert_eq!(challenge.len(), 43, "32 bytes");
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let expected = json!({
        "challenge": challenge,
        "rp": {"id": "localhost", "name": "localhost"},
        "user": {"id": BASE64_URL_SAFE_NO_PAD.encode(&ada.sub), "name": "ada", "displayName": "ada"},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "timeout": 60000,
        "excludeCredentials": [{"type": "public-key", "id": id}],
        "authenticatorSelection": {"requireResidentKey": true, "residentKey": "required", "userVerification": "preferred"},
    });
    assert_eq!(options.to_string(), expected.to_string(), "members and their order");
}

#[tokio::test]
async fn both_algorithms_and_attestations_register_and_sign_in() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    for (algorithm, attestation, counts) in [
        (Algorithm::Es256, Attestation::None, false),
        (Algorithm::Rs256, Attestation::None, true),
        (Algorithm::Es256, Attestation::Packed, true),
        (Algorithm::Rs256, Attestation::Packed, false),
    ] {
        ada.authenticator = Default::default();
        (ada.authenticator.prefer, ada.authenticator.attestation, ada.authenticator.counts) =
            (Some(algorithm), attestation, counts);
        ada.add_passkey().await;
        for _ in 0..2 {
            let answer = ada.passkey_sign_in(&Spoil::default()).await.ok();
            assert!(answer["AuthenticationResult"]["RefreshToken"].is_string());
        }
    }
    assert_eq!(server.count("webauthn_credentials WHERE last_used_at IS NOT NULL").await, 4);
    assert_eq!(server.count("sessions WHERE opened_with = 'passkey' AND credential_id IS NOT NULL").await, 8);
}

#[tokio::test]
async fn the_list_shows_what_the_api_has() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let listed = ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    let created = listed["Credentials"][0]["CreatedAt"].as_f64().unwrap();
    assert!((created * 1000.0).fract().abs() < 1e-3, "milliseconds");
    assert_eq!(
        listed,
        json!({"Credentials": [{"CredentialId": id, "FriendlyCredentialName": "Platform passkey", "RelyingPartyId": "localhost",
        "AuthenticatorAttachment": "platform", "AuthenticatorTransports": ["hybrid", "internal"], "CreatedAt": created}]})
    );
}

#[tokio::test]
async fn the_list_is_paged_with_tokens_that_fit_one_user() {
    let server = TestServer::start().await;
    let (mut ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let mut made = Vec::new();
    for _ in 0..5 {
        ada.authenticator = Default::default();
        made.push(ada.add_passkey().await);
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = ada.call("ListWebAuthnCredentials", json!({"MaxResults": 2, "NextToken": token})).await.ok();
        seen.extend(
            page["Credentials"]
                .as_array()
                .unwrap()
                .iter()
                .map(|credential| credential["CredentialId"].as_str().unwrap().to_owned()),
        );
        if page["NextToken"].is_null() {
            break;
        }
        token = page["NextToken"].clone();
    }
    assert_eq!(seen, made, "oldest first");
    assert_eq!(
        eve.call("ListWebAuthnCredentials", json!({"NextToken": token})).await.outcome(),
        "InvalidParameterException"
    );
    assert_eq!(
        ada.call("ListWebAuthnCredentials", json!({"MaxResults": 0})).await.ok()["Credentials"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn every_spoiled_field_of_a_registration_is_refused() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let spoil = Spoil::default;
    let table = [
        ("type", Spoil { client_type: Some("webauthn.get".into()), ..spoil() }, "InvalidParameterException"),
        ("challenge", Spoil { challenge: Some(vec![1; 32]), ..spoil() }, "WebAuthnChallengeNotFoundException"),
        (
            "origin",
            Spoil { origin: Some("https://evil.example".into()), ..spoil() },
            "WebAuthnOriginNotAllowedException",
        ),
        (
            "http origin",
            Spoil { origin: Some("http://localhost.evil.example".into()), ..spoil() },
            "WebAuthnOriginNotAllowedException",
        ),
        ("crossOrigin", Spoil { cross_origin: Some(true), ..spoil() }, "WebAuthnOriginNotAllowedException"),
        (
            "topOrigin",
            Spoil { top_origin: Some("https://evil.example".into()), ..spoil() },
            "WebAuthnOriginNotAllowedException",
        ),
        ("rpIdHash", Spoil { rp_id: Some("evil.example".into()), ..spoil() }, "WebAuthnRelyingPartyMismatchException"),
        ("UP", Spoil { user_present: Some(false), ..spoil() }, "InvalidParameterException"),
        (
            "BS without BE",
            Spoil { backup_eligible: Some(false), backup_state: Some(true), ..spoil() },
            "InvalidParameterException",
        ),
        ("alg", Spoil { algorithm: Some(-8), ..spoil() }, "WebAuthnCredentialNotSupportedException"),
        (
            "attestation format",
            Spoil { attestation_format: Some("invented".into()), ..spoil() },
            "WebAuthnCredentialNotSupportedException",
        ),
        ("client data", Spoil { raw_client_data: Some(b"{".to_vec()), ..spoil() }, "InvalidParameterException"),
        (
            "authenticator data",
            Spoil { raw_authenticator_data: Some(vec![0; 20]), ..spoil() },
            "InvalidParameterException",
        ),
        (
            "attestation object",
            Spoil { raw_attestation_object: Some(vec![0xff; 20]), ..spoil() },
            "InvalidParameterException",
        ),
        ("a byte behind the key", Spoil { trailing: vec![0], ..spoil() }, "InvalidParameterException"),
        (
            "extensions without their flag",
            Spoil { trailing: EXTENSIONS.into(), ..spoil() },
            "InvalidParameterException",
        ),
        ("their flag without extensions", Spoil { extensions: Some(true), ..spoil() }, "InvalidParameterException"),
        (
            "a byte behind the extensions",
            Spoil { extensions: Some(true), trailing: [EXTENSIONS, &[0]].concat(), ..spoil() },
            "InvalidParameterException",
        ),
        ("an ID too long", Spoil { credential_id: Some(vec![1; 1024]), ..spoil() }, "InvalidParameterException"),
        ("an empty ID", Spoil { credential_id: Some(Vec::new()), ..spoil() }, "InvalidParameterException"),
    ];
    for (field, spoil, expected) in &table {
        assert_eq!(register(&ada, ORIGIN, spoil).await, *expected, "{field}");
    }
    ada.authenticator.attestation = Attestation::Packed;
    assert_eq!(
        register(&ada, ORIGIN, &Spoil { signature: true, ..spoil() }).await,
        "InvalidParameterException",
        "packed signature"
    );
    assert_eq!(ada.listed().await, Vec::<String>::new());
    assert_eq!(register(&ada, ORIGIN, &spoil()).await, "OK");
    let extended = Spoil { extensions: Some(true), trailing: EXTENSIONS.into(), ..spoil() };
    assert_eq!(register(&ada, ORIGIN, &extended).await, "OK", "extensions with their flag");
}

#[tokio::test]
async fn every_spoiled_field_of_an_assertion_is_refused() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.authenticator.counts = true;
    ada.add_passkey().await;
    let spoil = Spoil::default;
    let sessions = server.count("sessions").await;
    for (field, spoil) in [
        ("type", Spoil { client_type: Some("webauthn.create".into()), ..spoil() }),
        ("challenge", Spoil { challenge: Some(vec![1; 32]), ..spoil() }),
        ("origin", Spoil { origin: Some("https://evil.example".into()), ..spoil() }),
        ("crossOrigin", Spoil { cross_origin: Some(true), ..spoil() }),
        ("topOrigin", Spoil { top_origin: Some("https://evil.example".into()), ..spoil() }),
        ("rpIdHash", Spoil { rp_id: Some("evil.example".into()), ..spoil() }),
        ("UP", Spoil { user_present: Some(false), ..spoil() }),
        ("another ID", Spoil { credential_id: Some(vec![7; 32]), ..spoil() }),
        ("another user", Spoil { user_handle: Some(b"someone-else".to_vec()), ..spoil() }),
        ("signature", Spoil { signature: true, ..spoil() }),
        ("client data", Spoil { raw_client_data: Some(b"{}".to_vec()), ..spoil() }),
        ("authenticator data", Spoil { raw_authenticator_data: Some(vec![0; 20]), ..spoil() }),
        ("a byte behind", Spoil { trailing: vec![0], ..spoil() }),
        ("extensions without their flag", Spoil { trailing: EXTENSIONS.into(), ..spoil() }),
    ] {
        let refusal = ada.passkey_sign_in(&spoil).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.", "{field}");
    }
    let (session, _) = ada.passkey_challenge().await;
    assert_eq!(ada.respond(&session, &json!("nonsense")).await.outcome(), "InvalidParameterException");
    assert_eq!(server.count("sessions").await, sessions);
    ada.passkey_sign_in(&spoil()).await.ok();
}

#[tokio::test]
async fn user_verification_is_checked_when_the_pool_requires_it() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let unverified = Spoil { user_verified: Some(false), ..Spoil::default() };
    ada.add_passkey().await;
    ada.passkey_sign_in(&unverified).await.ok();
    let required = json!({"RelyingPartyId": "localhost", "UserVerification": "required"});
    server
        .operator("SetUserPoolMfaConfig", json!({"UserPoolId": pool(), "WebAuthnConfiguration": required}))
        .await
        .ok();
    assert_eq!(ada.start_registration().await["authenticatorSelection"]["userVerification"], "required");
    let refusal = ada.passkey_sign_in(&unverified).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    ada.authenticator = Default::default();
    assert_eq!(register(&ada, ORIGIN, &unverified).await, "WebAuthnCredentialNotSupportedException");
}

#[tokio::test]
async fn a_counter_that_does_not_grow_is_refused_and_audited() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.authenticator.counts = true;
    ada.add_passkey().await;
    ada.passkey_sign_in(&Spoil { sign_count: Some(10), ..Spoil::default() }).await.ok();
    for count in [10, 9, 0] {
        let refusal = ada.passkey_sign_in(&Spoil { sign_count: Some(count), ..Spoil::default() }).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    }
    assert_eq!(server.count("audit_events WHERE event = 'passkey.clone_suspected'").await, 3);
    ada.passkey_sign_in(&Spoil { sign_count: Some(11), ..Spoil::default() }).await.ok();
}

#[tokio::test]
async fn a_changed_backup_eligibility_is_refused_or_recorded_as_the_policy_says() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let changed = Spoil { backup_eligible: Some(false), backup_state: Some(false), ..Spoil::default() };
    let refusal = ada.passkey_sign_in(&changed).await.refused();
    assert_eq!(
        refusal,
        "400 NotAuthorizedException: This passkey is no longer as it was registered: whether it may be backed up has changed. Sign in another way and register a new passkey."
    );
    // Only a valid signature is told so.
    let forged = Spoil { signature: true, ..changed.clone() };
    let refusal = ada.passkey_sign_in(&forged).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    let noted = "audit_events WHERE event = 'passkey.backup_eligibility_changed'";
    assert_eq!(server.count(noted).await, 1);

    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"AcceptChangedBackupEligibility": true}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    ada.passkey_sign_in(&changed).await.ok();
    assert_eq!(server.count(noted).await, 2);
    assert_eq!(server.count("webauthn_credentials WHERE NOT backup_eligible AND NOT backup_state").await, 1);
    // What was recorded is what is expected from now on.
    ada.passkey_sign_in(&changed).await.ok();
    assert_eq!(server.count(noted).await, 2);
}

#[tokio::test]
async fn a_failed_ceremony_burns_its_challenge() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let (session, options) = ada.passkey_challenge().await;
    let good = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
    let bad = ada.authenticator.get(&options, ORIGIN, &Spoil { signature: true, ..Spoil::default() }).unwrap();
    assert_eq!(ada.respond(&session, &bad).await.outcome(), "NotAuthorizedException");
    let refusal = ada.respond(&session, &good).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user, session can only be used once.");
    let mut other = ada.clone();
    other.authenticator = Default::default();
    let options = other.start_registration().await;
    let bad = other.authenticator.clone().create(&options, "https://evil.example", &Spoil::default()).unwrap();
    let good = other.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
    // Another one is pending, which the wrong answer does not touch.
    let mut third = ada.clone();
    third.authenticator = Default::default();
    let second = third.authenticator.create(&other.start_registration().await, ORIGIN, &Spoil::default()).unwrap();
    assert_eq!(
        other.call("CompleteWebAuthnRegistration", json!({"Credential": bad})).await.outcome(),
        "WebAuthnOriginNotAllowedException"
    );
    assert_eq!(
        other.call("CompleteWebAuthnRegistration", json!({"Credential": good})).await.outcome(),
        "WebAuthnChallengeNotFoundException"
    );
    other.call("CompleteWebAuthnRegistration", json!({"Credential": second})).await.ok();
}

#[tokio::test]
async fn five_registrations_are_pending_and_the_oldest_goes_first() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let mut begun = Vec::new();
    for _ in 0..6 {
        let options = ada.start_registration().await;
        begun.push(Authenticator::new().create(&options, ORIGIN, &Spoil::default()).unwrap());
        server.clock.advance(time::Duration::seconds(1));
    }
    let mut outcomes = Vec::new();
    for credential in begun {
        outcomes.push(ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.outcome());
    }
    let mut expected = vec!["OK"; 6];
    expected[0] = "WebAuthnChallengeNotFoundException";
    assert_eq!(outcomes, expected);
    // Starts at the same moment do not make more of them either.
    for _ in 0..10 {
        let starts = (0..12).map(|_| {
            let ada = ada.clone();
            async move { ada.start_registration().await }
        });
        all(starts).await;
        assert_eq!(server.count("challenges WHERE kind = 'PASSKEY_REGISTRATION'").await, 5);
    }
}

#[tokio::test]
async fn a_registration_that_the_release_before_began_is_completed() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let options = ada.start_registration().await;
    server.sql("UPDATE challenges SET kind = 'WEB_AUTHN_REGISTRATION' WHERE kind = 'PASSKEY_REGISTRATION'").await;
    let credential = Authenticator::new().create(&options, ORIGIN, &Spoil::default()).unwrap();
    ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.ok();
}

#[tokio::test]
async fn a_registration_belongs_to_one_user_client_and_five_minutes() {
    let server = TestServer::start().await;
    let (ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let options = ada.start_registration().await;
    let credential =
        json!({"Credential": ada.authenticator.clone().create(&options, ORIGIN, &Spoil::default()).unwrap()});
    assert_eq!(
        eve.call("CompleteWebAuthnRegistration", credential.clone()).await.outcome(),
        "WebAuthnChallengeNotFoundException"
    );
    let mut elsewhere = ada.clone();
    elsewhere.keep_tokens(&ada.password_sign_in(second_client(), crate::support::PASSWORD).await.ok());
    assert_eq!(
        elsewhere.call("CompleteWebAuthnRegistration", credential).await.outcome(),
        "WebAuthnClientMismatchException"
    );
    let options = ada.start_registration().await;
    let credential =
        json!({"Credential": ada.authenticator.clone().create(&options, ORIGIN, &Spoil::default()).unwrap()});
    server.clock.advance(time::Duration::minutes(5));
    assert_eq!(
        ada.call("CompleteWebAuthnRegistration", credential).await.outcome(),
        "WebAuthnChallengeNotFoundException"
    );
}

#[tokio::test]
async fn a_credential_may_come_as_text_and_without_optional_members() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let options = ada.start_registration().await;
    let mut credential = ada.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
    for member in ["clientExtensionResults", "authenticatorAttachment"] {
        credential.as_object_mut().unwrap().remove(member);
    }
    for member in ["publicKey", "publicKeyAlgorithm", "authenticatorData", "transports"] {
        credential["response"].as_object_mut().unwrap().remove(member);
    }
    let answer = ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential.to_string()})).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let listed = ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    assert_eq!(listed["Credentials"][0]["AuthenticatorTransports"], json!([]));
    assert_eq!(listed["Credentials"][0]["FriendlyCredentialName"], "Passkey");
}

#[tokio::test]
async fn a_credential_id_is_registered_once_in_a_pool() {
    let server = TestServer::start().await;
    let (mut ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    ada.add_passkey().await;
    let taken = ada.authenticator.passkeys()[0].credential_id.clone();
    assert_eq!(
        register(&eve, ORIGIN, &Spoil { credential_id: Some(taken), ..Spoil::default() }).await,
        "InvalidParameterException"
    );
    assert_eq!(server.count("webauthn_credentials").await, 1);
}

#[tokio::test]
async fn a_user_may_have_twenty_passkeys_and_races_do_not_make_it_more() {
    let server = TestServer::with(&["--passkeys-per-user=3"]).await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    for _ in 0..12 {
        // A registration each on two replicas.
        let outcomes = all([ada.at(&server), ada.at(&replica)].map(|mut person| async move {
            person.authenticator = Default::default();
            register(&person, ORIGIN, &Spoil::default()).await
        }))
        .await;
        let allowed = ["OK", "LimitExceededException"];
        assert!(outcomes.iter().all(|outcome| allowed.contains(&outcome.as_str())), "{outcomes:?}");
    }
    while ada.listed().await.len() < 3 {
        ada.authenticator = Default::default();
        ada.add_passkey().await;
    }
    assert_eq!(server.count("webauthn_credentials").await, 3);
    ada.authenticator = Default::default();
    assert_eq!(register(&ada, ORIGIN, &Spoil::default()).await, "LimitExceededException");
}

#[tokio::test]
async fn pools_without_passkeys_or_rp_id_say_so() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    server.sql("UPDATE user_pools SET configuration = configuration - 'WebAuthnConfiguration'").await;
    assert_eq!(
        ada.call("StartWebAuthnRegistration", json!({})).await.outcome(),
        "WebAuthnConfigurationMissingException"
    );
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}});
    server.operator("UpdateUserPool", json!({"UserPoolId": pool(), "Policies": factors})).await.ok();
    for operation in ["StartWebAuthnRegistration", "CompleteWebAuthnRegistration"] {
        assert_eq!(ada.call(operation, json!({"Credential": {}})).await.outcome(), "WebAuthnNotEnabledException");
    }
    assert_eq!(ada.listed().await, Vec::<String>::new(), "listing and deleting need no feature");
}

#[tokio::test]
async fn a_changed_rp_id_orphans_passkeys() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let web_authn = json!({"RelyingPartyId": "example.com"});
    server
        .operator("SetUserPoolMfaConfig", json!({"UserPoolId": pool(), "WebAuthnConfiguration": web_authn}))
        .await
        .ok();
    let input = initiate(client(), "USER_AUTH", json!({"USERNAME": "ada"}));
    assert_eq!(
        server.call("InitiateAuth", input).await.ok()["AvailableChallenges"],
        json!(["PASSWORD_SRP", "PASSWORD"])
    );
    assert_eq!(ada.listed().await.len(), 1);
}

#[tokio::test]
async fn long_rsa_keys_are_registered_and_sign_in() {
    let server = TestServer::start().await;
    for (bits, attestation) in [(3072, Attestation::None), (4096, Attestation::Packed)] {
        let mut ada = server.signed_in(&format!("ada{bits}")).await;
        (ada.authenticator.prefer, ada.authenticator.rsa_bits) = (Some(Algorithm::Rs256), Some(bits));
        ada.authenticator.attestation = attestation;
        let options = ada.start_registration().await;
        let spoiled =
            ada.authenticator.create(&options, ORIGIN, &Spoil { signature: true, ..Spoil::default() }).unwrap();
        if attestation == Attestation::Packed {
            let refused = ada.call("CompleteWebAuthnRegistration", json!({"Credential": spoiled})).await.outcome();
            assert_eq!(refused, "InvalidParameterException", "{bits}");
        }
        ada.add_passkey().await;
        ada.passkey_sign_in(&Spoil::default()).await.ok();
        let refused = ada.passkey_sign_in(&Spoil { signature: true, ..Spoil::default() }).await;
        assert_eq!(refused.outcome(), "NotAuthorizedException", "{bits}");
    }
}
