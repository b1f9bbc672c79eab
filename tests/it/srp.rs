//! Signing in with a password that is proved without being sent.

use keystead::sealing::hex;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    self, PASSWORD, TestServer, client, initiate, pool, pool_with,
    srp_client::{Client, N},
};

/// A pool with a client that signs in by SRP and hides who exists.
async fn srp_pool(server: &TestServer, members: Value) -> (String, String) {
    let client = json!({"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "PreventUserExistenceErrors": "ENABLED"});
    pool_with(server, members, client).await
}

async fn start(server: &TestServer, client_id: &str, username: &str, public: &str) -> Value {
    let input = initiate(client_id, "USER_SRP_AUTH", json!({"USERNAME": username, "SRP_A": public}));
    server.call("InitiateAuth", input).await.ok()
}

fn respond(client_id: &str, responses: Value) -> Value {
    json!({"ClientId": client_id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses})
}

/// A whole sign-in, without a Session, as pycognito does it.
async fn sign_in(server: &TestServer, (pool_id, client_id): (&str, &str), username: &str, password: &str) -> String {
    let person = Client::new();
    let challenge = start(server, client_id, username, &person.public().to_str_radix(16)).await;
    assert_eq!(challenge["ChallengeName"], "PASSWORD_VERIFIER");
    let responses = person.answer_of(pool_id, password, &challenge["ChallengeParameters"]);
    let answer = server.call("RespondToAuthChallenge", respond(client_id, responses)).await;
    if answer.status == 200 {
        let body = answer.ok();
        return match body["AuthenticationResult"]["AccessToken"].as_str() {
            Some(_) => "OK".into(),
            None => body["ChallengeName"].as_str().unwrap().to_owned(),
        };
    }
    answer.refused()
}

const WRONG: &str = "400 NotAuthorizedException: Incorrect username or password.";

#[tokio::test]
async fn a_password_is_proved() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = srp_pool(&server, json!({})).await;
    server.user_in(&pool_id, "ada").await;
    let own = (pool_id.as_str(), client_id.as_str());
    assert_eq!(sign_in(&server, own, "ada", PASSWORD).await, "OK");
    assert_eq!(sign_in(&server, own, "ada", "wrong-Passw0rd!").await, WRONG);
    assert_eq!(sign_in(&server, own, "nobody", PASSWORD).await, WRONG);
    let input = json!({"UserPoolId": pool_id, "Username": "ada", "Password": "N3w-Passw0rd", "Permanent": true});
    server.operator("AdminSetUserPassword", input).await.ok();
    assert_eq!(sign_in(&server, own, "ada", PASSWORD).await, WRONG);
    assert_eq!(sign_in(&server, own, "ada", "N3w-Passw0rd").await, "OK");
}

#[tokio::test]
async fn a_proof_is_used_once_and_only_for_its_challenge() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = srp_pool(&server, json!({})).await;
    server.user_in(&pool_id, "ada").await;
    let person = Client::new();
    let public = person.public().to_str_radix(16);
    let first = start(&server, &client_id, "ada", &public).await;
    let second = start(&server, &client_id, "ada", &public).await;
    let responses = person.answer_of(&pool_id, PASSWORD, &first["ChallengeParameters"]);
    let mut other = respond(&client_id, responses.clone());
    other["Session"] = second["Session"].clone();
    assert_eq!(server.call("RespondToAuthChallenge", other).await.refused(), WRONG, "another challenge's session");
    server.call("RespondToAuthChallenge", respond(&client_id, responses.clone())).await.ok();
    let again = server.call("RespondToAuthChallenge", respond(&client_id, responses)).await.refused();
    assert_eq!(again, "400 NotAuthorizedException: Invalid session for the user, session can only be used once.");
    // A wrong proof burns its challenge.
    let third = start(&server, &client_id, "ada", &public).await;
    let wrong = person.answer_of(&pool_id, "wrong-Passw0rd!", &third["ChallengeParameters"]);
    assert_eq!(server.call("RespondToAuthChallenge", respond(&client_id, wrong)).await.refused(), WRONG);
    let right = person.answer_of(&pool_id, PASSWORD, &third["ChallengeParameters"]);
    let outcome = server.call("RespondToAuthChallenge", respond(&client_id, right)).await.outcome();
    assert_eq!(outcome, "NotAuthorizedException");
}

