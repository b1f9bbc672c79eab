//! Signing in with a code that was just sent.

use serde_json::{Value, json};
use time::Duration;

use crate::support::{PASSWORD, Person, TestServer, all, initiate, pool_with, respond};

const EMAIL: &str = "ada@example.com";

/// A pool where codes sign in, its client hiding who exists, and a user with a verified address.
async fn stage(server: &TestServer) -> (String, String) {
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}});
    let pool = json!({"Policies": factors, "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(server, pool, json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let attributes = json!([{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": attributes});
    let made = server.operator("AdminCreateUser", input).await.ok();
    assert_eq!(made["User"]["UserStatus"], "CONFIRMED", "who gets codes needs no password");
    (pool, client)
}

fn begin(client: &str, username: &str) -> Value {
    initiate(client, "USER_AUTH", json!({"USERNAME": username, "PREFERRED_CHALLENGE": "EMAIL_OTP"}))
}

fn answer(client: &str, session: &Value, username: &str, code: &str) -> Value {
    respond(client, "EMAIL_OTP", &json!(session), json!({"USERNAME": username, "EMAIL_OTP_CODE": code}))
}

/// A name that nobody has and that seems to have an address: one in eight does not.
pub async fn unknown_name(server: &TestServer, client: &str) -> String {
    for n in 0.. {
        let name = format!("nobody{n}@example.com");
        let input = initiate(client, "USER_AUTH", json!({"USERNAME": name}));
        if server.call("InitiateAuth", input).await.ok()["AvailableChallenges"].to_string().contains("EMAIL_OTP") {
            return name;
        }
    }
    unreachable!()
}

const MISMATCH: &str = "400 CodeMismatchException: Invalid code or auth state for the user.";

