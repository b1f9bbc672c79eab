//! What grows, and what removes it.

use serde_json::{Value, json};
use time::Duration;

use crate::support::{ORIGIN, PASSWORD, Person, TestServer, client, initiate, pool, pool_with, respond};

#[tokio::test]
async fn every_table_is_in_the_document_that_says_who_removes_its_rows() {
    let server = TestServer::start().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let document = include_str!("../../docs/retention.md");
    let rows: Vec<_> = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).collect();
    for table in &tables {
        let row = rows.iter().find(|(name, _)| name == table);
        let row = row.unwrap_or_else(|| panic!("docs/retention.md says nothing of {table}"));
        assert!(row.1.split('|').filter(|cell| !cell.trim().is_empty()).count() == 2, "{table}: {}", row.1);
    }
    for (name, _) in rows {
        assert!(tables.iter().any(|table| table == name), "docs/retention.md tells of {name}, which there is not");
    }
}

#[tokio::test]
async fn the_trail_is_kept_for_its_time_and_deleted_passkeys_are_known_for_longer() {
    let server = TestServer::start().await;
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"UsernamelessClients": [client()]}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    ada.delete_passkey(&id).await.ok();
    let nameless = async |ada: &mut Person| {
        let input = initiate(client(), "USER_AUTH", json!({}));
        let answer = server.call("InitiateAuth", input).await.ok();
        let options: Value =
            serde_json::from_str(answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap())
                .unwrap();
        let credential = ada.authenticator.get(&options, ORIGIN, &Default::default()).unwrap();
        let input = respond(client(), "WEB_AUTHN", &answer["Session"], json!({"CREDENTIAL": credential.to_string()}));
        server.call("RespondToAuthChallenge", input).await.refused()
    };
    let known = "400 NotAuthorizedException: This passkey was deleted.";
    server.clock.advance(Duration::days(399));
    server.remove_expired().await;
    assert!(server.count("audit_events WHERE event = 'passkey.registered'").await == 1);
    server.clock.advance(Duration::days(2));
    server.remove_expired().await;
    assert_eq!(server.count("audit_events WHERE event <> 'passkey.deleted'").await, 0);
    assert_eq!(nameless(&mut ada).await, known);
    server.clock.advance(Duration::days(3_650));
    server.remove_expired().await;
    assert_eq!(server.count("audit_events").await, 0);
    assert_ne!(nameless(&mut ada).await, known);
}

#[tokio::test]
async fn more_rows_than_a_batch_go_in_one_run() {
    let server = TestServer::start().await;
    server
        .sql(
            "INSERT INTO challenges SELECT 'pool', gen_random_uuid(), 'WEB_AUTHN', 'client', NULL, '{}', now(), now() - interval '1 hour'
             FROM generate_series(1, 2500)",
        )
        .await;
    server.remove_expired().await;
    assert_eq!(server.count("challenges").await, 0);
}

