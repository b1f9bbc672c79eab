//! The states of sign-ins that travel in `Session` strings: single use on every replica, what makes them void, and that
//! they reveal and store nothing.

use keystead::dev::authenticator::Spoil;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    self, ORIGIN, PASSWORD, Person, TestServer, all, client, initiate, pool, pool_with, second_client,
    srp_client::Client,
};

const USED: &str = "400 NotAuthorizedException: Invalid session for the user, session can only be used once.";
const EXPIRED: &str = "400 NotAuthorizedException: Invalid session for the user, session is expired.";

/// An assertion whose counter is 0, as that of a synced passkey. Nothing but the state's single use keeps it from being
/// sent again.
fn synced() -> Spoil {
    Spoil { sign_count: Some(0), ..Spoil::default() }
}

/// A person with a passkey, a `Session` string, and the right answer to it.
async fn waiting(server: &TestServer, name: &str) -> (Person, String, Value) {
    let mut person = server.signed_in(name).await;
    person.add_passkey().await;
    let (session, options) = person.passkey_challenge().await;
    let right = person.authenticator.get(&options, ORIGIN, &synced()).unwrap();
    (person, session, right)
}

fn successes(outcomes: &[String]) -> usize {
    outcomes.iter().filter(|outcome| *outcome == "OK").count()
}

#[tokio::test]
async fn a_string_sent_to_two_replicas_at_once_signs_in_once() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let (mut ada, ..) = waiting(&server, "ada").await;
    let there = ada.at(&other);
    for round in 0..30 {
        let (session, options) = ada.passkey_challenge().await;
        let right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap();
        let before = server.count("sessions").await;
        let calls = (0..12).map(|n| {
            let person = ada.at(if n % 2 == 0 { &server } else { &other });
            let (session, right) = (session.clone(), right.clone());
            async move { person.respond(&session, &right).await.outcome() }
        });
        let outcomes = all(calls).await;
        assert_eq!(successes(&outcomes), 1, "round {round}: {outcomes:?}");
        assert_eq!(server.count("sessions").await, before + 1, "round {round}");
        assert_eq!(there.respond(&session, &right).await.refused(), USED, "round {round}");
    }
}

#[tokio::test]
async fn strings_sent_in_opposite_order_to_two_replicas_wait_for_nobody() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(waiting(&server, &format!("person{n}")).await.0);
    }
    for round in 0..20 {
        let mut calls = Vec::new();
        for person in &mut people {
            let (session, options) = person.passkey_challenge().await;
            let right = person.authenticator.get(&options, ORIGIN, &synced()).unwrap();
            calls.push((person.username.clone(), session, right));
        }
        let send = |url: &str, calls: Vec<(String, String, Value)>| {
            let sent = calls.into_iter().map(|(name, session, right)| {
                let person = Person::at_url(url, &name);
                async move { person.respond(&session, &right).await.outcome() }
            });
            all(sent.collect::<Vec<_>>())
        };
        let backwards = calls.iter().rev().cloned().collect();
        let (here, there) = tokio::join!(send(&server.url, calls), send(&other.url, backwards));
        for (n, (one, another)) in here.iter().zip(there.iter().rev()).enumerate() {
            let both = [one.clone(), another.clone()];
            assert_eq!(successes(&both), 1, "round {round}, person {n}: {both:?}");
            assert!(both.iter().any(|outcome| outcome == "NotAuthorizedException"), "{both:?}");
        }
    }
    let deadlocks = "SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(server.sql_text(deadlocks).await, "0");
}

#[tokio::test]
async fn a_wrong_assertion_uses_the_string_up() {
    let server = TestServer::start().await;
    let (mut ada, ..) = waiting(&server, "ada").await;
    for (what, spoil) in [
        ("its signature", Spoil { challenge: Some(vec![7; 32]), ..Spoil::default() }),
        ("its user is absent", Spoil { user_present: Some(false), ..Spoil::default() }),
        ("another passkey", Spoil { credential_id: Some(vec![9; 16]), ..Spoil::default() }),
    ] {
        let (session, options) = ada.passkey_challenge().await;
        let wrong = ada.authenticator.clone().get(&options, ORIGIN, &spoil).unwrap();
        let refusal = "400 NotAuthorizedException: Incorrect username or password.";
        assert_eq!(ada.respond(&session, &wrong).await.refused(), refusal, "{what}");
        let right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap();
        assert_eq!(ada.respond(&session, &right).await.refused(), USED, "{what}");
    }
}

