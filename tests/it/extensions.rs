//! Keystead's own operations (`KeysteadService.`): who may call them, what they tell and do.

use base64::{Engine, prelude::*};
use keystead::dev::authenticator::{AAGUID, Authenticator, Spoil};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Browser, TestServer, make_pool, pages_client, pool};

#[tokio::test]
async fn each_operation_answers_under_its_own_prefix_only() {
    let server = TestServer::start().await;
    for (target, known) in [
        ("KeysteadService.GetPasskeySignals", true),
        ("AWSCognitoIdentityProviderService.GetPasskeySignals", false),
        ("KeysteadService.GetUser", false),
        ("KeysteadService.Nothing", false),
    ] {
        let request = server.http.post(&server.url).header("x-amz-target", target).body("{}");
        let text = request.send().await.unwrap().text().await.unwrap();
        assert_eq!(!text.contains("UnknownOperationException"), known, "{target}: {text}");
    }
}

#[tokio::test]
async fn the_details_of_a_passkey_are_told_to_its_owner_and_to_operators() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let listed = ada.call("ListWebAuthnCredentialDetails", json!({})).await.ok()["Credentials"].clone();
    assert_eq!(listed[0]["CredentialId"], id);
    assert_eq!(listed[0]["Aaguid"], json!(Uuid::from_bytes(AAGUID)));
    assert_eq!((&listed[0]["Algorithm"], &listed[0]["LastUsedAt"]), (&json!("ES256"), &Value::Null));
    assert!(listed[0]["BackupEligible"].is_boolean() && listed[0]["BackupState"].is_boolean());
    ada.passkey_sign_in(&Spoil::default()).await.ok();
    server.sql("UPDATE webauthn_credentials SET aaguid = 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'").await;
    let asked = json!({"UserPoolId": pool(), "Username": "ada"});
    let listed = server.operator("AdminListWebAuthnCredentials", asked).await.ok()["Credentials"].clone();
    assert_eq!(listed[0]["ProviderName"], "Google Password Manager");
    assert!(listed[0]["LastUsedAt"].is_number());
    // The list of Amazon Cognito's stays as it is.
    let plain = ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    assert!(plain["Credentials"][0].get("Aaguid").is_none());
    let refusal =
        server.operator("AdminListWebAuthnCredentials", json!({"UserPoolId": pool(), "Username": "nobody"})).await;
    assert_eq!(refusal.outcome(), "UserNotFoundException");
}

#[tokio::test]
async fn a_passkey_is_renamed_by_its_owner_only() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let eve = server.signed_in("eve").await;
    let id = ada.add_passkey().await;
    let rename = |id: &str, name: &str| json!({"CredentialId": id, "FriendlyCredentialName": name});
    let answer = ada.call("UpdateWebAuthnCredential", rename(&id, "My phone")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let listed = ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    assert_eq!(listed["Credentials"][0]["FriendlyCredentialName"], "My phone");
    for unknown in [id.as_str(), "bm90aGluZw", "%%%"] {
        assert_eq!(
            eve.call("UpdateWebAuthnCredential", rename(unknown, "x")).await.outcome(),
            "ResourceNotFoundException"
        );
    }
    for bad in ["", "   ", "a\nb", &"x".repeat(65)] {
        assert_eq!(
            ada.call("UpdateWebAuthnCredential", rename(&id, bad)).await.outcome(),
            "InvalidParameterException",
            "{bad:?}"
        );
    }
    assert_eq!(server.count("audit_events WHERE event = 'passkey.renamed'").await, 1);
    ada.call("GlobalSignOut", json!({})).await.ok();
    let refusal = ada.call("UpdateWebAuthnCredential", rename(&id, "x")).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked");
}

#[tokio::test]
async fn a_rename_never_brings_a_deleted_passkey_back() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    for _ in 0..30 {
        let id = ada.add_passkey().await;
        let (one, other, again) = (ada.clone(), ada.clone(), id.clone());
        let deleted = tokio::spawn(async move { one.delete_passkey(&again).await.outcome() });
        let renamed = other
            .call("UpdateWebAuthnCredential", json!({"CredentialId": id, "FriendlyCredentialName": "x"}))
            .await
            .outcome();
        assert_eq!(deleted.await.unwrap(), "OK");
        assert!(["OK", "ResourceNotFoundException"].contains(&renamed.as_str()), "{renamed}");
        assert_eq!(server.count("webauthn_credentials").await, 0);
    }
}

