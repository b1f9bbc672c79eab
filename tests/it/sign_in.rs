//! Signing in: every flow that is built, its refusals, and what strangers can learn from them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::Engine;
use keystead::dev::authenticator::Spoil;
use serde_json::{Value, json};

use crate::support::{
    self, ORIGIN, PASSWORD, Person, TestServer, all, client, initiate, pool, pool_with, respond, second_client,
};

fn user_auth(client: &str, username: &str, extra: Value) -> Value {
    let mut parameters = json!({"USERNAME": username});
    parameters.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    initiate(client, "USER_AUTH", json!(parameters))
}

#[tokio::test]
async fn a_password_gives_three_tokens() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let answer = ada.password_sign_in(client(), PASSWORD).await.ok();
    let result = &answer["AuthenticationResult"];
    assert_eq!(
        (&result["ExpiresIn"], &result["TokenType"], &answer["ChallengeParameters"]),
        (&json!(3600), &json!("Bearer"), &json!({}))
    );
    assert_eq!(result["AccessToken"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(result["IdToken"].as_str().unwrap().split('.').count(), 3);
    assert!(result["RefreshToken"].as_str().unwrap().len() >= 43);
    assert!(answer.get("Session").is_none() && answer.get("ChallengeName").is_none());
}

#[tokio::test]
async fn flows_that_the_client_does_not_allow_are_refused() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let auth = |client: &str, flow: &str| json!({"ClientId": client, "AuthFlow": flow, "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD}});
    for (input, text) in [
        (auth(client(), "USER_SRP_AUTH"), "USER_SRP_AUTH flow not enabled for this client"),
        (auth(client(), "CUSTOM_AUTH"), "CUSTOM_AUTH flow not enabled for this client"),
        (auth(client(), "ADMIN_USER_PASSWORD_AUTH"), "Initiate Auth method not supported"),
        (auth(client(), "ADMIN_NO_SRP_AUTH"), "Initiate Auth method not supported"),
        (initiate(client(), "USER_PASSWORD_AUTH", json!({"PASSWORD": "x"})), "Missing required parameter USERNAME"),
    ] {
        assert_eq!(
            server.call("InitiateAuth", input).await.refused(),
            format!("400 InvalidParameterException: {text}")
        );
    }
    let mut admin = auth(second_client(), "ADMIN_USER_PASSWORD_AUTH");
    admin["UserPoolId"] = json!(pool());
    let refusal = server.operator("AdminInitiateAuth", admin.clone()).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Auth flow not enabled for this client");
    admin["ClientId"] = json!(client());
    assert!(server.operator("AdminInitiateAuth", admin).await.ok()["AuthenticationResult"]["AccessToken"].is_string());
}

#[tokio::test]
async fn choice_offers_what_the_user_can_do() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let answer = server.call("InitiateAuth", user_auth(client(), "ada", json!({}))).await.ok();
    assert_eq!(
        (&answer["ChallengeName"], &answer["AvailableChallenges"]),
        (&json!("SELECT_CHALLENGE"), &json!(["PASSWORD_SRP", "PASSWORD"]))
    );
    // A preference that is not available is not an error.
    let answer =
        server.call("InitiateAuth", user_auth(client(), "ada", json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}))).await.ok();
    assert_eq!(answer["ChallengeName"], "SELECT_CHALLENGE");
    ada.add_passkey().await;
    let answer = server.call("InitiateAuth", user_auth(client(), "ada", json!({}))).await.ok();
    assert_eq!(answer["AvailableChallenges"], json!(["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]));
    let preferred = json!({"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD});
    let answer = server.call("InitiateAuth", user_auth(client(), "ada", preferred)).await.ok();
    assert!(answer["AuthenticationResult"]["AccessToken"].is_string());
}

#[tokio::test]
async fn a_selected_challenge_is_answered_in_every_form_that_clients_send() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let begin =
        async || server.call("InitiateAuth", user_auth(client(), "ada", json!({}))).await.ok()["Session"].clone();
    let tokens = |answer: &Value| answer["AuthenticationResult"]["AccessToken"].is_string();
    // The password beside the selection; after it; and by its own name.
    let select = json!({"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "SELECT_CHALLENGE", &begin().await, select))
        .await
        .ok();
    assert!(tokens(&answer));
    let select = json!({"USERNAME": "ada", "ANSWER": "PASSWORD"});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "SELECT_CHALLENGE", &begin().await, select))
        .await
        .ok();
    assert_eq!(answer["ChallengeName"], "PASSWORD");
    let password = json!({"USERNAME": "ada", "PASSWORD": PASSWORD});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "PASSWORD", &answer["Session"], password.clone()))
        .await
        .ok();
    assert!(tokens(&answer));
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "PASSWORD", &begin().await, password))
        .await
        .ok();
    assert!(tokens(&answer));
    // A passkey selected.
    let select = json!({"USERNAME": "ada", "ANSWER": "WEB_AUTHN"});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "SELECT_CHALLENGE", &begin().await, select))
        .await
        .ok();
    assert_eq!(answer["ChallengeName"], "WEB_AUTHN");
    assert!(answer.get("AvailableChallenges").is_none(), "the output has no such member");
    let options: Value =
        serde_json::from_str(answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap()).unwrap();
    let credential = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
    let select = json!({"USERNAME": "ada", "ANSWER": "WEB_AUTHN", "CREDENTIAL": credential.to_string()});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "SELECT_CHALLENGE", &answer["Session"], select))
        .await
        .ok();
    assert!(tokens(&answer));
    // Falling back to the password from a WEB_AUTHN session.
    let (session, _) = ada.passkey_challenge().await;
    let select = json!({"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD});
    let answer = server
        .call("RespondToAuthChallenge", support::respond(client(), "SELECT_CHALLENGE", &json!(session), select))
        .await
        .ok();
    assert!(tokens(&answer));
}

#[tokio::test]
async fn request_options_have_exactly_the_documented_members_in_order() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    let answer =
        server.call("InitiateAuth", user_auth(client(), "ada", json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}))).await.ok();
    assert_eq!(answer["AvailableChallenges"], json!(["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]));
    let text = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
    let options: Value = serde_json::from_str(text).unwrap();
    let challenge = options["challenge"].as_str().unwrap();
    assert_eq!(challenge.len(), 43, "32 bytes");
    assert_eq!(
        text,
        format!(
            r#"{{"challenge":"{challenge}","timeout":180000,"rpId":"localhost","allowCredentials":[{{"type":"public-key","id":"{id}","transports":["hybrid","internal"]}}],"userVerification":"preferred"}}"#
        )
    );
}

#[tokio::test]
async fn sessions_are_single_use_expire_and_fit_one_user_and_client() {
    let server = TestServer::start().await;
    server.user("ada").await;
    server.user("eve").await;
    let begin =
        async || server.call("InitiateAuth", user_auth(client(), "ada", json!({}))).await.ok()["Session"].clone();
    let password = |name: &str| json!({"USERNAME": name, "PASSWORD": PASSWORD});
    let answer = async |client: &str, session: &Value, name: &str| {
        server.call("RespondToAuthChallenge", respond(client, "PASSWORD", session, password(name))).await
    };
    let session = begin().await;
    let wrong = json!({"USERNAME": "ada", "PASSWORD": "Wrong-passw0rd"});
    let refusal =
        server.call("RespondToAuthChallenge", support::respond(client(), "PASSWORD", &session, wrong)).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    answer(client(), &session, "ada").await.ok();
    let used = "400 NotAuthorizedException: Invalid session for the user, session can only be used once.";
    assert_eq!(answer(client(), &session, "ada").await.refused(), used);
    let session = begin().await;
    assert_eq!(
        answer(client(), &session, "eve").await.refused(),
        "400 NotAuthorizedException: Invalid session for the user."
    );
    assert_eq!(
        answer(second_client(), &session, "ada").await.refused(),
        "400 NotAuthorizedException: Invalid session provided"
    );
    let mut garbage = session.as_str().unwrap().to_owned();
    garbage.replace_range(10..11, if &garbage[10..11] == "A" { "B" } else { "A" });
    assert_eq!(
        answer(client(), &json!(garbage), "ada").await.refused(),
        "400 NotAuthorizedException: Invalid session provided"
    );
    server.clock.advance(time::Duration::minutes(3));
    assert_eq!(
        answer(client(), &session, "ada").await.refused(),
        "400 NotAuthorizedException: Invalid session for the user, session is expired."
    );
}

#[tokio::test]
async fn a_session_raced_by_many_gives_tokens_once() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    for _ in 0..15 {
        let (session, options) = ada.passkey_challenge().await;
        let credential = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        let outcomes = all((0..10).map(|n| {
            let (ada, session, credential) =
                (if n % 2 == 0 { ada.at(&server) } else { ada.at(&replica) }, session.clone(), credential.clone());
            async move { ada.respond(&session, &credential).await.outcome() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
    }
}

#[tokio::test]
async fn a_first_password_is_the_persons_own() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "Username": "ada", "TemporaryPassword": "Temp0rary!", "UserAttributes": [{"Name": "name", "Value": "Ada"}]});
    server.operator("AdminCreateUser", input).await.ok();
    let ada = Person::new(&server, "ada", "");
    let challenge = ada.password_sign_in(client(), "Temp0rary!").await.ok();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    assert_eq!(
        challenge["ChallengeParameters"],
        json!({"USER_ID_FOR_SRP": "ada", "requiredAttributes": "[]", "userAttributes": r#"{"name":"Ada"}"#})
    );
    let answer = |password: &str| {
        respond(
            client(),
            "NEW_PASSWORD_REQUIRED",
            &challenge["Session"],
            json!({"USERNAME": "ada", "NEW_PASSWORD": password, "userAttributes.nickname": "Countess"}),
        )
    };
    assert_eq!(server.call("RespondToAuthChallenge", answer("short")).await.outcome(), "InvalidPasswordException");
    assert!(
        server.call("RespondToAuthChallenge", answer(PASSWORD)).await.ok()["AuthenticationResult"]["IdToken"]
            .is_string()
    );
    ada.password_sign_in(client(), PASSWORD).await.ok();
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool(), "Username": "ada"})).await.ok();
    assert_eq!(shown["UserStatus"], "CONFIRMED");
    assert!(shown["UserAttributes"].as_array().unwrap().contains(&json!({"Name": "nickname", "Value": "Countess"})));
}

#[tokio::test]
async fn a_temporary_password_lasts_as_long_as_the_policy_says() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "Username": "ada", "TemporaryPassword": "Temp0rary!"});
    server.operator("AdminCreateUser", input).await.ok();
    server.clock.advance(time::Duration::days(8));
    let refusal = Person::new(&server, "ada", "").password_sign_in(client(), "Temp0rary!").await.refused();
    assert_eq!(
        refusal,
        "400 NotAuthorizedException: Temporary password has expired and must be reset by an administrator."
    );
}

