//! DeleteWebAuthnCredential: its rules, each raced or broken over HTTP.

use std::collections::BTreeMap;

use keystead::dev::authenticator::Spoil;
use serde_json::json;

use crate::support::{ORIGIN, Person, TestServer, all, pool};

fn tally(outcomes: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    outcomes.into_iter().fold(BTreeMap::new(), |mut tally, outcome| {
        *tally.entry(outcome).or_default() += 1;
        tally
    })
}

#[tokio::test]
async fn success_is_200_with_an_empty_body_and_leaves_audit_and_outbox_rows() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let (kept, gone) = (ada.add_passkey().await, {
        ada.authenticator = Default::default();
        ada.add_passkey().await
    });
    let answer = ada.delete_passkey(&gone).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(ada.listed().await, [kept]);
    let request_id = answer.header("x-amzn-requestid").unwrap();
    let audit = format!(
        "audit_events WHERE event = 'passkey.deleted' AND actor = 'user' AND request_id = '{request_id}' AND sub = '{}'",
        ada.sub
    );
    assert_eq!(server.count(&audit).await, 1);
    assert_eq!(server.count("outbox WHERE kind = 'passkey.deleted' AND payload->>'rpId' = 'localhost'").await, 1);
}

// Rule 1

#[tokio::test]
async fn not_yours_and_not_there_are_one_answer() {
    let server = TestServer::start().await;
    let (mut ada, mut eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let adas = ada.add_passkey().await;
    eve.add_passkey().await;
    let invented = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let (not_hers, not_there) = (eve.delete_passkey(&adas).await, eve.delete_passkey(invented).await);
    assert_eq!(not_hers.refused(), "400 ResourceNotFoundException: The passkey does not exist.");
    assert_eq!(not_hers.text, not_there.text);
    assert_eq!(ada.listed().await, [adas]);
    assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, 0);
}

#[tokio::test]
async fn a_session_deletes_only_its_own_users_passkeys_however_many_try() {
    let server = TestServer::start().await;
    let (mut ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let id = ada.add_passkey().await;
    for _ in 0..20 {
        let outcomes = all((0..8).map(|_| {
            let (eve, id) = (eve.clone(), id.clone());
            async move { eve.delete_passkey(&id).await.outcome() }
        }))
        .await;
        assert_eq!(tally(outcomes), BTreeMap::from([("ResourceNotFoundException".into(), 8)]));
    }
    assert_eq!(ada.listed().await, [id]);
}

// Rule 2

#[tokio::test]
async fn of_many_concurrent_deletes_one_succeeds_on_one_replica_and_on_two() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    for round in 0..40 {
        ada.authenticator = Default::default();
        let id = ada.add_passkey().await;
        let outcomes = all((0..12).map(|n| {
            let (ada, id) = (if n % 2 == 0 { ada.at(&server) } else { ada.at(&replica) }, id.clone());
            async move { ada.delete_passkey(&id).await.outcome() }
        }))
        .await;
        let expected = BTreeMap::from([("OK".into(), 1), ("ResourceNotFoundException".into(), 11)]);
        assert_eq!(tally(outcomes), expected, "round {round}");
        assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, round + 1);
        assert_eq!(server.count("outbox").await, round + 1);
    }
}

// Rule 3

/// What a sign-in and a delete of the same passkey, at the same time, come to: the sign-in's tokens, if any.
async fn race(server: &TestServer, replica: &TestServer, ada: &mut Person) -> (String, Option<Person>) {
    ada.authenticator = Default::default();
    let id = ada.add_passkey().await;
    let (session, options) = ada.passkey_challenge().await;
    let credential = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
    let (signer, deleter) = (ada.at(replica), ada.at(server));
    let sign_in = tokio::spawn(async move { signer.respond(&session, &credential).await });
    let delete = tokio::spawn(async move { deleter.delete_passkey(&id).await });
    assert_eq!(delete.await.unwrap().outcome(), "OK");
    let sign_in = sign_in.await.unwrap();
    match sign_in.outcome().as_str() {
        "OK" => {
            let mut other = ada.clone();
            other.keep_tokens(&sign_in.ok());
            ("OK".into(), Some(other))
        }
        _ => (sign_in.refused(), None),
    }
}