#[tokio::test]
async fn an_operator_and_the_owner_delete_one_passkey_once() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    for round in 1..=30 {
        let id = ada.add_passkey().await;
        let input = json!({"UserPoolId": pool(), "Username": "ada", "CredentialId": id});
        let person = ada.at(&other);
        let by_owner = tokio::spawn(async move { person.delete_passkey(&id).await.outcome() });
        let by_operator = server.operator("AdminDeleteWebAuthnCredential", input).await.outcome();
        let mut outcomes = [by_owner.await.unwrap(), by_operator];
        outcomes.sort();
        assert_eq!(outcomes, ["OK", "ResourceNotFoundException"], "round {round}");
        assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, round);
        assert_eq!(server.count("outbox WHERE kind = 'passkey.deleted'").await, round);
    }
}

#[tokio::test]
async fn an_operators_deletion_leaves_the_same_rows_and_ends_sessions_as_the_policy_says() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let delete = json!({"UserPoolId": pool(), "Username": "ada", "CredentialId": id});
    let answer = server.operator("AdminDeleteWebAuthnCredential", delete.clone()).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted' AND actor LIKE 'operator:AKIA%'").await, 1);
    assert_eq!(server.count("outbox WHERE kind = 'passkey.deleted'").await, 1);
    ada.call("GetUser", json!({})).await.ok();
    assert_eq!(server.operator("AdminDeleteWebAuthnCredential", delete).await.outcome(), "ResourceNotFoundException");
    // A guard for users does not keep operators from helping.
    let policy = json!({"SessionsOnDelete": "END_OTHERS", "KeepLastFactor": true, "StepUpSeconds": 60});
    server.operator("SetUserPoolPasskeyPolicy", json!({"UserPoolId": pool(), "PasskeyPolicy": policy})).await.ok();
    let id = ada.add_passkey().await;
    server.sql("UPDATE users SET password_hash = NULL").await;
    let delete = json!({"UserPoolId": pool(), "Username": "ada", "CredentialId": id});
    server.operator("AdminDeleteWebAuthnCredential", delete).await.ok();
    assert_eq!(
        ada.call("GetUser", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
}

#[tokio::test]
async fn signals_name_the_passkeys_that_are_left() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let first = ada.add_passkey().await;
    ada.authenticator = Authenticator::new();
    let second = ada.add_passkey().await;
    let signals = ada.call("GetPasskeySignals", json!({})).await.ok();
    assert_eq!(signals["RelyingPartyId"], "localhost");
    assert_eq!(signals["UserId"], BASE64_URL_SAFE_NO_PAD.encode(&ada.sub));
    assert_eq!(signals["AllAcceptedCredentialIds"], json!([first, second]));
    assert!(signals.get("CurrentUserDetails").is_none(), "off unless switched on");
    ada.delete_passkey(&first).await.ok();
    let policy = json!({"SignalUserDetails": true});
    server.operator("SetUserPoolPasskeyPolicy", json!({"UserPoolId": pool(), "PasskeyPolicy": policy})).await.ok();
    let signals = ada.call("GetPasskeySignals", json!({})).await.ok();
    assert_eq!(signals["AllAcceptedCredentialIds"], json!([second]));
    assert_eq!(signals["CurrentUserDetails"], json!({"Name": "ada", "DisplayName": "ada"}));
    // A passkey for another RP ID is not offered, and not accepted.
    server.sql("UPDATE webauthn_credentials SET rp_id = 'old.example'").await;
    assert_eq!(ada.call("GetPasskeySignals", json!({})).await.ok()["AllAcceptedCredentialIds"], json!([]));
}

#[tokio::test]
async fn operators_reach_their_own_pool_only_and_as_their_role_allows() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let (other, _) = make_pool(&server).await;
    let keys = [
        ("AKIAREADONLYREADONLY", "read-only", "*"),
        ("AKIASUPPORTSUPPORT00", "support", "*"),
        ("AKIABOUNDBOUNDBOUND0", "administrator", other.as_str()),
    ];
    let secret = "a secret of at least twenty characters";
    for (id, role, pool_id) in keys {
        let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
        let value = keystead::secret::Secret::from(secret.to_owned());
        let bound = (pool_id != "*").then_some(pool_id);
        let now = time::OffsetDateTime::now_utc();
        keystead::store::operators::put(&server.db, &sealing, bound, id, &value, role, now).await.unwrap();
    }
    let delete = json!({"UserPoolId": pool(), "Username": "ada", "CredentialId": "eA"});
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {}});
    let list = json!({"UserPoolId": pool(), "Username": "ada"});
    for (key, operation, input, allowed) in [
        (keys[0].0, "AdminListWebAuthnCredentials", &list, true),
        (keys[0].0, "AdminDeleteWebAuthnCredential", &delete, false),
        (keys[1].0, "AdminDeleteWebAuthnCredential", &delete, true),
        (keys[1].0, "SetUserPoolPasskeyPolicy", &policy, false),
        (keys[1].0, "GetUserPoolPasskeyPolicy", &json!({"UserPoolId": pool()}), true),
        (keys[2].0, "AdminListWebAuthnCredentials", &list, false),
        (keys[2].0, "SetUserPoolPasskeyPolicy", &policy, false),
    ] {
        let outcome = server.operator_with(operation, input.clone(), key, secret).await.outcome();
        assert_eq!(outcome != "AccessDeniedException", allowed, "{key} {operation}: {outcome}");
    }
}