#[tokio::test]
async fn a_client_with_a_secret_needs_its_hash() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let made = server.operator("CreateUserPoolClient", json!({"UserPoolId": pool(), "ClientName": "x", "GenerateSecret": true, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]})).await.ok()["UserPoolClient"].clone();
    let (id, secret) = (made["ClientId"].as_str().unwrap(), made["ClientSecret"].as_str().unwrap());
    let hash = |name: &str| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        BASE64_STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("{name}{id}").as_bytes()))
    };
    let auth = |parameters: Value| initiate(id, "USER_PASSWORD_AUTH", json!(parameters));
    let without = server.call("InitiateAuth", auth(json!({"USERNAME": "ada", "PASSWORD": PASSWORD}))).await.refused();
    assert_eq!(
        without,
        format!("400 NotAuthorizedException: Client {id} is configured with secret but SECRET_HASH was not received")
    );
    let wrong = server
        .call("InitiateAuth", auth(json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": hash("eve")})))
        .await
        .refused();
    assert_eq!(wrong, format!("400 NotAuthorizedException: Unable to verify secret hash for client {id}"));
    let right = server
        .call("InitiateAuth", auth(json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": hash("ada")})))
        .await
        .ok();
    let refresh = |hash: String| {
        initiate(
            id,
            "REFRESH_TOKEN_AUTH",
            json!({"REFRESH_TOKEN": right["AuthenticationResult"]["RefreshToken"], "SECRET_HASH": hash}),
        )
    };
    assert_eq!(server.call("InitiateAuth", refresh(hash("eve"))).await.outcome(), "NotAuthorizedException");
    server.call("InitiateAuth", refresh(hash("ada"))).await.ok();
    assert_eq!(
        server.call("SignUp", json!({"ClientId": id, "Username": "bob", "Password": PASSWORD})).await.outcome(),
        "NotAuthorizedException"
    );
    let token = json!({"ClientId": id, "RefreshToken": right["AuthenticationResult"]["RefreshToken"], "ClientSecret": "x".repeat(52)});
    assert_eq!(server.call("GetTokensFromRefreshToken", token).await.outcome(), "NotAuthorizedException");
}

// What strangers learn

#[tokio::test]
async fn unknown_users_answer_as_known_ones_where_existence_is_hidden() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let strangers = |name: &str| Person::new(&server, name, "");
    let refusal = "400 NotAuthorizedException: Incorrect username or password.";
    assert_eq!(strangers("ada").password_sign_in(client(), "Wrong-passw0rd").await.refused(), refusal);
    assert_eq!(strangers("nobody").password_sign_in(client(), "Wrong-passw0rd").await.refused(), refusal);
    let legacy = strangers("nobody").password_sign_in(second_client(), "Wrong-passw0rd").await.refused();
    assert_eq!(legacy, "400 UserNotFoundException: User does not exist.");
    // The choice of a made-up user is stable, and some have passkeys.
    let mut with_passkeys = 0;
    for n in 0..24 {
        let name = format!("nobody{n}");
        let ask = async || {
            let answer = server
                .call("InitiateAuth", user_auth(client(), &name, json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"})))
                .await
                .ok();
            let options = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().map(str::to_owned);
            let options: Value = options.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
            (
                answer["ChallengeName"].clone(),
                answer["AvailableChallenges"].clone(),
                options["allowCredentials"].clone(),
                answer["Session"].as_str().unwrap().len(),
            )
        };
        let first = ask().await;
        assert_eq!(first, ask().await);
        with_passkeys += usize::from(first.0 == "WEB_AUTHN");
    }
    assert!((1..24).contains(&with_passkeys), "{with_passkeys} of 24 made-up users have a made-up passkey");
}

#[tokio::test]
async fn a_made_up_passkey_is_refused_like_a_wrong_one() {
    let server = TestServer::start().await;
    let mut eve = server.signed_in("eve").await;
    eve.add_passkey().await;
    // Somebody else's passkey, for a user who exists and for ones who do not.
    server.signed_in("ada").await.add_passkey().await;
    for name in ["ada", "nobody1", "nobody2", "nobody3", "nobody4", "nobody5"] {
        let answer = server
            .call("InitiateAuth", user_auth(client(), name, json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"})))
            .await
            .ok();
        let Some(options) = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str() else { continue };
        let mut options: Value = serde_json::from_str(options).unwrap();
        options["allowCredentials"] = json!([]);
        let credential = eve.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        let responses = json!({"USERNAME": name, "CREDENTIAL": credential.to_string()});
        let refusal = server
            .call("RespondToAuthChallenge", support::respond(client(), "WEB_AUTHN", &answer["Session"], responses))
            .await
            .refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.", "{name}");
    }
}

#[tokio::test]
async fn what_a_name_may_sign_in_with_does_not_tell_that_it_is_known() {
    let server = TestServer::start().await;
    let members = json!({"UsernameAttributes": ["email"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}});
    let client = json!({"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], "PreventUserExistenceErrors": "ENABLED"});
    let (pool, client) = pool_with(&server, members, client).await;
    let rp = json!({"UserPoolId": pool, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", rp).await.ok();
    let mut lists = std::collections::BTreeSet::new();
    for n in 0..200 {
        let input = user_auth(&client, &format!("nobody{n}@example.com"), json!({}));
        lists.insert(server.call("InitiateAuth", input).await.ok()["AvailableChallenges"].to_string());
    }
    // As who has no password, an address that is not proved, or a passkey; nobody has nothing.
    let own = |without: &str| lists.iter().any(|list| !list.contains(without));
    assert!(own("\"PASSWORD\"") && own("EMAIL_OTP") && own("WEB_AUTHN"), "{lists:?}");
    assert!(lists.contains(r#"["PASSWORD_SRP","PASSWORD"]"#) && lists.contains(r#"["EMAIL_OTP"]"#), "{lists:?}");
    assert!(!lists.contains("[]"));
}

#[tokio::test]
async fn a_made_up_credential_id_is_taken_like_a_real_one() {
    let server = TestServer::start().await;
    let mut eve = server.signed_in("eve").await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let mut seen = 0;
    for name in std::iter::once("ada".to_owned()).chain((0..30).map(|n| format!("nobody{n}"))) {
        let input = user_auth(client(), &name, json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}));
        let answer = server.call("InitiateAuth", input).await.ok();
        let Some(options) = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str() else { continue };
        let options: Value = serde_json::from_str(options).unwrap();
        let id = options["allowCredentials"][0]["id"].as_str().unwrap();
        let id = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(id).unwrap();
        let creation = eve.start_registration().await;
        let spoil = Spoil { credential_id: Some(id), ..Spoil::default() };
        let credential = eve.authenticator.clone().create(&creation, ORIGIN, &spoil).unwrap();
        let refusal = eve.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.refused();
        let taken = "400 InvalidParameterException: A passkey with this credential ID is registered already.";
        assert_eq!(refusal, taken, "{name}");
        seen += 1;
    }
    assert!(seen > 3, "{seen}");
    assert_eq!(server.count("webauthn_credentials").await, 1);
    eve.add_passkey().await;
}

// Lockout

#[tokio::test]
async fn wrong_passwords_lock_the_name_for_longer_and_longer() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let nobody = Person::new(&server, "nobody", "");
    for person in [&ada, &nobody] {
        for _ in 0..5 {
            let refusal = person.password_sign_in(client(), "Wrong-passw0rd").await.refused();
            assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
        }
        let refusal = person.password_sign_in(client(), PASSWORD).await.refused();
        assert_eq!(
            refusal, "400 NotAuthorizedException: Password attempts exceeded",
            "even the right one, while locked"
        );
    }
    server.clock.advance(time::Duration::seconds(2));
    assert_eq!(
        ada.password_sign_in(client(), "Wrong-passw0rd").await.refused(),
        "400 NotAuthorizedException: Incorrect username or password."
    );
    server.clock.advance(time::Duration::seconds(1));
    assert_eq!(
        ada.password_sign_in(client(), PASSWORD).await.refused(),
        "400 NotAuthorizedException: Password attempts exceeded"
    );
    server.clock.advance(time::Duration::seconds(2));
    ada.password_sign_in(client(), PASSWORD).await.ok();
    assert_eq!(
        ada.password_sign_in(client(), "Wrong-passw0rd").await.refused(),
        "400 NotAuthorizedException: Incorrect username or password."
    );
    ada.password_sign_in(client(), PASSWORD).await.ok();
}

#[tokio::test]
async fn many_guesses_at_once_do_not_get_past_the_lockout() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let ada = server.user("ada").await;
    all((0..40).map(|n| {
        let ada = if n % 2 == 0 { ada.at(&server) } else { ada.at(&replica) };
        async move { ada.password_sign_in(client(), "Wrong-passw0rd").await.outcome() }
    }))
    .await;
    assert_eq!(
        ada.password_sign_in(client(), PASSWORD).await.refused(),
        "400 NotAuthorizedException: Password attempts exceeded"
    );
}

#[tokio::test]
async fn the_lockout_can_be_switched_off() {
    let server = TestServer::with(&["--free-password-failures=0"]).await;
    let ada = server.user("ada").await;
    for _ in 0..12 {
        ada.password_sign_in(client(), "Wrong-passw0rd").await.refused();
    }
    ada.password_sign_in(client(), PASSWORD).await.ok();
}

#[tokio::test]
async fn a_first_password_changes_no_immutable_attribute_and_unverifies_a_new_address() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "tenant", "AttributeDataType": "String", "Mutable": false}]);
    let made = server.operator("CreateUserPool", json!({"PoolName": "x", "Schema": schema})).await.ok();
    let pool = made["UserPool"]["Id"].as_str().unwrap();
    let input = json!({"UserPoolId": pool, "ClientName": "x", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]});
    let made = server.operator("CreateUserPoolClient", input).await.ok();
    let client = made["UserPoolClient"]["ClientId"].as_str().unwrap();
    let input = json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!", "UserAttributes": [
        {"Name": "custom:tenant", "Value": "a"}, {"Name": "email", "Value": "ada@example.com"},
        {"Name": "email_verified", "Value": "true"}]});
    server.operator("AdminCreateUser", input).await.ok();
    let begin =
        async || Person::new(&server, "ada", "").password_sign_in(client, "Temp0rary!").await.ok()["Session"].clone();
    let responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD, "userAttributes.custom:tenant": "b"});
    let answer = support::respond(client, "NEW_PASSWORD_REQUIRED", &begin().await, responses);
    let refusal = server.call("RespondToAuthChallenge", answer).await.refused();
    assert!(refusal.ends_with("custom:tenant: Attribute cannot be updated."), "{refusal}");
    let responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD, "userAttributes.email": "eve@example.com"});
    let answer = support::respond(client, "NEW_PASSWORD_REQUIRED", &begin().await, responses);
    server.call("RespondToAuthChallenge", answer).await.ok();
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert!(shown["UserAttributes"].as_array().unwrap().contains(&json!({"Name": "email_verified", "Value": "false"})));
}

