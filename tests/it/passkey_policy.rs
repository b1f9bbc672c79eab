//! What a pool wants of its passkeys beyond Amazon Cognito: each rule, through the API.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::dev::authenticator::{AAGUID, Attestation, Authenticator, Spoil};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Answer, Browser, ORIGIN, PASSWORD, Person, TestServer, all, client, initiate, pool, pool_with, respond,
};

async fn set(server: &TestServer, policy: Value) {
    let input = json!({"UserPoolId": pool(), "PasskeyPolicy": policy});
    server.operator("SetUserPoolPasskeyPolicy", input).await.ok();
}

/// A person who can do nothing but use passkeys.
async fn without_password(server: &TestServer, username: &str) -> Person {
    let mut person = server.signed_in(username).await;
    person.add_passkey().await;
    server.sql(&format!("UPDATE users SET password_hash = NULL WHERE username = '{username}'")).await;
    person
}

#[tokio::test]
async fn a_policy_is_read_as_it_was_set_and_is_cognitos_without() {
    let server = TestServer::start().await;
    let read = async || {
        server.operator("GetUserPoolPasskeyPolicy", json!({"UserPoolId": pool()})).await.ok()["PasskeyPolicy"].clone()
    };
    let plain = json!({"SessionsOnDelete": "KEEP", "KeepLastFactor": false, "EdDSA": false, "SignalUserDetails": false,
        "AcceptChangedBackupEligibility": false});
    assert_eq!(read().await, plain);
    let whole = json!({"SessionsOnDelete": "END_OTHERS", "KeepLastFactor": true, "StepUpSeconds": 300, "MaximumPasskeys": 3,
        "AcceptedAuthenticators": [Uuid::from_bytes(AAGUID)], "EdDSA": true, "RelatedOrigins": ["https://example.org"],
        "UsernamelessClients": [client()], "SignalUserDetails": true, "AcceptChangedBackupEligibility": true});
    set(&server, whole.clone()).await;
    assert_eq!(read().await, whole);
    set(&server, json!({})).await;
    assert_eq!(read().await, plain);
    assert_eq!(server.count("audit_events WHERE event = 'pool.passkey_policy_set'").await, 2);
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_refused() {
    let server = TestServer::start().await;
    for (policy, named) in [
        (json!({"SessionsOnDelete": "SOME"}), "sessionsOnDelete"),
        (json!({"StepUpSeconds": 59}), "stepUpSeconds"),
        (json!({"MaximumPasskeys": 0}), "maximumPasskeys"),
        (json!({"AcceptedAuthenticators": ["x"]}), "acceptedAuthenticators"),
        (json!({"RelatedOrigins": ["http://example.org"]}), "RelatedOrigins"),
        (json!({"RelatedOrigins": ["https://example.org/path"]}), "RelatedOrigins"),
        (json!({"RelatedOrigins": ["https://192.0.2.1"]}), "RelatedOrigins"),
        (json!({"UsernamelessClients": ["nobody"]}), "nobody"),
        (json!({"KeepLastFactors": true}), "passkeyPolicy.keepLastFactors"),
    ] {
        let input = json!({"UserPoolId": pool(), "PasskeyPolicy": policy});
        let refusal = server.operator("SetUserPoolPasskeyPolicy", input).await.refused();
        assert!(refusal.contains(named), "{policy}: {refusal}");
    }
    let refusal = server.operator("GetUserPoolPasskeyPolicy", json!({"UserPoolId": "us-east-1_none"})).await;
    assert_eq!(refusal.outcome(), "ResourceNotFoundException");
}

#[tokio::test]
async fn the_last_way_to_sign_in_stays() {
    let server = TestServer::start().await;
    set(&server, json!({"KeepLastFactor": true})).await;
    let mut ada = without_password(&server, "ada").await;
    let only = ada.listed().await;
    let refusal = ada.delete_passkey(&only[0]).await.refused();
    assert!(refusal.starts_with("400 InvalidParameterException: The passkey is the last way to sign in"), "{refusal}");
    assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, 0);
    // The way out that the refusal names.
    ada.authenticator = Authenticator::new();
    ada.add_passkey().await;
    ada.delete_passkey(&only[0]).await.ok();
    let mut eve = server.signed_in("eve").await;
    let id = eve.add_passkey().await;
    eve.delete_passkey(&id).await.ok();
}