#[tokio::test]
async fn wrong_proofs_lock_as_wrong_passwords_do() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = srp_pool(&server, json!({})).await;
    server.user_in(&pool_id, "ada").await;
    let own = (pool_id.as_str(), client_id.as_str());
    for name in ["ada", "nobody"] {
        for n in 0..9 {
            assert_eq!(sign_in(&server, own, name, "wrong-Passw0rd!").await, WRONG, "{name} {n}");
            // From the fifth on each locks for twice as long: the last for longer than the rest of the test takes.
            if (4..8).contains(&n) {
                server.clock.advance(Duration::seconds(1 << (n - 4)));
            }
        }
        // Whatever the flow.
        let person = crate::support::Person::new(&server, name, "");
        let locked = person.password_sign_in(&client_id, PASSWORD).await.refused();
        assert_eq!(locked, "400 NotAuthorizedException: Password attempts exceeded", "{name}");
        let locked = sign_in(&server, own, name, PASSWORD).await;
        assert_eq!(locked, "400 NotAuthorizedException: Password attempts exceeded", "{name}");
    }
    server.clock.advance(Duration::seconds(16));
    assert_eq!(sign_in(&server, own, "ada", PASSWORD).await, "OK");
}

#[tokio::test]
async fn who_never_had_a_password_is_told_to_set_one_unless_that_tells_who_exists() {
    let server = TestServer::start().await;
    let (pool_id, hiding) = srp_pool(&server, json!({})).await;
    let flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"];
    let input = json!({"UserPoolId": pool_id, "ClientName": "open", "ExplicitAuthFlows": flows});
    let open = server.operator("CreateUserPoolClient", input).await.ok()["UserPoolClient"]["ClientId"].clone();
    server.user_in(&pool_id, "ada").await;
    // As who came with an import.
    let reset = "UPDATE users SET password_hash = NULL, srp_verifier = NULL, status = 'RESET_REQUIRED'";
    sqlx::query(reset).execute(&server.db).await.unwrap();
    let told = "400 PasswordResetRequiredException: Password reset required for the user";
    for (client_id, expected) in [(open.as_str().unwrap(), told), (&hiding, WRONG)] {
        assert_eq!(sign_in(&server, (&pool_id, client_id), "ada", PASSWORD).await, expected);
        let person = crate::support::Person::new(&server, "ada", "");
        assert_eq!(person.password_sign_in(client_id, PASSWORD).await.refused(), expected);
    }
}

#[tokio::test]
async fn numbers_of_no_honest_client_are_refused() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = srp_pool(&server, json!({})).await;
    server.user_in(&pool_id, "ada").await;
    for public in ["0", N, "zz", &"f".repeat(1000)] {
        let input = initiate(&client_id, "USER_SRP_AUTH", json!({"USERNAME": "ada", "SRP_A": public}));
        let refusal = server.call("InitiateAuth", input).await.refused();
        let expected = match public {
            "zz" => {
                "1 validation error detected: Value 'zz' at 'a' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-fA-F]+$"
            }
            _ => "SRP_A is not a number of the SRP group.",
        };
        assert_eq!(refusal, format!("400 InvalidParameterException: {expected}"));
    }
}

#[tokio::test]
async fn an_unknown_person_has_the_same_salt_every_time_and_the_form_of_a_known_one() {
    let server = TestServer::start().await;
    for members in [json!({}), json!({"UsernameAttributes": ["email"]})] {
        let (pool_id, client_id) = srp_pool(&server, members.clone()).await;
        server.user_in(&pool_id, "ada@example.com").await;
        let public = Client::new().public().to_str_radix(16);
        let known = start(&server, &client_id, "ada@example.com", &public).await["ChallengeParameters"].clone();
        let unknown = start(&server, &client_id, "eve@example.com", &public).await["ChallengeParameters"].clone();
        let again = start(&server, &client_id, "eve@example.com", &public).await["ChallengeParameters"].clone();
        assert_eq!((&unknown["SALT"], &unknown["USER_ID_FOR_SRP"]), (&again["SALT"], &again["USER_ID_FOR_SRP"]));
        assert_ne!(unknown["SRP_B"], again["SRP_B"]);
        let is_uuid = |value: &Value| uuid::Uuid::try_parse(value["USER_ID_FOR_SRP"].as_str().unwrap()).is_ok();
        assert_eq!(is_uuid(&known), is_uuid(&unknown), "{members}");
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&known), names(&unknown));
        assert_eq!(known["SALT"].as_str().unwrap().len(), unknown["SALT"].as_str().unwrap().len());
        // Called by that name, both are as before.
        for (first, name) in [(&known, "ada@example.com"), (&unknown, "eve@example.com")] {
            let id = first["USER_ID_FOR_SRP"].as_str().unwrap();
            let again = start(&server, &client_id, id, &public).await["ChallengeParameters"].clone();
            assert_eq!(
                (&again["SALT"], &again["USER_ID_FOR_SRP"]),
                (&first["SALT"], &first["USER_ID_FOR_SRP"]),
                "{name}"
            );
        }
        let own = (pool_id.as_str(), client_id.as_str());
        assert_eq!(sign_in(&server, own, "eve@example.com", PASSWORD).await, WRONG);
        assert_eq!(sign_in(&server, own, "ada@example.com", PASSWORD).await, "OK");
    }
}