#[tokio::test]
async fn with_a_first_password_comes_what_is_missing_and_nothing_else_that_is_immutable() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "tenant", "AttributeDataType": "String", "Mutable": false},
        {"Name": "birthdate", "AttributeDataType": "String", "Required": true, "Mutable": false}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let born = json!([{"Name": "birthdate", "Value": "1815-12-10"}]);
    let input =
        json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!", "UserAttributes": born});
    server.operator("AdminCreateUser", input).await.ok();
    server.sql("UPDATE users SET attributes = attributes - 'birthdate'").await;
    let session = Person::new(&server, "ada", "").password_sign_in(&client, "Temp0rary!").await.ok()["Session"].clone();
    let mut responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD, "userAttributes.birthdate": "1815-12-10",
        "userAttributes.custom:tenant": "b"});
    let answer = support::respond(&client, "NEW_PASSWORD_REQUIRED", &session, responses.clone());
    let refusal = server.call("RespondToAuthChallenge", answer).await.refused();
    assert!(refusal.ends_with("custom:tenant: Attribute cannot be updated."), "{refusal}");
    responses.as_object_mut().unwrap().remove("userAttributes.custom:tenant");
    let answer = support::respond(&client, "NEW_PASSWORD_REQUIRED", &session, responses);
    server.call("RespondToAuthChallenge", answer).await.ok();
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert!(shown["UserAttributes"].as_array().unwrap().contains(&born[0]));
}