#[tokio::test]
async fn of_two_that_delete_the_last_two_ways_one_is_refused() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    set(&server, json!({"KeepLastFactor": true})).await;
    for round in 0..30 {
        let mut person = without_password(&server, &format!("u{round}")).await;
        person.authenticator = Authenticator::new();
        person.add_passkey().await;
        let ids = person.listed().await;
        let calls = [(person.clone(), ids[0].clone()), (person.at(&other), ids[1].clone())];
        let outcomes = all(calls.map(|(person, id)| async move { person.delete_passkey(&id).await.outcome() })).await;
        let mut sorted = outcomes.clone();
        sorted.sort();
        assert_eq!(sorted, ["InvalidParameterException", "OK"], "round {round}");
    }
}

#[tokio::test]
async fn the_last_address_that_signs_in_stays_too() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let (pool, client) = pool_with(&server, json!({"Policies": factors}), json!({})).await;
    let policy = json!({"UserPoolId": pool, "PasskeyPolicy": {"KeepLastFactor": true}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let mut ada = server.user_in(&pool, "ada").await;
    let verified = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": verified});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    ada.sign_in_to(&client).await;
    let remove = json!({"UserAttributeNames": ["email"]});
    let change = json!({"UserAttributes": [{"Name": "email", "Value": "slip@example.com"}]});
    let hash = server.sql_text("SELECT password_hash FROM users WHERE username = 'ada'").await;
    server.sql("UPDATE users SET password_hash = NULL WHERE username = 'ada'").await;
    for (operation, input) in [("DeleteUserAttributes", &remove), ("UpdateUserAttributes", &change)] {
        let refusal = ada.call(operation, input.clone()).await.refused();
        assert!(refusal.starts_with("400 InvalidParameterException: Nothing would be left"), "{operation}: {refusal}");
    }
    assert_eq!(server.count("users WHERE attributes ->> 'email' = 'ada@example.com'").await, 1);
    // Who has a password may.
    server.sql(&format!("UPDATE users SET password_hash = '{hash}' WHERE username = 'ada'")).await;
    ada.call("DeleteUserAttributes", remove).await.ok();
}

#[tokio::test]
async fn an_old_sign_in_does_not_lead_around_the_policy() {
    let server = TestServer::start().await;
    set(&server, json!({"StepUpSeconds": 60})).await;
    let devices = json!({"UserPoolId": pool(), "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": true}});
    server.operator("UpdateUserPool", devices).await.ok();
    let apps = json!({"UserPoolId": pool(), "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", apps).await.ok();
    let mut ada = server.signed_in("ada").await;
    // Without a password, with an address and a second factor.
    let shape = "UPDATE users SET password_hash = NULL, mfa = mfa || '{\"enabled\": [\"SOFTWARE_TOKEN_MFA\"]}',
        attributes = attributes || '{\"phone_number\": \"+491234567\"}'";
    server.sql(shape).await;
    let calls = [
        ("ChangePassword", json!({"ProposedPassword": "Thief0!pass"})),
        ("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "email", "Value": "thief@example.com"}]})),
        ("DeleteUserAttributes", json!({"UserAttributeNames": ["phone_number"]})),
        ("AssociateSoftwareToken", json!({})),
        ("SetUserMFAPreference", json!({"SoftwareTokenMfaSettings": {"Enabled": false}})),
        ("DeleteUser", json!({})),
    ];
    let number = "AQIDBAUGBwgJCgsMDQ4PEA==";
    let secrets = json!({"Salt": number, "PasswordVerifier": number});
    let of_devices = [
        ("ConfirmDevice", json!({"DeviceKey": "us-east-1_0a1b", "DeviceSecretVerifierConfig": secrets})),
        ("UpdateDeviceStatus", json!({"DeviceKey": "us-east-1_0a1b", "DeviceRememberedStatus": "remembered"})),
    ];
    server.clock.advance(time::Duration::seconds(61));
    for (operation, input) in calls.iter().chain(&of_devices) {
        let refusal = ada.call(operation, input.clone()).await.refused();
        assert!(refusal.contains("asks for a sign-in within the last 60 seconds"), "{operation}: {refusal}");
    }
    // What opens nothing goes on, and what changes nothing.
    for (name, value) in [("name", "Ada"), ("phone_number", "+491234567")] {
        let input = json!({"UserAttributes": [{"Name": name, "Value": value}]});
        ada.call("UpdateUserAttributes", input).await.ok();
    }
    ada.call("SetUserMFAPreference", json!({"SMSMfaSettings": {"Enabled": false}})).await.ok();
    // A new sign-in may.
    let input = json!({"UserPoolId": pool(), "Username": "ada", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", input).await.ok();
    server.sql("UPDATE users SET mfa = mfa || '{\"enabled\": []}'").await;
    ada.sign_in().await;
    server.sql(shape).await;
    for (operation, input) in &calls {
        ada.call(operation, input.clone()).await.ok();
    }
}

#[tokio::test]
async fn an_old_sign_in_changes_no_passkeys() {
    let server = TestServer::start().await;
    set(&server, json!({"StepUpSeconds": 60})).await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let options = ada.start_registration().await;
    let credential = Authenticator::new().create(&options, ORIGIN, &Spoil::default()).unwrap();
    server.clock.advance(time::Duration::seconds(61));
    for (operation, input) in [
        ("StartWebAuthnRegistration", json!({})),
        ("CompleteWebAuthnRegistration", json!({"Credential": credential})),
        ("DeleteWebAuthnCredential", json!({"CredentialId": id})),
    ] {
        let refusal = ada.call(operation, input).await.refused();
        assert!(refusal.contains("asks for a sign-in within the last 60 seconds"), "{operation}: {refusal}");
    }
    assert_eq!(ada.listed().await.len(), 1);
    // A refreshed token is of the same sign-in; a new sign-in is a new one.
    let refreshed = server
        .call("InitiateAuth", initiate(client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": ada.refresh_token})))
        .await
        .ok();
    let token = &refreshed["AuthenticationResult"]["AccessToken"];
    let refusal = server.call("DeleteWebAuthnCredential", json!({"AccessToken": token, "CredentialId": id})).await;
    assert_eq!(refusal.outcome(), "NotAuthorizedException");
    ada.sign_in().await;
    ada.delete_passkey(&id).await.ok();
}

#[tokio::test]
async fn a_pools_own_number_of_passkeys_counts() {
    let server = TestServer::start().await;
    set(&server, json!({"MaximumPasskeys": 1})).await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let options = ada.start_registration().await;
    let credential = Authenticator::new().create(&options, ORIGIN, &Spoil::default()).unwrap();
    let refusal = ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.refused();
    assert_eq!(refusal, "400 LimitExceededException: A user may have 1 passkeys; delete one first.");
}

#[tokio::test]
async fn only_accepted_authenticators_are_registered() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    set(&server, json!({"AcceptedAuthenticators": [Uuid::from_bytes(AAGUID)]})).await;
    ada.add_passkey().await;
    set(&server, json!({"AcceptedAuthenticators": ["ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"]})).await;
    let mut other = server.signed_in("eve").await;
    let options = other.start_registration().await;
    let credential = other.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
    let refusal = other.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await;
    assert_eq!(refusal.outcome(), "WebAuthnCredentialNotSupportedException");
    assert_eq!(server.count("webauthn_credentials").await, 1);
}

#[tokio::test]
async fn eddsa_is_offered_and_accepted_where_it_is_switched_on() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let algorithms = |options: &Value| -> Vec<i64> {
        options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect()
    };
    assert_eq!(algorithms(&ada.start_registration().await), [-7, -257]);
    set(&server, json!({"EdDSA": true})).await;
    assert_eq!(algorithms(&ada.start_registration().await), [-8, -7, -257]);
    ada.add_passkey().await;
    assert_eq!(server.count("webauthn_credentials WHERE algorithm = -8").await, 1);
    ada.passkey_sign_in(&Spoil::default()).await.ok();
    let refusal = ada.passkey_sign_in(&Spoil { signature: true, ..Spoil::default() }).await;
    assert_eq!(refusal.outcome(), "NotAuthorizedException");
    // What is switched off later does not lock anybody out, but registers no more.
    let options = ada.start_registration().await;
    set(&server, json!({})).await;
    ada.passkey_sign_in(&Spoil::default()).await.ok();
    let credential = Authenticator::new().create(&options, ORIGIN, &Spoil::default()).unwrap();
    let refused = ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.outcome();
    assert_eq!(refused, "WebAuthnCredentialNotSupportedException");
}

#[tokio::test]
async fn a_spoilt_eddsa_registration_is_refused() {
    let server = TestServer::start().await;
    set(&server, json!({"EdDSA": true})).await;
    let mut ada = server.signed_in("ada").await;
    let spoils: [(&str, Spoil); 9] = [
        ("rp", Spoil { rp_id: Some("example.com".into()), ..Spoil::default() }),
        ("up", Spoil { user_present: Some(false), ..Spoil::default() }),
        ("bs", Spoil { backup_eligible: Some(false), backup_state: Some(true), ..Spoil::default() }),
        ("origin", Spoil { origin: Some("https://evil.example".into()), ..Spoil::default() }),
        ("challenge", Spoil { challenge: Some(vec![0; 32]), ..Spoil::default() }),
        ("format", Spoil { attestation_format: Some("tpm".into()), ..Spoil::default() }),
        ("cut", Spoil { raw_authenticator_data: Some(vec![0; 60]), ..Spoil::default() }),
        ("trailing", Spoil { trailing: vec![0], ..Spoil::default() }),
        ("flag", Spoil { extensions: Some(true), ..Spoil::default() }),
    ];
    for (name, spoil) in spoils {
        let options = ada.start_registration().await;
        let credential = ada.authenticator.clone().create(&options, ORIGIN, &spoil).unwrap();
        assert_ne!(
            ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.outcome(),
            "OK",
            "{name}"
        );
    }
    for (spoilt, outcome) in [(true, "InvalidParameterException"), (false, "OK")] {
        let options = ada.start_registration().await;
        ada.authenticator.attestation = Attestation::Packed;
        let spoil = Spoil { signature: spoilt, ..Spoil::default() };
        let credential = ada.authenticator.create(&options, ORIGIN, &spoil).unwrap();
        assert_eq!(
            ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.outcome(),
            outcome
        );
    }
}

#[tokio::test]
async fn related_origins_use_the_pools_passkeys_and_are_served() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let elsewhere = Spoil { origin: Some("https://example.org".into()), ..Spoil::default() };
    assert_eq!(ada.passkey_sign_in(&elsewhere).await.outcome(), "NotAuthorizedException");
    let mut browser = Browser::new(&server);
    browser.headers.push(("host", "localhost:1".into()));
    assert_eq!(browser.get("/.well-known/webauthn").await.status, 404);
    set(&server, json!({"RelatedOrigins": ["https://example.org", "https://EXAMPLE.net:8443/"]})).await;
    ada.passkey_sign_in(&elsewhere).await.ok();
    ada.authenticator = Authenticator::new();
    for (origin, outcome) in
        [("https://example.com", "WebAuthnOriginNotAllowedException"), ("https://example.net:8443", "OK")]
    {
        let spoil = Spoil { origin: Some(origin.into()), ..Spoil::default() };
        let options = ada.start_registration().await;
        let credential = ada.authenticator.clone().create(&options, ORIGIN, &spoil).unwrap();
        let made = ada.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await;
        assert_eq!(made.outcome(), outcome, "{origin}");
    }
    for host in ["localhost:1", "LOCALHOST", "localhost.", "localhost.:1"] {
        browser.headers = vec![("host", host.into())];
        let served = browser.get("/.well-known/webauthn").await;
        assert_eq!(served.headers["content-type"], "application/json", "{host}");
        assert_eq!(served.json(), json!({"origins": ["https://example.net:8443", "https://example.org"]}));
    }
    browser.headers = vec![("host", "other.example".into())];
    assert_eq!(browser.get("/.well-known/webauthn").await.status, 404);
}

#[tokio::test]
async fn who_needs_no_name_signs_in_through_the_clients_that_allow_it() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let begin = initiate(client(), "USER_AUTH", json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}));
    let refusal = server.call("InitiateAuth", begin.clone()).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Missing required parameter USERNAME");
    set(&server, json!({"UsernamelessClients": [client()]})).await;
    let challenge = server.call("InitiateAuth", begin.clone()).await.ok();
    assert_eq!(challenge["ChallengeName"], "WEB_AUTHN");
    let options: Value =
        serde_json::from_str(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap()).unwrap();
    assert_eq!(options["allowCredentials"], json!([]));
    let assertion = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap().to_string();
    let respond = |session: &Value, credential: &str| {
        respond(client(), "WEB_AUTHN", &json!(session), json!({"CREDENTIAL": credential}))
    };
    let tokens = server.call("RespondToAuthChallenge", respond(&challenge["Session"], &assertion)).await.ok();
    assert!(tokens["AuthenticationResult"]["AccessToken"].is_string());
    let again = server.call("RespondToAuthChallenge", respond(&challenge["Session"], &assertion)).await.refused();
    assert!(again.contains("session can only be used once"), "{again}");
    // An assertion without a user handle, or with another's, names nobody.
    let eve = server.user("eve").await;
    for handle in [Some(eve.sub.clone().into_bytes()), Some(b"nobody".to_vec())] {
        let challenge = server.call("InitiateAuth", begin.clone()).await.ok();
        let options: Value =
            serde_json::from_str(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap())
                .unwrap();
        let spoil = Spoil { user_handle: handle, ..Spoil::default() };
        let assertion = ada.authenticator.get(&options, ORIGIN, &spoil).unwrap().to_string();
        let refusal = server.call("RespondToAuthChallenge", respond(&challenge["Session"], &assertion)).await;
        assert_eq!(refusal.outcome(), "NotAuthorizedException");
    }
    // The challenge of a name is not answered without it.
    let (session, options) = ada.passkey_challenge().await;
    let assertion = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap().to_string();
    assert_eq!(
        server.call("RespondToAuthChallenge", respond(&json!(session), &assertion)).await.outcome(),
        "NotAuthorizedException"
    );
    assert_eq!(ada.respond(&session, &serde_json::from_str(&assertion).unwrap()).await.outcome(), "OK");
}