#[tokio::test]
async fn no_token_outlives_the_passkey_that_minted_it_when_the_pool_ends_sessions() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    server.sessions_on_delete("END_OTHERS").await;
    let mut ada = server.signed_in("ada").await;
    let mut outcomes = Vec::new();
    for round in 0..60 {
        let (outcome, person) = race(&server, &replica, &mut ada).await;
        if let Some(person) = person {
            let refusal = person.call("GetUser", json!({})).await.refused();
            assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked", "round {round}");
        }
        outcomes.push(outcome);
    }
    let outcomes = tally(outcomes);
    let allowed = ["OK", "400 NotAuthorizedException: Incorrect username or password."];
    assert!(outcomes.keys().all(|outcome| allowed.contains(&outcome.as_str())), "{outcomes:?}");
    assert!(outcomes.len() == 2, "the race went one way only: {outcomes:?}");
}

#[tokio::test]
async fn a_sign_in_that_loses_to_a_delete_is_refused_and_opens_no_session() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    for _ in 0..40 {
        let before = server.count("sessions").await;
        let (outcome, person) = race(&server, &replica, &mut ada).await;
        let opened = server.count("sessions").await - before;
        assert_eq!(opened, i64::from(person.is_some()), "{outcome}");
    }
}

#[tokio::test]
async fn end_all_ends_the_deleting_session_too_and_keep_keeps_all() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let other = {
        let mut other = ada.clone();
        other.sign_in().await;
        other
    };
    let id = ada.add_passkey().await;
    assert_eq!(ada.delete_passkey(&id).await.outcome(), "OK");
    assert_eq!((ada.listed().await.len(), other.listed().await.len()), (0, 0));
    server.sessions_on_delete("END_ALL").await;
    ada.authenticator = Default::default();
    let id = ada.add_passkey().await;
    assert_eq!(ada.delete_passkey(&id).await.outcome(), "OK");
    for person in [ada, other] {
        let refusal = person.call("ListWebAuthnCredentials", json!({})).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked");
    }
}

#[tokio::test]
async fn end_all_deletes_by_two_sessions_of_one_user_do_not_deadlock() {
    let server = TestServer::start().await;
    server.sessions_on_delete("END_ALL").await;
    let mut ada = server.user("ada").await;
    for _ in 0..20 {
        let mut both = Vec::new();
        for _ in 0..2 {
            ada.sign_in().await;
            ada.authenticator = Default::default();
            let id = ada.add_passkey().await;
            both.push((ada.clone(), id));
        }
        let outcomes =
            all(both.into_iter().map(|(ada, id)| async move { ada.delete_passkey(&id).await.outcome() })).await;
        let outcomes = tally(outcomes);
        assert!(outcomes.keys().all(|outcome| outcome == "OK" || outcome == "NotAuthorizedException"), "{outcomes:?}");
        assert!(outcomes.contains_key("OK"), "{outcomes:?}");
        server.sql("DELETE FROM webauthn_credentials").await;
    }
}

// Rule 4

#[tokio::test]
async fn a_deleted_passkey_does_not_come_back() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let options = ada.start_registration().await;
    let registration = ada.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
    let complete = json!({"Credential": registration});
    ada.call("CompleteWebAuthnRegistration", complete.clone()).await.ok();
    let id = registration["id"].as_str().unwrap();
    let (session, options) = ada.passkey_challenge().await;
    let assertion = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
    assert_eq!(ada.delete_passkey(id).await.outcome(), "OK");
    // A late assertion, the same once more, a replayed registration, the registration against a new challenge.
    let late = ada.respond(&session, &assertion).await;
    assert_eq!(late.refused(), "400 NotAuthorizedException: Incorrect username or password.");
    let again = ada.respond(&session, &assertion).await;
    assert_eq!(
        again.refused(),
        "400 NotAuthorizedException: Invalid session for the user, session can only be used once."
    );
    let replay = ada.call("CompleteWebAuthnRegistration", complete.clone()).await;
    assert_eq!(replay.outcome(), "WebAuthnChallengeNotFoundException");
    ada.start_registration().await;
    let stale = ada.call("CompleteWebAuthnRegistration", complete).await;
    assert_eq!(stale.outcome(), "WebAuthnChallengeNotFoundException");
    assert_eq!(ada.listed().await, Vec::<String>::new());
    assert_eq!(server.count("webauthn_credentials").await, 0);
}