#[tokio::test]
async fn a_newer_temporary_password_ends_what_the_older_one_began() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "Username": "ada", "TemporaryPassword": "Temp0rary!"});
    server.operator("AdminCreateUser", input).await.ok();
    let session =
        Person::new(&server, "ada", "").password_sign_in(client(), "Temp0rary!").await.ok()["Session"].clone();
    let input = json!({"UserPoolId": pool(), "Username": "ada", "Password": "Newer-temp0rary", "Permanent": false});
    server.operator("AdminSetUserPassword", input).await.ok();
    let responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD});
    let answer = support::respond(client(), "NEW_PASSWORD_REQUIRED", &session, responses);
    let refusal = server.call("RespondToAuthChallenge", answer).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
}

#[tokio::test]
async fn a_passkey_sign_in_that_is_no_longer_offered_is_refused() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let temporary = json!({"UserPoolId": pool(), "Username": "ada", "Password": "Temp0rary!", "Permanent": false});
    let permanent = json!({"UserPoolId": pool(), "Username": "ada", "Password": PASSWORD, "Permanent": true});
    let factors =
        json!({"UserPoolId": pool(), "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}});
    for (operation, input) in [("AdminSetUserPassword", temporary), ("UpdateUserPool", factors)] {
        let (session, options) = ada.passkey_challenge().await;
        let credential = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        server.operator(operation, input).await.ok();
        let refusal = ada.respond(&session, &credential).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.", "{operation}");
        server.operator("AdminSetUserPassword", permanent.clone()).await.ok();
    }
}

#[tokio::test]
async fn a_session_of_one_unknown_name_does_not_fit_another() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut answers = Vec::new();
    for name in ["ada", "nobody"] {
        let begun = server.call("InitiateAuth", initiate(client(), "USER_AUTH", json!({"USERNAME": name}))).await.ok();
        for responses in
            [json!({"USERNAME": "other", "PASSWORD": "x"}), json!({"USERNAME": "other", "ANSWER": "PASSWORD"})]
        {
            let challenge = if responses["ANSWER"].is_null() { "PASSWORD" } else { "SELECT_CHALLENGE" };
            let input = support::respond(client(), challenge, &begun["Session"], json!(responses));
            answers.push(server.call("RespondToAuthChallenge", input).await.refused());
        }
    }
    assert_eq!(answers, ["400 NotAuthorizedException: Invalid session for the user."; 4]);
}