/// A sign-in without a name through the API; `secret_hash` where the client needs one.
async fn nameless(
    server: &TestServer,
    person: &mut Person,
    client_id: &str,
    secret_hash: &str,
    spoil: &Spoil,
) -> Answer {
    let with_hash = |mut parameters: Value| {
        if !secret_hash.is_empty() {
            parameters["SECRET_HASH"] = json!(secret_hash);
        }
        parameters
    };
    let begin = json!({"ClientId": client_id, "AuthFlow": "USER_AUTH",
        "AuthParameters": with_hash(json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}))});
    let challenge = server.call("InitiateAuth", begin).await;
    if challenge.status != 200 {
        return challenge;
    }
    let challenge = challenge.ok();
    let options = challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
    let options: Value = serde_json::from_str(options).unwrap();
    let credential = person.authenticator.get(&options, ORIGIN, spoil).unwrap().to_string();
    let respond = json!({"ClientId": client_id, "ChallengeName": "WEB_AUTHN", "Session": challenge["Session"],
        "ChallengeResponses": with_hash(json!({"CREDENTIAL": credential}))});
    server.call("RespondToAuthChallenge", respond).await
}

#[tokio::test]
async fn who_signs_in_without_a_name_learns_that_the_passkey_was_deleted() {
    let server = TestServer::start().await;
    set(&server, json!({"UsernamelessClients": [client()]})).await;
    let known = "400 NotAuthorizedException: This passkey was deleted.";
    let unknown = "400 NotAuthorizedException: Incorrect username or password.";
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let never = Spoil { credential_id: Some(vec![7; 32]), ..Spoil::default() };
    let broken = Spoil { signature: true, ..Spoil::default() };
    for spoil in [&never, &broken] {
        assert_eq!(nameless(&server, &mut ada, client(), "", spoil).await.refused(), unknown);
    }
    ada.delete_passkey(&id).await.ok();
    assert_eq!(nameless(&server, &mut ada, client(), "", &Spoil::default()).await.refused(), known);
    assert_eq!(nameless(&server, &mut ada, client(), "", &never).await.refused(), unknown);
    // Not of one that is there again.
    let again = ada.clone();
    let options = again.start_registration().await;
    let raw = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(&id).unwrap();
    let same = Spoil { credential_id: Some(raw), ..Spoil::default() };
    let credential = Authenticator::new().create(&options, ORIGIN, &same).unwrap();
    again.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.ok();
    assert_eq!(nameless(&server, &mut ada, client(), "", &Spoil::default()).await.refused(), unknown);
    // With its user too.
    let mut eve = server.signed_in("eve").await;
    eve.add_passkey().await;
    eve.call("DeleteUser", json!({})).await.ok();
    assert_eq!(nameless(&server, &mut eve, client(), "", &Spoil::default()).await.refused(), known);
    // By a name nobody learns of it.
    let mut old = std::mem::replace(&mut ada.authenticator, Authenticator::new());
    ada.add_passkey().await;
    let (session, options) = ada.passkey_challenge().await;
    let options = json!({"challenge": options["challenge"], "rpId": options["rpId"], "allowCredentials": []});
    let assertion = old.get(&options, ORIGIN, &Spoil::default()).unwrap();
    assert_eq!(ada.respond(&session, &assertion).await.refused(), unknown);
}