#[tokio::test]
async fn a_code_signs_in_once() {
    let server = TestServer::start().await;
    let (_, client) = stage(&server).await;
    let challenge = server.call("InitiateAuth", begin(&client, "ada")).await.ok();
    assert_eq!(challenge["ChallengeName"], "EMAIL_OTP");
    let parameters = json!({"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "a***@e***"});
    assert_eq!(challenge["ChallengeParameters"], parameters);
    let code = server.code(EMAIL, 1).await;
    assert_eq!(code.len(), 8);
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    let session = &challenge["Session"];
    assert_eq!(server.call("RespondToAuthChallenge", answer(&client, session, "ada", wrong)).await.refused(), MISMATCH);
    let tokens = server.call("RespondToAuthChallenge", answer(&client, session, "ada", &code)).await.ok();
    assert!(tokens["AuthenticationResult"]["AccessToken"].is_string());
    let again = server.call("RespondToAuthChallenge", answer(&client, session, "ada", &code)).await.refused();
    assert_eq!(again, "400 NotAuthorizedException: Invalid session for the user, session can only be used once.");
}

#[tokio::test]
async fn a_code_raced_by_fifty_signs_in_once() {
    let server = TestServer::start().await;
    let (_, client) = stage(&server).await;
    let challenge = server.call("InitiateAuth", begin(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 1).await;
    let outcomes = all((0..50).map(|_| {
        let person = Person::new(&server, "ada", "");
        let input = answer(&client, &challenge["Session"], "ada", &code);
        async move { person.call("RespondToAuthChallenge", input).await.outcome() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
    assert_eq!(server.count("sessions").await, 1);
}

#[tokio::test]
async fn wrong_codes_lock_the_name() {
    let server = TestServer::start().await;
    let (_, client) = stage(&server).await;
    for name in ["ada", &unknown_name(&server, &client).await] {
        let challenge = server.call("InitiateAuth", begin(&client, name)).await.ok();
        assert_eq!(challenge["ChallengeName"], "EMAIL_OTP", "{name}");
        let session = &challenge["Session"];
        for _ in 0..5 {
            let refusal = server.call("RespondToAuthChallenge", answer(&client, session, name, "1")).await.refused();
            assert_eq!(refusal, MISMATCH, "{name}");
        }
        let refusal = server.call("RespondToAuthChallenge", answer(&client, session, name, "1")).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded", "{name}");
    }
}

#[tokio::test]
async fn a_code_dies_with_its_session_and_with_its_address() {
    let server = TestServer::start().await;
    let (pool, client) = stage(&server).await;
    let challenge = server.call("InitiateAuth", begin(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 1).await;
    server.clock.advance(Duration::minutes(3));
    let input = answer(&client, &challenge["Session"], "ada", &code);
    let refusal = server.call("RespondToAuthChallenge", input).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user, session is expired.");
    let challenge = server.call("InitiateAuth", begin(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 2).await;
    let moved = json!([{"Name": "email", "Value": "new@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": moved});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let input = answer(&client, &challenge["Session"], "ada", &code);
    let refusal = server.call("RespondToAuthChallenge", input).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
}

#[tokio::test]
async fn codes_that_sign_in_are_sent_twenty_times_an_hour() {
    let server = TestServer::start().await;
    let (_, client) = stage(&server).await;
    for name in ["ada", &unknown_name(&server, &client).await] {
        for _ in 0..20 {
            server.call("InitiateAuth", begin(&client, name)).await.ok();
        }
        assert_eq!(
            server.call("InitiateAuth", begin(&client, name)).await.outcome(),
            "TooManyRequestsException",
            "{name}"
        );
    }
}

#[tokio::test]
async fn who_signed_up_without_a_password_is_signed_in_by_the_confirmation() {
    let server = TestServer::start().await;
    let (_, client) = stage(&server).await;
    let input = json!({"ClientId": client, "Username": "eve", "UserAttributes": [{"Name": "email", "Value": "eve@example.com"}]});
    let session = server.call("SignUp", input).await.ok()["Session"].clone();
    let code = server.code("eve@example.com", 1).await;
    let input = json!({"ClientId": client, "Username": "eve", "ConfirmationCode": code, "Session": session});
    let session = server.call("ConfirmSignUp", input).await.ok()["Session"].clone();
    let input =
        json!({"ClientId": client, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "eve"}, "Session": session});
    let tokens = server.call("InitiateAuth", input.clone()).await.ok();
    let token = tokens["AuthenticationResult"]["AccessToken"].as_str().expect("tokens").to_owned();
    let factors = server.call("GetUserAuthFactors", json!({"AccessToken": token})).await.ok();
    assert_eq!(factors["ConfiguredUserAuthFactors"], json!(["EMAIL_OTP"]));
    let again = server.call("InitiateAuth", input.clone()).await.ok();
    assert_eq!(
        (&again["ChallengeName"], &again["AvailableChallenges"]),
        (&json!("SELECT_CHALLENGE"), &json!(["EMAIL_OTP"]))
    );
    // Nobody else's session does.
    let mut other = input;
    other["AuthParameters"]["USERNAME"] = json!("ada");
    assert!(server.call("InitiateAuth", other).await.ok()["AuthenticationResult"].is_null());
    // A session that is none tells nothing about who has not confirmed.
    let input = json!({"ClientId": client, "Username": "unconfirmed", "UserAttributes": [{"Name": "email", "Value": "u@example.com"}]});
    server.call("SignUp", input).await.ok();
    let input = json!({"ClientId": client, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "unconfirmed"}, "Session": "x".repeat(30)});
    assert_eq!(server.call("InitiateAuth", input).await.ok()["ChallengeName"], "SELECT_CHALLENGE");
}

#[tokio::test]
async fn a_pool_without_codes_wants_a_password() {
    let server = TestServer::start().await;
    let (_, client) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), json!({})).await;
    let email = json!([{"Name": "email", "Value": EMAIL}]);
    let input = json!({"ClientId": client, "Username": "ada", "UserAttributes": email});
    let refusal = server.call("SignUp", input.clone()).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: Password is required: this user pool has no factor that does without."
    );
    // And a confirmed sign-up does not sign in by itself there.
    let mut input = input;
    input["Password"] = json!(PASSWORD);
    let session = server.call("SignUp", input).await.ok()["Session"].clone();
    let code = server.code(EMAIL, 1).await;
    let input = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Session": session});
    let session = server.call("ConfirmSignUp", input).await.ok()["Session"].clone();
    let input =
        json!({"ClientId": client, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "ada"}, "Session": session});
    assert_eq!(server.call("InitiateAuth", input).await.ok()["ChallengeName"], "SELECT_CHALLENGE");
}