#[tokio::test]
async fn names_of_any_length_are_unknown_names() {
    let server = TestServer::start().await;
    let mut state = 1_u64;
    // Letters that do not compress: a key of the database has a size.
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_u32(0x4e00 + (state >> 33) as u32 % 20_000).unwrap()
    };
    let name: String = (0..5_000).map(|_| letter()).collect();
    for _ in 0..2 {
        let input = initiate(client(), "USER_PASSWORD_AUTH", json!({"USERNAME": name, "PASSWORD": "x"}));
        let refused = server.call("InitiateAuth", input).await.refused();
        assert_eq!(refused, "400 NotAuthorizedException: Incorrect username or password.");
    }
    for (attribute, value) in
        [("email", format!("a@{}", &name[..6_000])), ("preferred_username", name[..6_000].to_owned())]
    {
        let input = json!({"ClientId": client(), "Username": "long", "Password": PASSWORD, "UserAttributes": [{"Name": attribute, "Value": value}]});
        let refused = server.call("SignUp", input).await.refused();
        let expected =
            format!("Attributes did not conform to the schema: {attribute}: String length is outside its range.");
        assert_eq!(refused, format!("400 InvalidParameterException: {expected}"));
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_is_replaced_when_its_password_proves_right() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let stronger =
        TestServer::on(server.options(), crate::support::config(&["--password-iterations=2"]), server.clock.clone())
            .await;
    let cost = |n: u8| format!("users WHERE username = 'ada' AND password_hash LIKE '%t={n},%'");
    let ada = ada.at(&stronger);
    ada.password_sign_in(client(), "wrong").await;
    assert_eq!(server.count(&cost(1)).await, 1);
    // Many at once: each is right, however their hashing is ordered.
    let outcomes = crate::support::all((0..8).map(|_| {
        let ada = ada.clone();
        async move { ada.password_sign_in(client(), PASSWORD).await.outcome() }
    }))
    .await;
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["OK"; 8]);
    assert_eq!(server.count(&cost(2)).await, 1);
    ada.password_sign_in(client(), PASSWORD).await.ok();
}