#[tokio::test]
async fn a_registration_replayed_while_the_passkey_is_deleted_never_brings_it_back() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    for _ in 0..30 {
        ada.authenticator = Default::default();
        let options = ada.start_registration().await;
        let registration = ada.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
        let complete = json!({"Credential": registration});
        ada.call("CompleteWebAuthnRegistration", complete.clone()).await.ok();
        let id = registration["id"].as_str().unwrap().to_owned();
        let (deleter, replayer) = (ada.at(&server), ada.at(&replica));
        let delete = tokio::spawn(async move { deleter.delete_passkey(&id).await.outcome() });
        let replays = all((0..3).map(|_| {
            let (ada, complete) = (replayer.clone(), complete.clone());
            async move { ada.call("CompleteWebAuthnRegistration", complete).await.outcome() }
        }))
        .await;
        assert_eq!(delete.await.unwrap(), "OK");
        assert_eq!(tally(replays), BTreeMap::from([("WebAuthnChallengeNotFoundException".into(), 3)]));
        assert_eq!(ada.listed().await, Vec::<String>::new());
    }
}

// Rule 5 is in faults.rs: what was answered 200 survives kill -9.

// Rule 6

#[tokio::test]
async fn every_way_to_remove_a_passkey_leaves_the_same_rows() {
    let server = TestServer::start().await;
    let mut removed = 0;
    for (way, passkeys) in [("DeleteUser", 2), ("AdminDeleteUser", 3)] {
        let mut user = server.signed_in(way).await;
        for _ in 0..passkeys {
            user.authenticator = Default::default();
            user.add_passkey().await;
        }
        match way {
            "DeleteUser" => user.call(way, json!({})).await.ok(),
            _ => server.operator(way, json!({"UserPoolId": pool(), "Username": way})).await.ok(),
        };
        removed += passkeys;
        assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, removed, "{way}");
        assert_eq!(server.count("outbox WHERE kind = 'passkey.deleted'").await, removed, "{way}");
    }
    let mut last = server.signed_in("last").await;
    last.add_passkey().await;
    server.operator("DeleteUserPool", json!({"UserPoolId": pool()})).await.ok();
    keystead::jobs::delete_pools::once(&server.app).await.unwrap();
    assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted' AND actor LIKE 'operator:%'").await, 3 + 1);
    assert_eq!(server.count("outbox WHERE kind = 'passkey.deleted'").await, removed + 1);
    assert_eq!(server.count("webauthn_credentials").await, 0);
}