#[tokio::test]
async fn what_has_ended_or_was_never_confirmed_goes() {
    let server = TestServer::start().await;
    let (_, other) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), json!({})).await;
    let input = json!({"ClientId": other, "Username": "eve", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "eve@example.com"}]});
    server.call("SignUp", input).await.ok();
    let mut ada = server.signed_in("ada").await;
    ada.call("GlobalSignOut", json!({})).await.ok();
    ada.sign_in().await;
    server.clock.advance(Duration::hours(25));
    server.remove_expired().await;
    assert_eq!(server.count("sessions").await, 1, "the one that was not ended");
    assert_eq!(server.count("users WHERE username = 'eve'").await, 1);
    server.clock.advance(Duration::days(12));
    server.remove_expired().await;
    assert_eq!(server.count("users WHERE username = 'eve'").await, 1);
    server.clock.advance(Duration::days(1));
    server.remove_expired().await;
    assert_eq!(server.count("users WHERE username = 'eve'").await, 0);
    assert_eq!(server.count("users WHERE username = 'ada'").await, 1);
    assert_eq!(server.count("audit_events WHERE event = 'user.deleted' AND actor = 'service'").await, 1);
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_row_in_the_trail() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let named = json!({"UserPoolId": pool(), "Username": "ada"});
    let with = |more: Value| {
        let mut input = named.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    server.operator("CreateGroup", json!({"UserPoolId": pool(), "GroupName": "staff"})).await.ok();
    let attributes = json!([{"Name": "name", "Value": "Ada"}]);
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"KeepLastFactor": true}});
    let branding = json!({"UserPoolId": pool(), "Branding": {"DisplayName": "Own"}});
    // Each twice: the second changes nothing.
    let twice = async |operator: bool, operation: &str, input: Value| {
        let call = async || match operator {
            true => server.operator(operation, input.clone()).await.outcome(),
            false => ada.call(operation, input.clone()).await.outcome(),
        };
        assert_eq!(call().await, "OK", "{operation}");
        let before = server.count("audit_events").await;
        assert_eq!(call().await, "OK", "{operation}");
        assert_eq!(server.count("audit_events").await, before, "{operation}");
    };
    let rename = json!({"CredentialId": id, "FriendlyCredentialName": "Work laptop"});
    twice(false, "UpdateWebAuthnCredential", rename).await;
    twice(false, "UpdateUserAttributes", json!({"UserAttributes": attributes})).await;
    twice(true, "AdminUpdateUserAttributes", with(json!({"UserAttributes": attributes}))).await;
    twice(false, "SetUserMFAPreference", json!({"WebAuthnMfaSettings": {"Enabled": false}})).await;
    twice(true, "AdminSetUserMFAPreference", with(json!({"EmailMfaSettings": {"Enabled": false}}))).await;
    twice(false, "DeleteUserAttributes", json!({"UserAttributeNames": ["name"]})).await;
    twice(true, "AdminDeleteUserAttributes", with(json!({"UserAttributeNames": ["nickname"]}))).await;
    twice(true, "AdminAddUserToGroup", with(json!({"GroupName": "staff"}))).await;
    twice(true, "AdminRemoveUserFromGroup", with(json!({"GroupName": "staff"}))).await;
    let group = json!({"UserPoolId": pool(), "GroupName": "staff", "Description": "Who works here"});
    twice(true, "UpdateGroup", group).await;
    twice(true, "SetUserPoolPasskeyPolicy", policy).await;
    twice(true, "SetUserPoolBranding", branding).await;
    let signing = json!({"UserPoolId": pool(), "TokenSigning": {"Algorithm": "ES256"}});
    twice(true, "SetUserPoolTokenSigning", signing).await;
    twice(true, "AdminUserGlobalSignOut", named.clone()).await;
    twice(true, "AdminEnableUser", named.clone()).await;
    twice(true, "AdminDisableUser", named.clone()).await;
}

#[tokio::test]
async fn a_user_makes_so_many_changes_of_a_kind_in_a_day() {
    let server = TestServer::with(&["--user-changes-per-day=3"]).await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let rename = |name: &str| json!({"CredentialId": id, "FriendlyCredentialName": name});
    for name in ["one", "two", "three"] {
        ada.call("UpdateWebAuthnCredential", rename(name)).await.ok();
    }
    let refused = ada.call("UpdateWebAuthnCredential", rename("four")).await.outcome();
    assert_eq!(refused, "TooManyRequestsException");
    ada.call("UpdateWebAuthnCredential", rename("three")).await.ok();
    let attributes = |name: &str| json!({"UserAttributes": [{"Name": "name", "Value": name}]});
    for name in ["A", "Ad", "Ada"] {
        ada.call("UpdateUserAttributes", attributes(name)).await.ok();
    }
    assert_eq!(ada.call("UpdateUserAttributes", attributes("Eve")).await.outcome(), "TooManyRequestsException");
    server
        .operator(
            "AdminUpdateUserAttributes",
            json!({"UserPoolId": pool(), "Username": "ada",
        "UserAttributes": [{"Name": "name", "Value": "A."}]}),
        )
        .await
        .ok();
    server.clock.advance(Duration::DAY);
    ada.sign_in().await;
    ada.call("UpdateUserAttributes", attributes("Eve")).await.ok();
}