#[tokio::test]
async fn hanging_up_does_not_undo_that_an_assertion_was_wrong() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    for round in 0..30_u64 {
        let used = server.count("used_states").await;
        let (session, options) = ada.passkey_challenge().await;
        let wrong = Spoil { user_present: Some(false), ..Spoil::default() };
        let wrong = ada.authenticator.clone().get(&options, ORIGIN, &wrong).unwrap();
        let input = support::respond(
            client(),
            "WEB_AUTHN",
            &json!(session),
            json!({"USERNAME": "ada", "CREDENTIAL": wrong.to_string()}),
        )
        .to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
             X-Amz-Target: AWSCognitoIdentityProviderService.RespondToAuthChallenge\r\n\r\n",
            input.len()
        );
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, (head + &input).as_bytes()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_micros(300 * (round % 10) + 500)).await;
        drop(stream);
        // What was sent is decided, however soon the caller went away: the challenge is used up.
        for _ in 0..300 {
            if server.count("used_states").await > used {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let right = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        let refusal = ada.respond(&session, &right).await.refused();
        let used = "400 NotAuthorizedException: Invalid session for the user, session can only be used once.";
        assert_eq!(refusal, used, "round {round}");
    }
}

#[tokio::test]
async fn a_user_whose_row_is_held_refuses_some_requests_and_nobody_elses() {
    let server = TestServer::start().await;
    let (ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let mut holder = server.db.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM users WHERE sub = $1::uuid FOR UPDATE")
        .bind(&ada.sub)
        .execute(&mut *holder)
        .await
        .unwrap();
    // More than the server has connections; a few at a time ask the database, the others wait for those.
    let answered = Arc::new(AtomicUsize::new(0));
    let counted = answered.clone();
    let waiting = tokio::spawn(all((0..9).map(move |_| {
        let (ada, answered) = (ada.clone(), counted.clone());
        async move {
            let outcome = ada.call("GlobalSignOut", json!({})).await.outcome();
            answered.fetch_add(1, Ordering::SeqCst);
            outcome
        }
    })));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(eve.call("GetUser", json!({})).await.outcome(), "OK");
    assert_eq!(answered.load(Ordering::SeqCst), 0, "eve waited for a connection that ada's requests held");
    let outcomes = waiting.await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome == "TooManyRequestsException"), "{outcomes:?}");
    holder.rollback().await.unwrap();
}