/// What an operator or the user does between the two calls, and whether the sign-in is refused then.
#[tokio::test]
async fn what_changed_since_the_first_call_is_seen_by_the_second() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let of_user = |name: &str| json!({"UserPoolId": pool(), "Username": name});
    let wrong = "400 NotAuthorizedException: Incorrect username or password.";
    let verification = async |wanted: &str| {
        let relying = json!({"RelyingPartyId": "localhost", "UserVerification": wanted,
            "FactorConfiguration": "SINGLE_FACTOR"});
        let input = json!({"UserPoolId": pool(), "MfaConfiguration": "OFF", "WebAuthnConfiguration": relying});
        server.operator("SetUserPoolMfaConfig", input).await.ok();
    };
    for (n, change) in
        ["disabled", "deleted", "passkey", "reset", "attributes", "policy", "client"].into_iter().enumerate()
    {
        let name = format!("person{n}");
        let (person, session, right) = waiting(&server, &name).await;
        // The other replica has read the client, the pool and the user before.
        let there = person.at(&other);
        there.passkey_challenge().await;
        let mut expected = wrong;
        match change {
            "disabled" => {
                server.operator("AdminDisableUser", of_user(&name)).await.ok();
                expected = "400 NotAuthorizedException: User is disabled.";
            }
            "deleted" => {
                server.operator("AdminDeleteUser", of_user(&name)).await.ok();
                expected = "400 NotAuthorizedException: Invalid session for the user.";
            }
            "passkey" => {
                person.delete_passkey(&person.listed().await[0]).await.ok();
            }
            "reset" => {
                let email =
                    json!([{"Name": "email", "Value": "r@example.com"}, {"Name": "email_verified", "Value": "true"}]);
                let input = json!({"UserPoolId": pool(), "Username": name, "UserAttributes": email});
                server.operator("AdminUpdateUserAttributes", input).await.ok();
                server.operator("AdminResetUserPassword", of_user(&name)).await.ok();
                expected = "400 PasswordResetRequiredException: Password reset required for the user";
            }
            "attributes" => {
                let input = json!({"UserPoolId": pool(), "Username": name, "UserAttributes": [{"Name": "name", "Value": "New"}]});
                server.operator("AdminUpdateUserAttributes", input).await.ok();
                let tokens = there.respond(&session, &right).await.ok();
                let id = support::claims(tokens["AuthenticationResult"]["IdToken"].as_str().unwrap());
                assert_eq!(id["name"], "New", "the tokens have what is stored now");
                continue;
            }
            "policy" => {
                // It would be enough for the pool as it was at the first call.
                let (session, options) = person.passkey_challenge().await;
                let unverified = Spoil { user_verified: Some(false), ..synced() };
                let unverified = person.authenticator.clone().get(&options, ORIGIN, &unverified).unwrap();
                verification("required").await;
                assert_eq!(there.respond(&session, &unverified).await.refused(), wrong, "{change}");
                verification("preferred").await;
                continue;
            }
            _ => {
                let id = json!({"UserPoolId": pool(), "ClientId": client()});
                server.operator("DeleteUserPoolClient", id).await.ok();
                expected = "400 ResourceNotFoundException: User pool client";
            }
        }
        let refusal = there.respond(&session, &right).await.refused();
        assert!(refusal.starts_with(expected), "{change}: {refusal}");
    }
}