#[tokio::test]
async fn what_protects_an_account_is_done_however_much_was_changed() {
    let server = TestServer::with(&["--user-changes-per-day=1"]).await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let rename = |name: &str| json!({"CredentialId": id, "FriendlyCredentialName": name});
    ada.call("UpdateWebAuthnCredential", rename("one")).await.ok();
    assert_eq!(ada.call("UpdateWebAuthnCredential", rename("two")).await.outcome(), "TooManyRequestsException");
    let passwords = [PASSWORD, "Passw0rd-2", "Passw0rd-3", "Passw0rd-4"];
    for (old, new) in passwords.iter().zip(&passwords[1..]) {
        let input = json!({"PreviousPassword": old, "ProposedPassword": new});
        ada.call("ChangePassword", input).await.ok();
    }
    assert_eq!(server.count("audit_events WHERE event = 'password.changed'").await, 1, "renames hide nothing");
    assert_eq!(server.count("audit_events WHERE event = 'user.changes_left_out'").await, 1);
    ada.call("ChangePassword", json!({"PreviousPassword": "Passw0rd-4", "ProposedPassword": PASSWORD})).await.ok();
    for _ in 0..3 {
        ada.call("GlobalSignOut", json!({})).await.ok();
        assert_eq!(server.count("sessions WHERE revoked_at IS NULL").await, 0);
        ada.sign_in().await;
    }
    assert_eq!(server.count("audit_events WHERE event = 'user.signed_out'").await, 1);
    for _ in 0..3 {
        let other = ada.call("ListUserSessions", json!({})).await.ok()["Sessions"][0]["SessionId"].clone();
        ada.sign_in().await;
        ada.call("RevokeUserSession", json!({"SessionId": other})).await.ok();
    }
    assert_eq!(server.count("audit_events WHERE event = 'session.ended'").await, 1);
    assert_eq!(server.count("audit_events WHERE event = 'user.changes_left_out'").await, 1);
}

#[tokio::test]
async fn passkeys_that_come_and_go_fill_no_disk() {
    let server = TestServer::with(&["--user-changes-per-day=2"]).await;
    let mut ada = server.signed_in("ada").await;
    for _ in 0..2 {
        let id = ada.add_passkey().await;
        ada.delete_passkey(&id).await.ok();
        ada.sign_in().await;
    }
    let options = ada.start_registration().await;
    let credential = ada.authenticator.create(&options, ORIGIN, &Default::default()).unwrap();
    let input = json!({"Credential": credential});
    let outcome = ada.call("CompleteWebAuthnRegistration", input.clone()).await.outcome();
    assert_eq!(outcome, "TooManyRequestsException");
    assert_eq!(server.count("webauthn_credentials").await, 0);
    assert_eq!(server.count("audit_events WHERE event LIKE 'passkey.%'").await, 4);
    server.clock.advance(Duration::DAY);
    ada.sign_in().await;
    ada.add_passkey().await;
}

#[tokio::test]
async fn whether_a_passkey_was_deleted_is_found_by_an_index_of_what_was_deleted() {
    let server = TestServer::start().await;
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT 1 FROM audit_events WHERE user_pool_id = 'p' AND sub = '3c46320b-c60e-4a21-9d64-5829bfede1c4'
             AND event = 'passkey.deleted' AND credential_id = '\\x00'",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    assert!(plan.join("\n").contains("audit_events_deleted_passkeys"), "{plan:?}");
}

#[tokio::test]
async fn a_clock_that_is_weeks_ahead_locks_no_name_for_weeks() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    for _ in 0..5 {
        ada.password_sign_in(client(), "Wr0ng-Passw0rd").await.refused();
    }
    server
        .sql("UPDATE login_attempts SET locked_until = now() + interval '40 days', last_failed_at = now() + interval '40 days'")
        .await;
    let refusal = ada.password_sign_in(client(), PASSWORD).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
    server.clock.advance(Duration::minutes(16));
    ada.password_sign_in(client(), PASSWORD).await.ok();
    // And holds up no codes for weeks.
    let (_, own) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), json!({})).await;
    let input = json!({"ClientId": own, "Username": "eve", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "eve@example.com"}]});
    server.call("SignUp", input).await.ok();
    let again = json!({"ClientId": own, "Username": "eve"});
    for _ in 0..5 {
        server.call("ResendConfirmationCode", again.clone()).await.ok();
    }
    server.sql("UPDATE code_attempts SET sent_since = now() + interval '40 days'").await;
    server.call("ResendConfirmationCode", again).await.ok();
}