#[tokio::test]
async fn a_decoy_is_the_same_however_its_subject_is_written() {
    let server = TestServer::start().await;
    let challenge = async |username: String| {
        let input = initiate(client(), "USER_AUTH", json!({"USERNAME": username, "PREFERRED_CHALLENGE": "WEB_AUTHN"}));
        let answer = server.call("InitiateAuth", input).await.ok();
        let options = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().map(str::to_owned);
        let options = options.map(|text| text.parse::<serde_json::Value>().unwrap()["allowCredentials"].clone());
        (answer["ChallengeName"].clone(), options)
    };
    let (mut with, mut shapes) = (0, std::collections::BTreeSet::new());
    for n in 0..40_u128 {
        let sub = uuid::Uuid::from_u128(n + 1);
        let usual = challenge(sub.to_string()).await;
        for spelled in [sub.simple().to_string(), sub.braced().to_string(), sub.urn().to_string()] {
            assert_eq!(challenge(spelled.clone()).await, usual, "{spelled}");
        }
        if let Some(options) = usual.1 {
            with += 1;
            let ids = options.as_array().unwrap().iter();
            shapes.insert(
                ids.map(|one| one["transports"].to_string() + &one["id"].as_str().unwrap().len().to_string())
                    .collect::<Vec<_>>(),
            );
        }
    }
    assert!((8..32).contains(&with), "{with} of 40 have passkeys");
    assert!(shapes.len() > 4, "decoys look alike: {shapes:?}");
}