#[tokio::test]
async fn the_database_refuses_to_lose_a_passkey_by_a_side_door() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    for statement in ["DELETE FROM users", "DELETE FROM user_pools", "TRUNCATE users"] {
        let refused = sqlx::raw_sql(statement).execute(&server.db).await;
        assert!(refused.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_delete_raced_by_the_users_own_deletion_leaves_one_audit_row() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    for round in 0..25 {
        let mut user = server.signed_in(&format!("user{round}")).await;
        let id = user.add_passkey().await;
        let (deleter, leaver) = (user.at(&server), user.at(&replica));
        let delete = tokio::spawn(async move { deleter.delete_passkey(&id).await.outcome() });
        let leave = tokio::spawn(async move { leaver.call("DeleteUser", json!({})).await.outcome() });
        let (delete, leave) = (delete.await.unwrap(), leave.await.unwrap());
        assert_eq!(leave, "OK");
        assert!(["OK", "NotAuthorizedException"].contains(&delete.as_str()), "{delete}");
        let audited = format!("audit_events WHERE event = 'passkey.deleted' AND sub = '{}'", user.sub);
        assert_eq!(server.count(&audited).await, 1, "round {round}: {delete}");
    }
}

// Rule 7

#[tokio::test]
async fn an_unparsable_credential_id_is_simply_not_there() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let mutated = [
        String::new(),
        "!".into(),
        "a b".into(),
        "ä".into(),
        "A".into(),
        format!("{id}="),
        format!("{id}A"),
        id.to_lowercase() + "!",
        "x".repeat(131_072),
        "\u{0}".into(),
        format!("{id}\n"),
        "' OR 1=1 --".into(),
    ];
    for id in mutated {
        let refusal = ada.delete_passkey(&id).await.refused();
        assert_eq!(
            refusal,
            "400 ResourceNotFoundException: The passkey does not exist.",
            "{}",
            &id[..id.len().min(50)]
        );
    }
    let refusal = ada.delete_passkey(&"x".repeat(131_073)).await.refused();
    assert!(refusal.starts_with("400 InvalidParameterException: 1 validation error detected: Value 'xxx"), "{refusal}");
    assert!(refusal.ends_with(
        "at 'credentialId' failed to satisfy constraint: Member must have length less than or equal to 131072"
    ));
    assert_eq!(ada.listed().await, [id]);
}

// Who may call

#[tokio::test]
async fn an_operators_signature_neither_grants_nor_is_needed() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let answer =
        server.operator("DeleteWebAuthnCredential", json!({"AccessToken": "not-a-token", "CredentialId": id})).await;
    assert_eq!(answer.refused(), "400 NotAuthorizedException: Invalid Access Token");
    let input = json!({"AccessToken": ada.access_token, "CredentialId": id});
    let wrong = server.operator_with("DeleteWebAuthnCredential", input, "AKIAUNKNOWN", "wrong").await;
    assert_eq!(wrong.outcome(), "OK", "a signature on an operation that takes none is ignored");
}

#[tokio::test]
async fn ended_sessions_and_disabled_and_reset_users_delete_nothing() {
    let server = TestServer::start().await;
    for (n, (statement, refusal)) in [
        ("UPDATE sessions SET revoked_at = auth_time", "400 NotAuthorizedException: Access Token has been revoked"),
        ("UPDATE users SET enabled = false", "400 NotAuthorizedException: User is disabled."),
        (
            "UPDATE users SET status = 'RESET_REQUIRED'",
            "400 PasswordResetRequiredException: Password reset required for the user",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut user = server.signed_in(&format!("user{n}")).await;
        let id = user.add_passkey().await;
        server.sql(&format!("{statement} WHERE sub = '{}'", user.sub)).await;
        assert_eq!(user.delete_passkey(&id).await.refused(), refusal);
        assert_eq!(server.count(&format!("webauthn_credentials WHERE sub = '{}'", user.sub)).await, 1);
    }
}

#[tokio::test]
async fn a_delete_never_follows_a_sign_out_that_was_answered() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    for round in 0..30 {
        let mut user = server.signed_in(&format!("user{round}")).await;
        let id = user.add_passkey().await;
        let (deleter, leaver) = (user.at(&server), user.at(&replica));
        let delete = tokio::spawn(async move { deleter.delete_passkey(&id).await.outcome() });
        leaver.call("GlobalSignOut", json!({})).await.ok();
        // From here on nothing may change: a delete that is still on its way finds the session ended.
        let there = server.count(&format!("webauthn_credentials WHERE sub = '{}'", user.sub)).await;
        let outcome = delete.await.unwrap();
        assert_eq!(server.count(&format!("webauthn_credentials WHERE sub = '{}'", user.sub)).await, there, "{outcome}");
    }
}