#[tokio::test]
async fn a_temporary_password_that_is_proved_must_be_changed() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = srp_pool(&server, json!({})).await;
    let input =
        json!({"UserPoolId": pool_id, "Username": "ada", "TemporaryPassword": PASSWORD, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let outcome = sign_in(&server, (&pool_id, &client_id), "ada", PASSWORD).await;
    assert_eq!(outcome, "NEW_PASSWORD_REQUIRED");
}

#[tokio::test]
async fn choosing_to_prove_the_password_works_in_both_forms() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let person = Client::new();
    let public = person.public().to_str_radix(16);
    let begin = async |parameters: Value| {
        let mut all = json!({"USERNAME": "ada"});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let input = initiate(client(), "USER_AUTH", json!(all));
        server.call("InitiateAuth", input).await.ok()
    };
    let finish = async |challenge: Value| {
        let mut input = respond(client(), person.answer_of(pool(), PASSWORD, &challenge["ChallengeParameters"]));
        input["Session"] = challenge["Session"].clone();
        server.call("RespondToAuthChallenge", input).await.ok()["AuthenticationResult"]["AccessToken"].is_string()
    };
    assert!(finish(begin(json!({"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": public})).await).await);
    let choice = begin(json!({})).await;
    let select = json!({"USERNAME": "ada", "ANSWER": "PASSWORD_SRP", "SRP_A": public});
    let input = support::respond(client(), "SELECT_CHALLENGE", &choice["Session"], json!(select));
    assert!(finish(server.call("RespondToAuthChallenge", input).await.ok()).await);
}

#[tokio::test]
async fn verifiers_are_sealed_and_made_when_a_client_needs_them() {
    let server = TestServer::start().await;
    let only_text = json!({"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]});
    let (pool_id, text_client) = pool_with(&server, json!({}), only_text).await;
    let ada = server.user_in(&pool_id, "ada").await;
    assert_eq!(server.count(&format!("users WHERE user_pool_id = '{pool_id}' AND srp_verifier IS NULL")).await, 1);
    let input = json!({"UserPoolId": pool_id, "ClientName": "srp", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]});
    let made = server.operator("CreateUserPoolClient", input).await.ok();
    let client_id = made["UserPoolClient"]["ClientId"].as_str().unwrap();
    assert_eq!(sign_in(&server, (&pool_id, client_id), "ada", PASSWORD).await, WRONG, "no verifier yet");
    ada.password_sign_in(&text_client, PASSWORD).await.ok();
    assert_eq!(sign_in(&server, (&pool_id, client_id), "ada", PASSWORD).await, "OK");
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT srp_verifier FROM users WHERE user_pool_id = $1")
        .bind(&pool_id)
        .fetch_one(&server.db)
        .await
        .unwrap();
    let public = Client::new().public().to_str_radix(16);
    let salt = start(&server, client_id, "ada", &public).await["ChallengeParameters"]["SALT"].clone();
    assert!(!hex(&sealed).contains(salt.as_str().unwrap()));
}

#[tokio::test]
async fn a_client_without_any_listed_flow_signs_in_by_srp() {
    let server = TestServer::start().await;
    let (pool_id, client_id) = pool_with(&server, json!({}), json!({"ExplicitAuthFlows": []})).await;
    server.user_in(&pool_id, "ada").await;
    assert_eq!(sign_in(&server, (&pool_id, &client_id), "ada", PASSWORD).await, "OK");
}