#[tokio::test]
async fn a_passkey_that_was_registered_anew_under_a_deleted_ones_id_is_another() {
    let server = TestServer::start().await;
    let (ada, session, right) = waiting(&server, "ada").await;
    let sub = server.sql_text("SELECT sub::text FROM users WHERE username = 'ada'").await;
    // The same ID and counter, but another key.
    server.sql("UPDATE webauthn_credentials SET public_key = overlay(public_key PLACING '\\x00' FROM 20 FOR 1)").await;
    ada.respond(&session, &right).await.refused();
    assert_eq!(server.count(&format!("sessions WHERE sub = '{sub}' AND opened_with = 'passkey'")).await, 0);
}

#[tokio::test]
async fn a_string_is_nothing_for_another_client_pool_or_user() {
    let server = TestServer::start().await;
    let (ada, session, right) = waiting(&server, "ada").await;
    let (bob, bobs, bobs_right) = waiting(&server, "bob").await;
    let (other_pool, other_client) = support::make_pool(&server).await;
    server.user_in(&other_pool, "ada").await;
    let answer = |client_id: &str, name: &str, session: &str, credential: &Value| {
        let responses = json!({"USERNAME": name, "CREDENTIAL": credential.to_string()});
        support::respond(client_id, "WEB_AUTHN", &json!(session), responses)
    };
    for (what, input) in [
        ("another client", answer(second_client(), "ada", &session, &right)),
        ("another pool", answer(&other_client, "ada", &session, &right)),
        ("another user", answer(client(), "bob", &session, &right)),
        ("another user's passkey", answer(client(), "bob", &session, &bobs_right)),
    ] {
        let refusal = server.call("RespondToAuthChallenge", input).await.refused();
        assert!(refusal.starts_with("400 NotAuthorizedException: Invalid session"), "{what}: {refusal}");
    }
    // None of these used it up.
    ada.respond(&session, &right).await.ok();
    bob.respond(&bobs, &bobs_right).await.ok();
}

#[tokio::test]
async fn a_string_ends_with_its_time_and_its_mark_an_hour_later() {
    let server = TestServer::start().await;
    let (mut ada, session, right) = waiting(&server, "ada").await;
    ada.respond(&session, &right).await.ok();
    assert_eq!(server.count("used_states").await, 1);
    let (late, options) = ada.passkey_challenge().await;
    let late_right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap();
    server.clock.advance(Duration::seconds(179));
    assert_eq!(ada.respond(&session, &right).await.refused(), USED);
    server.clock.advance(Duration::seconds(1));
    for (session, right) in [(&session, &right), (&late, &late_right)] {
        assert_eq!(ada.respond(session, right).await.refused(), EXPIRED);
    }
    server.clock.advance(Duration::seconds(3_590));
    server.remove_expired().await;
    assert_eq!(server.count("used_states").await, 1);
    server.clock.advance(Duration::seconds(20));
    server.remove_expired().await;
    assert_eq!(server.count("used_states").await, 0);
}