#[tokio::test]
async fn a_key_of_one_pool_leaves_related_origins_as_they_are() {
    let server = TestServer::start().await;
    let set = json!({"UserPoolId": pool(), "PasskeyPolicy": {"RelatedOrigins": ["https://example.org"]}});
    server.operator("SetUserPoolPasskeyPolicy", set).await.ok();
    let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
    let secret = "a secret of at least twenty characters";
    let (key, value) = ("AKIABOUNDBOUNDBOUND0", keystead::secret::Secret::from(secret.to_owned()));
    let now = time::OffsetDateTime::now_utc();
    keystead::store::operators::put(&server.db, &sealing, Some(pool()), key, &value, "administrator", now)
        .await
        .unwrap();
    let other = json!({"UserPoolId": pool(), "PasskeyPolicy": {"KeepLastFactor": true}});
    let policy =
        server.operator_with("SetUserPoolPasskeyPolicy", other, key, secret).await.ok()["PasskeyPolicy"].clone();
    assert_eq!((&policy["RelatedOrigins"], &policy["KeepLastFactor"]), (&json!(["https://example.org"]), &json!(true)));
}

#[tokio::test]
async fn branding_is_shown_on_the_pages() {
    let server = TestServer::start().await;
    let set = async |branding: Value| {
        server.operator("SetUserPoolBranding", json!({"UserPoolId": pool(), "Branding": branding})).await
    };
    let login = format!("/login?client_id={}", pages_client());
    let logo = "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r=\"4\"/></svg>";
    let branding = json!({"DisplayName": "Böses & Gutes", "AccentColor": "#ffcc00", "AccentColorDark": "#112233", "Logo": BASE64_STANDARD.encode(logo)});
    assert_eq!(set(branding.clone()).await.ok()["Branding"], branding);
    assert_eq!(server.operator("GetUserPoolBranding", json!({"UserPoolId": pool()})).await.ok()["Branding"], branding);
    let mut browser = Browser::new(&server);
    let page = browser.get(&login).await;
    assert!(page.text.contains("<span dir=\"auto\">Böses &#38; Gutes</span>"), "{}", page.text);
    assert!(page.text.contains(":root{--accent:#ffcc00;--accent-ink:#000;--link:var(--ink)}"));
    assert!(
        page.text.contains(
            "@media (prefers-color-scheme: dark){:root{--accent:#112233;--accent-ink:#fff;--link:var(--ink)}}"
        )
    );
    let source = page.text.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let served = browser.get(&source).await;
    assert_eq!((served.text.as_str(), served.headers["content-type"].to_str().unwrap()), (logo, "image/svg+xml"));
    // A picture that is looked at by itself runs nothing.
    assert!(served.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    for (bad, named) in [
        (json!({"AccentColor": "red"}), "accentColor"),
        (json!({"AccentColor": "#ffcc00}body{display:none"}), "accentColor"),
        (json!({"DisplayName": ""}), "displayName"),
        (json!({"Logo": "%%%"}), "Logo"),
        (json!({"Logo": BASE64_STANDARD.encode("<html>")}), "Logo"),
        (json!({"Logo": BASE64_STANDARD.encode([&[0x89, b'P', b'N', b'G'][..], &[0; 16_384]].concat())}), "Logo"),
    ] {
        let refusal = set(bad.clone()).await.refused();
        assert!(refusal.contains(named), "{bad}: {refusal}");
    }
    set(json!({})).await.ok();
    let page = browser.get(&login).await;
    assert!(!page.text.contains("<img") && page.text.contains("<span dir=\"auto\">template</span>"));
    assert_eq!(browser.get(&source).await.status, 404);
}