#[tokio::test]
async fn old_clients_sign_in_by_srp_and_refresh_besides_what_they_list() {
    let server = TestServer::start().await;
    let make = json!({"UserPoolId": pool(), "ClientName": "old", "ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH"]});
    let made = server.operator("CreateUserPoolClient", make).await.ok();
    let id = made["UserPoolClient"]["ClientId"].clone();
    server.user("ada").await;
    let auth = json!({"UserPoolId": pool(), "ClientId": id, "AuthFlow": "ADMIN_NO_SRP_AUTH",
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD}});
    let tokens = server.operator("AdminInitiateAuth", auth).await.ok()["AuthenticationResult"].clone();
    let refresh =
        initiate(id.as_str().unwrap(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": tokens["RefreshToken"]}));
    server.call("InitiateAuth", refresh).await.ok();
    let srp = initiate(id.as_str().unwrap(), "USER_SRP_AUTH", json!({"USERNAME": "ada", "SRP_A": "abc"}));
    assert_eq!(server.call("InitiateAuth", srp).await.ok()["ChallengeName"], "PASSWORD_VERIFIER");
    let password =
        initiate(id.as_str().unwrap(), "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    assert_eq!(server.call("InitiateAuth", password).await.outcome(), "InvalidParameterException");
    let password =
        json!({"UserPoolId": pool(), "ClientId": id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {}});
    let refusal = server.operator("AdminInitiateAuth", password).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Initiate Auth method not supported");
}

#[tokio::test]
async fn required_attributes_are_supplied_with_the_first_password() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "email", "Required": true, "Mutable": true}, {"Name": "given_name", "Required": true, "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let input = json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!",
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    server.operator("AdminCreateUser", input).await.ok();
    let asked = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": "Temp0rary!"}));
    let challenge = server.call("InitiateAuth", asked).await.ok();
    let required = challenge["ChallengeParameters"]["requiredAttributes"].as_str().unwrap();
    assert_eq!(required, r#"["userAttributes.given_name"]"#);
    let answer = |more: &[(&str, &str)]| {
        let mut responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD});
        for (name, value) in more {
            responses[format!("userAttributes.{name}")] = json!(value);
        }
        respond(&client, "NEW_PASSWORD_REQUIRED", &challenge["Session"], responses)
    };
    let refused = server.call("RespondToAuthChallenge", answer(&[])).await.refused();
    assert_eq!(refused, "400 InvalidParameterException: Invalid attributes given, given_name is missing");
    let both = [("given_name", "Ada"), ("email", "ada@example.com")];
    let refused = server.call("RespondToAuthChallenge", answer(&both)).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Cannot modify an already provided email");
    let tokens = server.call("RespondToAuthChallenge", answer(&both[..1])).await.ok();
    assert!(tokens["AuthenticationResult"]["IdToken"].is_string());
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert!(shown["UserAttributes"].as_array().unwrap().contains(&json!({"Name": "given_name", "Value": "Ada"})));
}