#[tokio::test]
async fn people_who_begin_a_sign_in_write_nothing_and_unknown_ones_look_the_same() {
    let server = TestServer::start().await;
    let flows = json!(["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]);
    let members = json!({"ExplicitAuthFlows": flows, "PreventUserExistenceErrors": "ENABLED"});
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
    let (pool_id, client_id) = pool_with(&server, json!({"Policies": factors}), members).await;
    let relying = json!({"UserPoolId": pool_id, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", relying).await.ok();
    let mut ada = server.user_in(&pool_id, "ada").await;
    ada.sign_in_to(&client_id).await;
    ada.add_passkey().await;
    // A name that nobody has, and that seems to have passkeys.
    let mut stranger = String::new();
    for n in 0.. {
        stranger = format!("nobody{n}");
        let input = initiate(&client_id, "USER_AUTH", json!({"USERNAME": stranger}));
        let answer = server.call("InitiateAuth", input).await.ok();
        if answer["AvailableChallenges"].as_array().unwrap().contains(&json!("WEB_AUTHN")) {
            break;
        }
    }
    let tables = async || {
        let mut counts = Vec::new();
        for table in
            ["challenges", "used_states", "login_attempts", "code_attempts", "sessions", "outbox", "audit_events"]
        {
            counts.push((table, server.count(table).await));
        }
        counts
    };
    let before = tables().await;
    let public = Client::new().public().to_str_radix(16);
    let mut lengths = Vec::new();
    for name in ["ada", &stranger] {
        let mut own = Vec::new();
        for (flow, more) in [
            ("USER_AUTH", json!({})),
            ("USER_AUTH", json!({"PREFERRED_CHALLENGE": "PASSWORD"})),
            ("USER_AUTH", json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"})),
            ("USER_AUTH", json!({"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": public})),
            ("USER_SRP_AUTH", json!({"SRP_A": public})),
        ] {
            let mut parameters = more;
            parameters["USERNAME"] = json!(name);
            let answer = server.call("InitiateAuth", initiate(&client_id, flow, parameters)).await.ok();
            own.push(answer["Session"].as_str().unwrap().len());
        }
        lengths.push(own);
    }
    assert_eq!(lengths[0], lengths[1]);
    assert_eq!(tables().await, before);
}

#[tokio::test]
async fn states_of_before_an_account_was_rescued_are_void() {
    let server = TestServer::start().await;
    let (mut ada, session, right) = waiting(&server, "ada").await;
    server.sql("UPDATE users SET void_version = version + 1 WHERE username = 'ada'").await;
    assert_eq!(ada.respond(&session, &right).await.refused(), USED);
    ada.passkey_sign_in(&synced()).await.ok();
}

#[tokio::test]
async fn an_outdated_client_or_pool_is_read_again_before_anything_is_decided() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let (ada, ..) = waiting(&server, "ada").await;
    let there = ada.at(&other);
    let begin = async |flow: &str| {
        let parameters = json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "PREFERRED_CHALLENGE": "WEB_AUTHN"});
        there.post_public("InitiateAuth", initiate(client(), flow, parameters)).await.outcome()
    };
    let update = async |flows: &[&str]| {
        let input = json!({"UserPoolId": pool(), "ClientId": client(), "ExplicitAuthFlows": flows, "PreventUserExistenceErrors": "ENABLED"});
        server.operator("UpdateUserPoolClient", input).await.ok();
    };
    for _ in 0..10 {
        assert_eq!([begin("USER_AUTH").await, begin("USER_PASSWORD_AUTH").await], ["OK", "OK"]);
        update(&["ALLOW_USER_PASSWORD_AUTH"]).await;
        assert_eq!([begin("USER_AUTH").await, begin("USER_PASSWORD_AUTH").await], ["InvalidParameterException", "OK"]);
        update(&["ALLOW_USER_AUTH"]).await;
        assert_eq!([begin("USER_AUTH").await, begin("USER_PASSWORD_AUTH").await], ["OK", "InvalidParameterException"]);
        update(&["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"]).await;
    }
    // A sign-in that has begun ends with its flow, too.
    let (mut ada, there) = (ada, there.clone());
    let (session, options) = ada.passkey_challenge().await;
    let right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap();
    update(&["ALLOW_USER_PASSWORD_AUTH"]).await;
    let refusal = there.respond(&session, &right).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: USER_AUTH flow not enabled for this client");
    server.operator("DeleteUserPoolClient", json!({"UserPoolId": pool(), "ClientId": client()})).await.ok();
    assert_eq!(begin("USER_AUTH").await, "ResourceNotFoundException");
}

/// Whether the first right answer after a wrong one is accepted, for each kind of challenge (docs/cognito.md 4.4).
#[tokio::test]
async fn each_kind_is_used_up_by_its_own_rule() {
    let server = TestServer::start().await;
    let flows = json!(["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]);
    let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com"});
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN", "EMAIL_OTP"]}});
    let members = json!({"Policies": factors, "EmailConfiguration": email});
    let (pool_id, client_id) = pool_with(&server, members, json!({"ExplicitAuthFlows": flows})).await;
    let relying = json!({"UserPoolId": pool_id, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", relying).await.ok();
    let mut ada = server.user_in(&pool_id, "ada").await;
    let address = "ada@example.com";
    let verified = json!([{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool_id, "Username": "ada", "UserAttributes": verified});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    ada.sign_in_to(&client_id).await;
    ada.add_passkey().await;
    let mut codes = 0;
    for (kind, burns) in [("WEB_AUTHN", true), ("PASSWORD_VERIFIER", true), ("PASSWORD", false), ("EMAIL_OTP", false)] {
        let proof = Client::new();
        let public = proof.public().to_str_radix(16);
        let (flow, mut parameters) = match kind {
            "PASSWORD_VERIFIER" => ("USER_SRP_AUTH", json!({"SRP_A": public})),
            other => ("USER_AUTH", json!({"PREFERRED_CHALLENGE": other})),
        };
        parameters["USERNAME"] = json!("ada");
        let asked = server.call("InitiateAuth", initiate(&client_id, flow, parameters)).await.ok();
        assert_eq!(asked["ChallengeName"], kind);
        let (wrong, right) = match kind {
            "WEB_AUTHN" => {
                let options =
                    asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap().parse().unwrap();
                let absent = Spoil { user_present: Some(false), ..synced() };
                let wrong = ada.authenticator.clone().get(&options, ORIGIN, &absent).unwrap().to_string();
                let right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap().to_string();
                (json!({"CREDENTIAL": wrong}), json!({"CREDENTIAL": right}))
            }
            "PASSWORD_VERIFIER" => {
                let of = |password: &str| proof.answer_of(&pool_id, password, &asked["ChallengeParameters"]);
                (of("Wr0ng-Passw0rd!"), of(PASSWORD))
            }
            "PASSWORD" => (json!({"PASSWORD": "Wr0ng-Passw0rd!"}), json!({"PASSWORD": PASSWORD})),
            _ => {
                codes += 1;
                let code = server.code(address, codes).await;
                let wrong = if code == "00000000" { "00000001" } else { "00000000" };
                (json!({"EMAIL_OTP_CODE": wrong}), json!({"EMAIL_OTP_CODE": code}))
            }
        };
        let answer = async |mut responses: Value| {
            responses["USERNAME"] = json!("ada");
            let input = support::respond(&client_id, kind, &asked["Session"], responses);
            server.call("RespondToAuthChallenge", input).await.outcome()
        };
        let refused = ["NotAuthorizedException", "CodeMismatchException"];
        let first = answer(wrong.clone()).await;
        assert!(refused.contains(&first.as_str()), "{kind}: {first}");
        if burns {
            // Wrong answers are not even checked any more, so that one string gives one guess.
            let mut again = wrong.clone();
            again["USERNAME"] = json!("ada");
            let input = support::respond(&client_id, kind, &asked["Session"], again);
            assert_eq!(server.call("RespondToAuthChallenge", input).await.refused(), USED, "{kind}");
        }
        assert_eq!(answer(right.clone()).await, if burns { "NotAuthorizedException" } else { "OK" }, "{kind}");
        assert_eq!(answer(right).await, "NotAuthorizedException", "{kind}: after the right answer");
    }
}

#[tokio::test]
async fn rows_serve_replicas_of_the_release_before_and_each_replica_reads_both() {
    let server = TestServer::start().await;
    server.sql("DELETE FROM upgrade_steps").await;
    let before = server.replica().await;
    let (mut ada, ..) = waiting(&server, "ada").await;
    let at = [ada.at(&server), ada.at(&before)];
    for round in 0..4 {
        let (first, second) = (round % 2, round / 2);
        let (session, options) = at[first].passkey_challenge().await;
        // The replica that still knows the step as finished seals, the other one writes a row.
        assert_eq!(server.count("challenges").await, i64::from(first == 1));
        assert_eq!(session.starts_with("AYAB"), first == 1, "an older replica opens only this form");
        let right = ada.authenticator.get(&options, ORIGIN, &synced()).unwrap();
        at[second].respond(&session, &right).await.ok();
        assert_eq!(at[1 - second].respond(&session, &right).await.refused(), USED);
        assert_eq!(server.count("challenges").await, 0);
    }
    server.sql("INSERT INTO upgrade_steps (name) VALUES ('sealed-states')").await;
    before.app.consult_database().await.unwrap();
    at[1].passkey_challenge().await;
    assert_eq!(server.count("challenges").await, 0);
}