#[tokio::test]
async fn a_client_with_a_secret_hashes_an_empty_name_for_a_sign_in_without_one() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let settings = json!({"UserPoolId": pool(), "ClientName": "x", "GenerateSecret": true,
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]});
    let made = server.operator("CreateUserPoolClient", settings).await.ok()["UserPoolClient"].clone();
    let (id, secret) = (made["ClientId"].as_str().unwrap(), made["ClientSecret"].as_str().unwrap());
    set(&server, json!({"UsernamelessClients": [id]})).await;
    let hash = |name: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        BASE64_STANDARD.encode(hmac::sign(&key, format!("{name}{id}").as_bytes()))
    };
    let spoil = Spoil::default();
    assert_eq!(nameless(&server, &mut ada, id, "", &spoil).await.outcome(), "NotAuthorizedException");
    assert_eq!(nameless(&server, &mut ada, id, &hash("ada"), &spoil).await.outcome(), "NotAuthorizedException");
    nameless(&server, &mut ada, id, &hash(""), &spoil).await.ok();
}

#[tokio::test]
async fn sessions_end_as_the_policy_says() {
    let server = TestServer::start().await;
    for (policy, own, other) in [("KEEP", true, true), ("END_OTHERS", true, false), ("END_ALL", false, false)] {
        set(&server, json!({"SessionsOnDelete": policy})).await;
        let name = policy.to_lowercase();
        let mut ada = server.signed_in(&name).await;
        let id = ada.add_passkey().await;
        let mut elsewhere = ada.clone();
        elsewhere.sign_in().await;
        ada.delete_passkey(&id).await.ok();
        assert_eq!(ada.call("GetUser", json!({})).await.status == 200, own, "{policy}");
        assert_eq!(elsewhere.call("GetUser", json!({})).await.status == 200, other, "{policy}");
    }
}
