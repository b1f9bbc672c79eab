//! Triggers: functions of a pool that are asked in a user's life.

use keystead::{clock::Clock, dev::authenticator::Spoil};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{
    self, Answer, Browser, ORIGIN, PASSWORD, Person, TestServer, all, claims, client,
    functions::{Functions, Reply, arn},
    initiate, pages_client, pool, pool_with,
    srp_client::Client,
};

/// A pool whose triggers are functions of the same names, and its client.
async fn pool_of(server: &TestServer, triggers: &[&str], members: Value) -> (String, String) {
    let config: serde_json::Map<_, _> = triggers.iter().map(|name| ((*name).to_owned(), json!(arn(name)))).collect();
    let mut members = members;
    members["LambdaConfig"] = json!(config);
    let flows = [
        "ALLOW_USER_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_CUSTOM_AUTH",
        "ALLOW_USER_SRP_AUTH",
    ];
    let client = json!({"ExplicitAuthFlows": flows, "PreventUserExistenceErrors": "ENABLED"});
    pool_with(server, members, client).await
}

fn sign_up(client: &str, username: &str) -> Value {
    json!({"ClientId": client, "Username": username, "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": format!("{username}@example.com")}],
        "ValidationData": [{"Name": "ticket", "Value": "42"}], "ClientMetadata": {"locale": "de"}})
}

// Signing up

#[tokio::test]
async fn a_pre_sign_up_trigger_gets_the_event_of_cognito_and_confirms() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreSignUp", |_| Reply::Response(json!({"autoConfirmUser": true, "autoVerifyEmail": true})));
    functions.on("PostConfirmation", |_| Reply::Response(json!({})));
    let members = json!({"AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_of(&server, &["PreSignUp", "PostConfirmation"], members).await;
    let answer = server.call("SignUp", sign_up(&client, "ada")).await.ok();
    assert_eq!((&answer["UserConfirmed"], answer.get("CodeDeliveryDetails")), (&json!(true), None));
    let events = functions.events("PreSignUp");
    assert_eq!(
        events,
        [json!({"version": "1", "triggerSource": "PreSignUp_SignUp", "region": "us-east-1", "userPoolId": pool,
            "userName": "ada", "callerContext": {"awsSdkVersion": "keystead", "clientId": client},
            "request": {"userAttributes": {"email": "ada@example.com"},
                "validationData": {"ticket": "42"}, "clientMetadata": {"locale": "de"}},
            "response": {"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false}})]
    );
    let plain = json!({"ClientId": client, "Username": "eve", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "eve@example.com"}]});
    server.call("SignUp", plain).await.ok();
    let attributes = json!({"email": "eve@example.com"});
    let request = json!({"userAttributes": attributes, "validationData": null, "clientMetadata": null});
    assert_eq!(functions.events("PreSignUp")[1]["request"], request);
    let after = &functions.events("PostConfirmation")[0];
    assert_eq!(after["triggerSource"], "PostConfirmation_ConfirmSignUp");
    let attributes = &after["request"]["userAttributes"];
    assert_eq!(
        (&attributes["cognito:user_status"], &attributes["email_verified"]),
        (&json!("CONFIRMED"), &json!("true"))
    );
    assert_eq!(attributes["sub"], answer["UserSub"]);
    assert!(
        Person::new(&server, "ada", "").password_sign_in(&client, PASSWORD).await.ok()["AuthenticationResult"]
            .is_object()
    );
}

#[tokio::test]
async fn what_a_pre_sign_up_trigger_refuses_is_not_done() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreSignUp", |_| Reply::Throw("Only invited people may sign up"));
    let (pool, client) = pool_of(&server, &["PreSignUp"], json!({})).await;
    let refusal = server.call("SignUp", sign_up(&client, "ada")).await.refused();
    let text = "PreSignUp failed with error Only invited people may sign up.";
    assert_eq!(refusal, format!("400 UserLambdaValidationException: {text}"));
    let create = json!({"UserPoolId": pool, "Username": "ada"});
    let refusal = server.operator("AdminCreateUser", create).await.refused();
    assert_eq!(refusal, format!("400 UserLambdaValidationException: {text}"));
    assert_eq!(functions.events("PreSignUp")[1]["callerContext"]["clientId"], "CLIENT_ID_NOT_APPLICABLE");
    assert_eq!(server.count("users").await, 0);
    functions.on("PreSignUp", |_| Reply::Response(json!({"autoVerifyPhone": true})));
    assert_eq!(server.call("SignUp", sign_up(&client, "ada")).await.outcome(), "InvalidLambdaResponseException");
}

#[tokio::test]
async fn a_post_confirmation_trigger_that_fails_does_not_undo_the_confirmation() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PostConfirmation", |_| Reply::Throw("no"));
    let (_, client) = pool_of(&server, &["PostConfirmation"], json!({"AutoVerifiedAttributes": ["email"]})).await;
    server.call("SignUp", sign_up(&client, "ada")).await.ok();
    let code = server.code("ada@example.com", 1).await;
    let confirm =
        json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "ClientMetadata": {"a": "b"}});
    assert_eq!(server.call("ConfirmSignUp", confirm).await.outcome(), "UserLambdaValidationException");
    assert_eq!(functions.events("PostConfirmation")[0]["request"]["clientMetadata"], json!({"a": "b"}));
    Person::new(&server, "ada", "").password_sign_in(&client, PASSWORD).await.ok();
    functions.on("PostConfirmation", |_| Reply::Response(json!({})));
    server.call("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await.ok();
    let code = server.code("ada@example.com", 2).await;
    let reset = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Password": "N3w-Passw0rd"});
    server.call("ConfirmForgotPassword", reset).await.ok();
    assert_eq!(functions.events("PostConfirmation")[1]["triggerSource"], "PostConfirmation_ConfirmForgotPassword");
}

// Signing in

#[tokio::test]
async fn triggers_before_and_after_a_sign_in() {
    let (server, functions) = Functions::start(&[]).await;
    for name in ["PreAuthentication", "PostAuthentication"] {
        functions.on(name, |_| Reply::Response(json!({})));
    }
    let (pool, client) = pool_of(&server, &["PreAuthentication", "PostAuthentication"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    ada.password_sign_in(&client, PASSWORD).await.ok();
    ada.password_sign_in(&client, "wrong-Passw0rd").await.refused();
    Person::new(&server, "nobody", "").password_sign_in(&client, PASSWORD).await.refused();
    let before: Vec<_> =
        functions.events("PreAuthentication").iter().map(|one| one["request"]["userNotFound"].clone()).collect();
    assert_eq!(before, [json!(false), json!(false), json!(true)]);
    let after = functions.events("PostAuthentication");
    assert_eq!((after.len(), &after[0]["request"]["newDeviceUsed"]), (1, &json!(false)));
    functions.on("PreAuthentication", |_| Reply::Throw("closed on Sundays."));
    let refusal = ada.password_sign_in(&client, PASSWORD).await.refused();
    assert_eq!(refusal, "400 UserLambdaValidationException: PreAuthentication failed with error closed on Sundays.");
    let choice = initiate(&client, "USER_AUTH", json!({"USERNAME": "ada"}));
    assert_eq!(server.call("InitiateAuth", choice).await.outcome(), "UserLambdaValidationException");
}

#[tokio::test]
async fn a_pre_token_generation_trigger_changes_claims_and_groups_of_the_id_token() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreTokenGeneration", |_| {
        Reply::Response(json!({"claimsOverrideDetails": {
            "claimsToAddOrOverride": {"plan": "gold", "sub": "somebody", "acr": "urn:mine"},
            "claimsToSuppress": ["email", "exp"],
            "groupOverrideDetails": {"groupsToOverride": ["a", "b"], "iamRolesToOverride": ["arn:aws:iam::1:role/x"], "preferredRole": "arn:aws:iam::1:role/x"}}}))
    });
    let (pool, client) = pool_of(&server, &["PreTokenGeneration"], json!({})).await;
    let mut ada = server.user_in(&pool, "ada").await;
    let input =
        json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": [{"Name": "email", "Value": "a@b.example"}]});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
    ada.keep_tokens(&tokens);
    let (id, access) =
        (claims(json!(ada.id_token).as_str().unwrap()), claims(json!(ada.access_token).as_str().unwrap()));
    assert_eq!((&id["plan"], &id["sub"], id.get("email")), (&json!("gold"), &access["sub"], None));
    assert_eq!((&id["acr"], id["exp"].is_i64()), (&json!("urn:cognito:loa:1"), true));
    assert_eq!((&id["cognito:groups"], &access["cognito:groups"]), (&json!(["a", "b"]), &json!(["a", "b"])));
    assert_eq!(id["cognito:preferred_role"], "arn:aws:iam::1:role/x");
    assert!(access.get("plan").is_none(), "the first version changes ID tokens only");
    ada.call("GetUser", json!({})).await.ok();
    let refresh = json!({"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientMetadata": {"from": "web"},
        "AuthParameters": {"REFRESH_TOKEN": ada.refresh_token}});
    server.call("InitiateAuth", refresh).await.ok();
    let last = functions.events("PreTokenGeneration").pop().unwrap();
    assert_eq!(last["triggerSource"], "TokenGeneration_RefreshTokens");
    assert_eq!((&last["version"], &last["request"]["clientMetadata"]), (&json!("1"), &json!({"from": "web"})));
}

#[tokio::test]
async fn a_pre_token_generation_trigger_is_told_the_role_that_the_token_would_have() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreTokenGeneration", |_| Reply::Response(json!({})));
    let (pool, client) = pool_of(&server, &["PreTokenGeneration"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    for name in ["a", "b"] {
        let input = json!({"UserPoolId": pool, "GroupName": name, "Precedence": 1, "RoleArn": role(name)});
        server.operator("CreateGroup", input).await.ok();
        let input = json!({"UserPoolId": pool, "GroupName": name, "Username": "ada"});
        server.operator("AdminAddUserToGroup", input).await.ok();
    }
    let told = async || {
        let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
        let event = functions.events("PreTokenGeneration").pop().unwrap();
        let told = event["request"]["groupConfiguration"]["preferredRole"].clone();
        let role =
            claims(tokens["AuthenticationResult"]["IdToken"].as_str().unwrap()).get("cognito:preferred_role").cloned();
        assert_eq!(told, role.unwrap_or(Value::Null));
        told
    };
    assert_eq!(told().await, Value::Null, "two groups with one precedence have no preferred role");
    let input = json!({"UserPoolId": pool, "GroupName": "a", "Username": "ada"});
    server.operator("AdminRemoveUserFromGroup", input).await.ok();
    assert_eq!(told().await, role("b"));
}

#[tokio::test]
async fn the_second_version_changes_access_tokens_and_their_scopes() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("f", |_| {
        Reply::Response(json!({"claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"claimsToAddOrOverride": {"tenant": {"id": 7}, "username": "eve"},
                "scopesToAdd": ["photos/read"], "scopesToSuppress": ["aws.cognito.signin.user.admin"]}}}))
    });
    let (pool, client) = pool_of(&server, &[], json!({})).await;
    let config = json!({"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn("f")}});
    server.operator("UpdateUserPool", json!({"UserPoolId": pool, "LambdaConfig": config})).await.ok();
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": pool})).await.ok();
    assert_eq!(shown["UserPool"]["LambdaConfig"]["PreTokenGeneration"], arn("f"));
    let mut ada = server.user_in(&pool, "ada").await;
    let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
    ada.keep_tokens(&tokens);
    let access = claims(json!(ada.access_token).as_str().unwrap());
    assert_eq!((&access["tenant"], &access["username"]), (&json!({"id": 7}), &json!("ada")));
    assert_eq!(access["scope"], "photos/read");
    let event = &functions.events("f")[0];
    assert_eq!(
        (&event["version"], &event["request"]["scopes"]),
        (&json!("2"), &json!(["aws.cognito.signin.user.admin"]))
    );
    let refusal = ada.call("GetUser", json!({})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Access Token does not have required scopes");
}

#[tokio::test]
async fn the_third_version_is_asked_about_a_machines_token_too() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("f", |event| match event["request"]["clientMetadata"]["from"].as_str() {
        Some("stranger") => Reply::Throw("no"),
        _ => Reply::Response(json!({"claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"id": "only"}},
            "accessTokenGeneration": {"claimsToAddOrOverride": {"tenant": 7, "client_id": "eve"},
                "scopesToAdd": ["photos/read"], "scopesToSuppress": ["api/write"]}}})),
    });
    let (pool, _) = pool_of(&server, &[], json!({})).await;
    let scopes = ["read", "write"].map(|name| json!({"ScopeName": name, "ScopeDescription": name}));
    let api = json!({"UserPoolId": pool, "Identifier": "api", "Name": "api", "Scopes": scopes});
    server.operator("CreateResourceServer", api).await.ok();
    let settings = json!({"UserPoolId": pool, "ClientName": "machine", "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["api/read", "api/write"]});
    let made = server.operator("CreateUserPoolClient", settings).await.ok();
    let (id, secret) = (&made["UserPoolClient"]["ClientId"], &made["UserPoolClient"]["ClientSecret"]);
    let ask = async |version: &str, metadata: &str| {
        let config = json!({"PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": arn("f")}});
        server.operator("UpdateUserPool", json!({"UserPoolId": pool, "LambdaConfig": config})).await.ok();
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str().unwrap()),
            ("client_secret", secret.as_str().unwrap()),
            ("aws_client_metadata", metadata),
        ];
        Browser::new(&server).post("/oauth2/token", &fields).await.json()
    };
    let plain = claims(ask("V2_0", "{}").await["access_token"].as_str().unwrap());
    assert_eq!((&plain["scope"], plain.get("tenant")), (&json!("api/read api/write"), None));
    assert_eq!(functions.events("f").len(), 0, "the second version is for people's tokens");
    let changed = claims(ask("V3_0", r#"{"from": "batch"}"#).await["access_token"].as_str().unwrap());
    assert_eq!((&changed["scope"], &changed["tenant"]), (&json!("api/read photos/read"), &json!(7)));
    assert_eq!((&changed["client_id"], changed.get("id")), (id, None));
    let event = functions.events("f").pop().unwrap();
    assert_eq!(
        (&event["triggerSource"], &event["version"]),
        (&json!("TokenGeneration_ClientCredentials"), &json!("3"))
    );
    assert_eq!(event["request"]["scopes"], json!(["api/read", "api/write"]));
    assert_eq!(event["request"]["clientMetadata"], json!({"from": "batch"}));
    assert_eq!((&event["request"]["userAttributes"], &event["callerContext"]["clientId"]), (&json!({}), id));
    assert_eq!(ask("V3_0", r#"{"from": "stranger"}"#).await["error"], "invalid_grant");
    // A function that is broken is no reason to give up.
    functions.on("f", |_| Reply::Raw(500, "{}"));
    assert_eq!(ask("V3_0", "{}").await["error"], "temporarily_unavailable");
    // What was deleted while the function was at work gets nothing.
    let (options, name) = (server.options(), id.as_str().unwrap().to_owned());
    functions.on("f", move |_| {
        let (options, name) = (options.clone(), name.clone());
        let delete = async move {
            let mut db = sqlx::PgConnection::connect_with(&options).await.unwrap();
            sqlx::query("DELETE FROM app_clients WHERE client_id = $1").bind(name).execute(&mut db).await.unwrap();
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime().block_on(delete)).join().unwrap();
        Reply::Response(json!({}))
    });
    assert_eq!(ask("V3_0", "{}").await["error"], "invalid_client");
}

// Custom challenges

/// A pool that asks for the answer "blue" and then for "7"; three wrong answers end it.
async fn riddles(server: &TestServer, functions: &Functions) -> (String, String) {
    functions.on("DefineAuthChallenge", |event| {
        let session = event["request"]["session"].as_array().unwrap();
        let right = session
            .iter()
            .filter(|one| one["challengeName"] == "CUSTOM_CHALLENGE" && one["challengeResult"] == true)
            .count();
        let wrong = session.iter().filter(|one| one["challengeResult"] == false).count();
        Reply::Response(match session.last().map(|one| one["challengeName"].as_str().unwrap()) {
            Some("SRP_A") => json!({"challengeName": "PASSWORD_VERIFIER"}),
            _ if right == 2 => json!({"issueTokens": true}),
            _ if wrong == 3 => json!({"failAuthentication": true}),
            _ => json!({"challengeName": "CUSTOM_CHALLENGE"}),
        })
    });
    functions.on("CreateAuthChallenge", |event| {
        let session = event["request"]["session"].as_array().unwrap();
        let right = session
            .iter()
            .filter(|one| one["challengeName"] == "CUSTOM_CHALLENGE" && one["challengeResult"] == true)
            .count();
        let (question, answer) = [("colour?", "blue"), ("number?", "7")][right];
        Reply::Response(json!({"publicChallengeParameters": {"question": question},
            "privateChallengeParameters": {"answer": answer}, "challengeMetadata": format!("round {}", session.len())}))
    });
    functions.on("VerifyAuthChallengeResponse", |event| {
        let request = &event["request"];
        Reply::Response(
            json!({"answerCorrect": request["privateChallengeParameters"]["answer"] == request["challengeAnswer"]}),
        )
    });
    pool_of(server, &["DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"], json!({})).await
}

async fn begin(server: &TestServer, client: &str, username: &str) -> Value {
    let input = initiate(client, "CUSTOM_AUTH", json!({"USERNAME": username}));
    server.call("InitiateAuth", input).await.ok()
}

fn answer_to(client: &str, username: &str, challenge: &Value, answer: &str) -> Value {
    support::respond(client, "CUSTOM_CHALLENGE", &challenge["Session"], json!({"USERNAME": username, "ANSWER": answer}))
}

async fn respond(server: &TestServer, client: &str, username: &str, challenge: &Value, answer: &str) -> Answer {
    server.call("RespondToAuthChallenge", answer_to(client, username, challenge, answer)).await
}

#[tokio::test]
async fn custom_challenges_are_asked_until_the_functions_are_satisfied() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    server.user_in(&pool, "ada").await;
    let first = begin(&server, &client, "ada").await;
    assert_eq!(
        (&first["ChallengeName"], &first["ChallengeParameters"]["question"]),
        (&json!("CUSTOM_CHALLENGE"), &json!("colour?"))
    );
    assert!(!first.to_string().contains("blue"));
    let again = respond(&server, &client, "ada", &first, "green").await.ok();
    assert_eq!(again["ChallengeParameters"]["question"], "colour?");
    let second = respond(&server, &client, "ada", &again, "blue").await.ok();
    assert_eq!(second["ChallengeParameters"]["question"], "number?");
    let done = respond(&server, &client, "ada", &second, "7").await.ok();
    assert_eq!(claims(done["AuthenticationResult"]["AccessToken"].as_str().unwrap())["username"], "ada");
    let session = functions.events("DefineAuthChallenge").pop().unwrap()["request"]["session"].clone();
    let results: Vec<_> = session
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["challengeResult"].clone(), one["challengeMetadata"].clone()))
        .collect();
    assert_eq!(
        results,
        [(json!(false), json!("round 0")), (json!(true), json!("round 1")), (json!(true), json!("round 2"))]
    );
    assert_eq!(server.count("challenges").await, 0);
}

#[tokio::test]
async fn three_wrong_answers_and_a_used_challenge_open_nothing() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    server.user_in(&pool, "ada").await;
    let mut challenge = begin(&server, &client, "ada").await;
    let first = challenge.clone();
    for _ in 0..2 {
        challenge = respond(&server, &client, "ada", &challenge, "green").await.ok();
    }
    let refusal = respond(&server, &client, "ada", &challenge, "green").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    let refusal = respond(&server, &client, "ada", &first, "blue").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user, session can only be used once.");
    // Wrong answers count as wrong passwords do.
    let early = begin(&server, &client, "ada").await;
    for _ in 0..2 {
        let challenge = begin(&server, &client, "ada").await;
        respond(&server, &client, "ada", &challenge, "green").await;
    }
    let refusal = respond(&server, &client, "ada", &early, "blue").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
    let asked = functions.events("DefineAuthChallenge").len();
    let input = initiate(&client, "CUSTOM_AUTH", json!({"USERNAME": "ada"}));
    assert_eq!(server.call("InitiateAuth", input).await.refused(), refusal);
    assert_eq!(functions.events("DefineAuthChallenge").len(), asked, "nobody is asked, or sent anything");
}

#[tokio::test]
async fn of_many_answers_to_one_challenge_one_is_looked_at() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    let ada = server.user_in(&pool, "ada").await;
    for round in 1..=5 {
        let challenge = begin(&server, &client, "ada").await;
        let outcomes = all((0..6).map(|_| {
            let (ada, input) = (ada.clone(), answer_to(&client, "ada", &challenge, "blue"));
            async move { ada.post_public("RespondToAuthChallenge", input).await.outcome() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
        assert_eq!(functions.events("VerifyAuthChallengeResponse").len(), round);
    }
}

#[tokio::test]
async fn somebody_who_does_not_exist_is_asked_and_never_let_in() {
    let (server, functions) = Functions::start(&[]).await;
    let (_, client) = riddles(&server, &functions).await;
    let first = begin(&server, &client, "nobody").await;
    let second = respond(&server, &client, "nobody", &first, "blue").await.ok();
    let refusal = respond(&server, &client, "nobody", &second, "7").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    assert!(functions.events("CreateAuthChallenge").iter().all(|event| event["request"]["userNotFound"] == true));
    assert_eq!(server.count("sessions").await, 0);
}

#[tokio::test]
async fn a_password_is_proved_before_the_custom_challenges() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    server.user_in(&pool, "ada").await;
    let half = Client::new();
    let input = initiate(
        &client,
        "CUSTOM_AUTH",
        json!({"USERNAME": "ada", "CHALLENGE_NAME": "SRP_A", "SRP_A": half.public().to_str_radix(16)}),
    );
    let proof = async |password: &str| {
        let asked = server.call("InitiateAuth", input.clone()).await.ok();
        assert_eq!(asked["ChallengeName"], "PASSWORD_VERIFIER");
        let responses = half.answer_of(&pool, password, &asked["ChallengeParameters"]);
        support::respond(&client, "PASSWORD_VERIFIER", &asked["Session"], json!(responses))
    };
    let wrong = proof("wrong-Passw0rd").await;
    assert_eq!(server.call("RespondToAuthChallenge", wrong).await.outcome(), "NotAuthorizedException");
    let right = proof(PASSWORD).await;
    let first = server.call("RespondToAuthChallenge", right.clone()).await.ok();
    assert_eq!(first["ChallengeParameters"]["question"], "colour?");
    let second = respond(&server, &client, "ada", &first, "blue").await.ok();
    let done = respond(&server, &client, "ada", &second, "7").await.ok();
    assert_eq!(claims(done["AuthenticationResult"]["IdToken"].as_str().unwrap())["amr"], json!(["pwd"]));
    // It dies with the password that was proved.
    let right = proof(PASSWORD).await;
    let first = server.call("RespondToAuthChallenge", right).await.ok();
    let second = respond(&server, &client, "ada", &first, "blue").await.ok();
    let new = json!({"UserPoolId": pool, "Username": "ada", "Password": "N3w-Passw0rd", "Permanent": true});
    server.operator("AdminSetUserPassword", new).await.ok();
    let refusal = respond(&server, &client, "ada", &second, "7").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
}

#[tokio::test]
async fn functions_that_never_decide_are_cut_off() {
    let (server, functions) = Functions::start(&["--free-password-failures=0"]).await;
    let (pool, client) = riddles(&server, &functions).await;
    server.user_in(&pool, "ada").await;
    functions.on("DefineAuthChallenge", |_| Reply::Response(json!({"challengeName": "CUSTOM_CHALLENGE"})));
    functions.on("CreateAuthChallenge", |_| Reply::Response(json!({})));
    let mut challenge = begin(&server, &client, "ada").await;
    for _ in 0..29 {
        challenge = respond(&server, &client, "ada", &challenge, "x").await.ok();
    }
    assert_eq!(respond(&server, &client, "ada", &challenge, "x").await.outcome(), "InvalidLambdaResponseException");
    let (_, without) = pool_of(&server, &[], json!({})).await;
    let input = initiate(&without, "CUSTOM_AUTH", json!({"USERNAME": "ada"}));
    let refusal = server.call("InitiateAuth", input).await.refused();
    let text = "Custom auth lambda trigger is not configured for the user pool.";
    assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
}

/// The second factor of ada, by mail.
async fn require_codes(server: &TestServer, pool: &str) {
    let input = json!({"UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {"Message": "Second: {####}"}});
    server.operator("SetUserPoolMfaConfig", input).await.ok();
    let attributes =
        json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    server
        .operator(
            "AdminUpdateUserAttributes",
            json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": attributes}),
        )
        .await
        .ok();
    let input = json!({"UserPoolId": pool, "Username": "ada", "EmailMfaSettings": {"Enabled": true}});
    server.operator("AdminSetUserMFAPreference", input).await.ok();
}

/// Proves ada's password as the first step of custom challenges.
async fn prove_password(server: &TestServer, pool: &str, client: &str, password: &str) -> Answer {
    let half = Client::new();
    let input = initiate(
        client,
        "CUSTOM_AUTH",
        json!({"USERNAME": "ada", "CHALLENGE_NAME": "SRP_A", "SRP_A": half.public().to_str_radix(16)}),
    );
    let asked = server.call("InitiateAuth", input).await.ok();
    let responses = half.answer_of(pool, password, &asked["ChallengeParameters"]);
    let input = support::respond(client, "PASSWORD_VERIFIER", &asked["Session"], json!(responses));
    server.call("RespondToAuthChallenge", input).await
}

#[tokio::test]
async fn custom_challenges_after_a_password_do_not_go_around_the_second_factor() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com"});
    let config =
        server.operator("DescribeUserPool", json!({"UserPoolId": pool})).await.ok()["UserPool"]["LambdaConfig"].clone();
    server
        .operator("UpdateUserPool", json!({"UserPoolId": pool, "EmailConfiguration": email, "LambdaConfig": config}))
        .await
        .ok();
    server.user_in(&pool, "ada").await;
    require_codes(&server, &pool).await;
    let asked = prove_password(&server, &pool, &client, PASSWORD).await.ok();
    assert_eq!(asked["ChallengeName"], "EMAIL_OTP");
    let code = server.code("ada@example.com", 1).await;
    let answer = |code: &str| {
        support::respond(&client, "EMAIL_OTP", &asked["Session"], json!({"USERNAME": "ada", "EMAIL_OTP_CODE": code}))
    };
    assert_eq!(server.call("RespondToAuthChallenge", answer("00000000")).await.outcome(), "CodeMismatchException");
    let first = server.call("RespondToAuthChallenge", answer(&code)).await.ok();
    assert_eq!(first["ChallengeParameters"]["question"], "colour?");
    let second = respond(&server, &client, "ada", &first, "blue").await.ok();
    let done = respond(&server, &client, "ada", &second, "7").await.ok();
    let id = claims(done["AuthenticationResult"]["IdToken"].as_str().unwrap());
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "email_otp", "mfa"]), &json!("urn:cognito:loa:2")));
    let session = functions.events("DefineAuthChallenge").pop().unwrap()["request"]["session"].clone();
    let names: Vec<_> = session.as_array().unwrap().iter().map(|one| one["challengeName"].as_str().unwrap()).collect();
    assert_eq!(names, ["SRP_A", "PASSWORD_VERIFIER", "EMAIL_OTP", "CUSTOM_CHALLENGE", "CUSTOM_CHALLENGE"]);
}

#[tokio::test]
async fn a_temporary_password_is_replaced_before_the_custom_challenges() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = riddles(&server, &functions).await;
    let create =
        json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", create).await.ok();
    let asked = prove_password(&server, &pool, &client, "Temp0rary!").await.ok();
    assert_eq!(asked["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let input = support::respond(
        &client,
        "NEW_PASSWORD_REQUIRED",
        &asked["Session"],
        json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD}),
    );
    let first = server.call("RespondToAuthChallenge", input).await.ok();
    assert_eq!(first["ChallengeParameters"]["question"], "colour?", "{first}");
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    let create =
        json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", create).await.ok();
    server.clock.advance(time::Duration::days(8));
    let refusal = prove_password(&server, &pool, &client, "Temp0rary!").await.refused();
    assert!(refusal.contains("Temporary password has expired"), "{refusal}");
}

#[tokio::test]
async fn custom_challenges_are_limited_by_name_and_look_the_same_for_strangers() {
    let (server, functions) = Functions::start(&["--free-password-failures=0"]).await;
    let (pool, client) = riddles(&server, &functions).await;
    server.user_in(&pool, "ada").await;
    let mut members: Vec<Vec<String>> = Vec::new();
    for name in ["ada", "nobody"] {
        let asked = begin(&server, &client, name).await;
        assert_eq!(asked["ChallengeParameters"]["USERNAME"], name);
        members.push(asked["ChallengeParameters"].as_object().unwrap().keys().cloned().collect());
        for _ in 1..60 {
            begin(&server, &client, name).await;
        }
        let input = initiate(&client, "CUSTOM_AUTH", json!({"USERNAME": name}));
        assert_eq!(server.call("InitiateAuth", input).await.outcome(), "TooManyRequestsException", "{name}");
    }
    assert_eq!(members[0], members[1]);
}

#[tokio::test]
async fn passwords_are_proved_in_pools_whose_clients_have_custom_challenges_alone() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, _) = riddles(&server, &functions).await;
    let listed = server.operator("ListUserPoolClients", json!({"UserPoolId": pool, "MaxResults": 10})).await.ok();
    for client in listed["UserPoolClients"].as_array().unwrap() {
        server.operator("DeleteUserPoolClient", json!({"UserPoolId": pool, "ClientId": client["ClientId"]})).await.ok();
    }
    let made = json!({"UserPoolId": pool, "ClientName": "custom", "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]});
    let client = server.operator("CreateUserPoolClient", made).await.ok()["UserPoolClient"]["ClientId"]
        .as_str()
        .unwrap()
        .to_owned();
    server.user_in(&pool, "ada").await;
    assert_eq!(prove_password(&server, &pool, &client, PASSWORD).await.ok()["ChallengeName"], "CUSTOM_CHALLENGE");
}

// Messages and migration

#[tokio::test]
async fn messages_are_in_the_words_of_the_custom_message_trigger() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("CustomMessage", |event| {
        let name = event["request"]["userAttributes"]["email"].as_str().unwrap();
        Reply::Response(
            json!({"emailSubject": "Hallo {username}", "emailMessage": format!("{name}, dein Code: {{####}}.")}),
        )
    });
    let (_, client) = pool_of(&server, &["CustomMessage"], json!({"AutoVerifiedAttributes": ["email"]})).await;
    server.call("SignUp", sign_up(&client, "ada")).await.ok();
    let message = server.message("ada@example.com", 1).await;
    assert!(message.starts_with("ada@example.com, dein Code: "), "{message}");
    let inbox = server.http.get(format!("{}/dev/inbox", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(inbox.contains("Hallo ada"), "{inbox}");
    let event = &functions.events("CustomMessage")[0];
    assert_eq!(
        (&event["triggerSource"], &event["request"]["clientMetadata"]),
        (&json!("CustomMessage_SignUp"), &json!({"locale": "de"}))
    );
    assert_eq!(
        (&event["request"]["codeParameter"], &event["request"]["usernameParameter"]),
        (&json!("{####}"), &json!("{username}"))
    );
    let code = server.code("ada@example.com", 1).await;
    assert!(!event.to_string().contains(&code), "the function never sees the code");
    server.call("ConfirmSignUp", json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code})).await.ok();
    // A message without the code would lock people out.
    for (n, own) in [(2, "Your code.".to_owned()), (3, format!("{{####}}{}", "x".repeat(20_000)))] {
        functions.on("CustomMessage", move |_| Reply::Response(json!({"emailMessage": own})));
        server.call("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await.ok();
        let message = server.message("ada@example.com", n).await;
        assert!(message.contains("Your password reset code is "), "{message}");
    }
}

#[tokio::test]
async fn a_custom_message_trigger_that_fails_delays_the_message_and_nothing_else() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("CustomMessage", |_| Reply::Raw(500, "oops"));
    let (_, client) = pool_of(&server, &["CustomMessage"], json!({"AutoVerifiedAttributes": ["email"]})).await;
    server.call("SignUp", sign_up(&client, "ada")).await.ok();
    while functions.events("CustomMessage").is_empty()
        || server.count("outbox WHERE attempts = 1 AND failure IS NOT NULL").await == 0
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    functions.on("CustomMessage", |_| Reply::Response(json!({"emailMessage": "At last: {####}"})));
    server.clock.advance(time::Duration::minutes(1));
    assert!(server.message("ada@example.com", 1).await.contains("At last: "));
}

#[tokio::test]
async fn users_of_another_place_are_migrated_when_they_sign_in() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("UserMigration", |event| match event["request"]["password"].as_str() {
        Some(password) if password != "old-Passw0rd" => Reply::Throw("Bad password"),
        _ => Reply::Response(json!({"userAttributes": {"email": "ada@example.com", "email_verified": "true", "username": event["userName"]},
            "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"})),
    });
    let (pool, client) = pool_of(&server, &["UserMigration"], json!({})).await;
    let ada = Person::new(&server, "ada", "");
    let refusal = ada.password_sign_in(&client, "wrong").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    assert_eq!(server.count("users").await, 0);
    // Many at once: one user.
    let outcomes = all((0..5).map(|_| {
        let (ada, client) = (ada.clone(), client.clone());
        async move { ada.password_sign_in(&client, "old-Passw0rd").await.outcome() }
    }))
    .await;
    assert!(outcomes.iter().all(|outcome| outcome == "OK"), "{outcomes:?}");
    assert_eq!(server.count("users").await, 1);
    let asked = functions.events("UserMigration").len();
    ada.password_sign_in(&client, "old-Passw0rd").await.ok();
    assert_eq!(functions.events("UserMigration").len(), asked, "a user who is here is not asked for");
    // Who forgot the password is found there, too.
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    server.call("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await.ok();
    let code = server.code("ada@example.com", 1).await;
    let reset = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Password": PASSWORD});
    server.call("ConfirmForgotPassword", reset).await.ok();
    ada.password_sign_in(&client, PASSWORD).await.ok();
}

#[tokio::test]
async fn guesses_at_the_other_place_are_locked_out_as_guesses_here() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("UserMigration", |event| match event["request"]["password"].as_str() {
        Some("old-Passw0rd") => Reply::Response(json!({"userAttributes": {"email": "ada@example.com"}})),
        _ => Reply::Throw("Bad password"),
    });
    let (_, client) = pool_of(&server, &["UserMigration"], json!({})).await;
    let ada = Person::new(&server, "ada", "");
    for _ in 0..10 {
        ada.password_sign_in(&client, "guess").await.refused();
    }
    let asked = functions.events("UserMigration").len();
    assert!(asked <= 6, "{asked}");
    let refusal = ada.password_sign_in(&client, "old-Passw0rd").await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
    assert_eq!((functions.events("UserMigration").len(), server.count("users").await), (asked, 0));
    server.clock.advance(time::Duration::minutes(20));
    ada.password_sign_in(&client, "old-Passw0rd").await.ok();
}

#[tokio::test]
async fn a_migration_that_fails_does_not_tell_who_is_here() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = pool_of(&server, &["UserMigration"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let known = ada.password_sign_in(&client, "wrong").await.refused();
    for body in ["nonsense", "{\"response\": {\"userAttributes\": {\"custom:none\": \"x\"}}}"] {
        functions.on("UserMigration", move |_| Reply::Raw(200, body));
        let unknown = Person::new(&server, "nobody", "").password_sign_in(&client, "wrong").await.refused();
        assert_eq!(unknown, known);
        server.call("ForgotPassword", json!({"ClientId": client, "Username": "nobody"})).await.ok();
    }
    functions.on("UserMigration", |_| Reply::Response(json!({"userAttributes": {"username": "a b"}})));
    let asked = functions.events("UserMigration").len();
    Person::new(&server, &"n".repeat(200), "").password_sign_in(&client, "x").await.refused();
    assert_eq!(functions.events("UserMigration").len(), asked, "a name that could never be one");
    Person::new(&server, "someone", "").password_sign_in(&client, "x").await.refused();
    assert_eq!(server.count("users").await, 1);
}

// What happens meanwhile

#[tokio::test]
async fn a_user_who_is_disabled_while_a_function_works_gets_no_tokens() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreTokenGeneration", |_| Reply::Hang);
    let (pool, client) = pool_of(&server, &["PreTokenGeneration"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let gate = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let open = gate.clone();
    functions.on("PreTokenGeneration", move |_| {
        while !open.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Reply::Response(json!({}))
    });
    let waiting = {
        let (ada, client) = (ada.clone(), client.clone());
        tokio::spawn(async move { ada.password_sign_in(&client, PASSWORD).await.refused() })
    };
    while functions.events("PreTokenGeneration").is_empty() {
        tokio::task::yield_now().await;
    }
    server.operator("AdminDisableUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    gate.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(waiting.await.unwrap(), "400 NotAuthorizedException: Incorrect username or password.");
}

#[tokio::test]
async fn a_sign_in_that_a_function_refuses_leaves_no_session_and_a_refresh_no_loss() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreTokenGeneration", |_| Reply::Throw("not now"));
    let (pool, _) = pool_of(&server, &["PreTokenGeneration"], json!({})).await;
    let made = json!({"UserPoolId": pool, "ClientName": "rotating", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}});
    let client = server.operator("CreateUserPoolClient", made).await.ok()["UserPoolClient"]["ClientId"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut ada = server.user_in(&pool, "ada").await;
    assert_eq!(ada.password_sign_in(&client, PASSWORD).await.outcome(), "UserLambdaValidationException");
    let listed = server.operator("AdminListUserSessions", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert_eq!(listed["Sessions"], json!([]));
    functions.on("PreTokenGeneration", |_| {
        Reply::Response(json!({"claimsOverrideDetails": {"groupOverrideDetails": null}}))
    });
    let group = json!({"UserPoolId": pool, "GroupName": "admins"});
    server.operator("CreateGroup", group.clone()).await.ok();
    server
        .operator("AdminAddUserToGroup", json!({"UserPoolId": pool, "GroupName": "admins", "Username": "ada"}))
        .await
        .ok();
    let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
    ada.keep_tokens(&tokens);
    assert!(
        claims(json!(ada.access_token).as_str().unwrap()).get("cognito:groups").is_none(),
        "null suppresses the groups"
    );
    // A function that fails does not use the refresh token up.
    functions.on("PreTokenGeneration", |_| Reply::Throw("not now"));
    let refresh = json!({"ClientId": client, "RefreshToken": ada.refresh_token});
    assert_eq!(
        server.call("GetTokensFromRefreshToken", refresh.clone()).await.outcome(),
        "UserLambdaValidationException"
    );
    functions.on("PreTokenGeneration", |_| Reply::Response(json!({})));
    server.call("GetTokensFromRefreshToken", refresh.clone()).await.ok();
    // Nor does it save a token that is in two hands.
    functions.on("PreTokenGeneration", |_| Reply::Throw("not now"));
    assert_eq!(server.call("GetTokensFromRefreshToken", refresh).await.outcome(), "RefreshTokenReuseException");
}

#[tokio::test]
async fn a_sign_in_with_a_sign_ups_session_asks_the_trigger_too() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("PreAuthentication", |_| Reply::Throw("closed"));
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let members = json!({"AutoVerifiedAttributes": ["email"], "Policies": factors});
    let (_, client) = pool_of(&server, &["PreAuthentication"], members).await;
    server.call("SignUp", sign_up(&client, "ada")).await.ok();
    let code = server.code("ada@example.com", 1).await;
    let confirm = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code});
    let session = server.call("ConfirmSignUp", confirm).await.ok()["Session"].clone();
    let input =
        json!({"ClientId": client, "AuthFlow": "USER_AUTH", "Session": session, "AuthParameters": {"USERNAME": "ada"}});
    assert_eq!(server.call("InitiateAuth", input.clone()).await.outcome(), "UserLambdaValidationException");
    functions.on("PreAuthentication", |_| Reply::Response(json!({})));
    assert!(server.call("InitiateAuth", input).await.ok()["AuthenticationResult"].is_object());
}

#[tokio::test]
async fn a_function_that_keeps_failing_does_not_keep_a_code_from_its_owner() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("CustomMessage", |_| Reply::Throw("always"));
    let (_, client) = pool_of(&server, &["CustomMessage"], json!({"AutoVerifiedAttributes": ["email"]})).await;
    server.call("SignUp", sign_up(&client, "ada")).await.ok();
    for attempt in 1..=2 {
        // An attempt that goes on has its number already, and a lease of three minutes; one that failed is due in seconds.
        let next = server.clock.now() + time::Duration::minutes(1);
        let failed = format!("outbox WHERE attempts = {attempt} AND failure IS NOT NULL AND due_at <= '{next}'");
        while server.count(&failed).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(
            server.count("outbox WHERE failure LIKE '%always%'").await,
            0,
            "a function's own words are not kept"
        );
        server.clock.advance(time::Duration::minutes(1));
    }
    assert!(server.message("ada@example.com", 1).await.starts_with("Your confirmation code is "));
    assert_eq!(functions.events("CustomMessage").len(), 2);
}

// Faults

#[tokio::test]
async fn a_function_that_hangs_is_cut_off_and_holds_up_nobody_else() {
    let (server, functions) = Functions::start(&["--trigger-timeout-seconds=1"]).await;
    functions.on("PreAuthentication", |_| Reply::Hang);
    let (pool, client) = pool_of(&server, &["PreAuthentication"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let waiting = {
        let (ada, client) = (ada.clone(), client.clone());
        tokio::spawn(async move { ada.password_sign_in(&client, PASSWORD).await.refused() })
    };
    while functions.events("PreAuthentication").is_empty() {
        tokio::task::yield_now().await;
    }
    let mut other = server.user("eve").await;
    other.sign_in().await;
    assert!(!waiting.is_finished(), "others are answered meanwhile");
    let text = "PreAuthentication invocation failed due to error no answer in time.";
    assert_eq!(waiting.await.unwrap(), format!("400 UnexpectedLambdaException: {text}"));
}

#[tokio::test]
async fn slow_functions_of_one_pool_hold_up_that_pool_alone() {
    let (server, functions) = Functions::start(&["--trigger-timeout-seconds=4"]).await;
    functions.on("PreAuthentication", |event| match event["userName"].as_str() {
        Some("eve") => Reply::Response(json!({})),
        _ => Reply::Hang,
    });
    let (_, client) = pool_of(&server, &["PreAuthentication"], json!({})).await;
    let (other_pool, other_client) = pool_of(&server, &["PreAuthentication"], json!({})).await;
    let eve = server.user_in(&other_pool, "eve").await;
    let calls: Vec<_> = (0..40)
        .map(|n| {
            let (person, client) = (Person::new(&server, &format!("person-{n}"), ""), client.clone());
            async move { person.password_sign_in(&client, PASSWORD).await.outcome() }
        })
        .collect();
    let flood = tokio::spawn(all(calls));
    while functions.events("PreAuthentication").len() < 16 {
        tokio::task::yield_now().await;
    }
    eve.password_sign_in(&other_client, PASSWORD).await.ok();
    let outcomes = flood.await.unwrap();
    let count = |name: &str| outcomes.iter().filter(|outcome| *outcome == name).count();
    assert_eq!((count("UnexpectedLambdaException"), count("TooManyRequestsException")), (16, 24), "{outcomes:?}");
}

#[tokio::test]
async fn slow_functions_do_not_keep_a_named_person_waiting_for_their_turn() {
    let (server, functions) = Functions::start(&["--trigger-timeout-seconds=4"]).await;
    functions.on("PreAuthentication", |event| match event["request"]["validationData"]["slow"].as_str() {
        Some(_) => Reply::Hang,
        None => Reply::Response(json!({})),
    });
    let (pool, client) = pool_of(&server, &["PreAuthentication"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let input = json!({"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "ClientMetadata": {"slow": "yes"},
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": "wrong-Passw0rd"}});
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (ada, input) = (ada.clone(), input.clone());
            async move { ada.post_public("InitiateAuth", input).await.outcome() }
        })
        .collect();
    let flood = tokio::spawn(all(calls));
    while functions.events("PreAuthentication").len() < 10 {
        tokio::task::yield_now().await;
    }
    ada.password_sign_in(&client, PASSWORD).await.ok();
    assert!(!flood.is_finished(), "the flood still waits");
    flood.await.unwrap();
}

#[tokio::test]
async fn slow_functions_do_not_keep_waiting_whom_a_strangers_passkey_names() {
    let (server, functions) = Functions::start(&["--trigger-timeout-seconds=4"]).await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let config = json!({"UserPoolId": pool(), "LambdaConfig": {"PreAuthentication": arn("PreAuthentication")}});
    server.operator("UpdateUserPool", config).await.ok();
    functions.on("PreAuthentication", |_| Reply::Hang);
    let login = format!("/login?client_id={}", pages_client());
    let mut browser = Browser::new(&server);
    let page = browser.get(&login).await;
    let token = page.form("passkey").1["form_token"].clone();
    let mut answers = Vec::new();
    for _ in 0..10 {
        let made = browser.post(&login, &[("form_token", &token), ("step", "options")]).await.json();
        let spoil = Spoil { signature: true, ..Spoil::default() };
        let credential = ada.authenticator.get(&made["options"], ORIGIN, &spoil).unwrap().to_string();
        let (mut browser, page) = (browser.clone(), page.clone());
        let session = made["session"].as_str().unwrap().to_owned();
        answers.push(async move {
            let entered = [("session", session.as_str()), ("credential", credential.as_str())];
            browser.submit(&page, "passkey", &entered).await.status
        });
    }
    let flood = tokio::spawn(all(answers));
    while functions.events("PreAuthentication").len() < 10 && !flood.is_finished() {
        tokio::task::yield_now().await;
    }
    assert_eq!(functions.events("PreAuthentication").len(), 10, "all of the flood asks at once");
    functions.on("PreAuthentication", |_| Reply::Response(json!({})));
    ada.password_sign_in(client(), PASSWORD).await.ok();
    assert!(!flood.is_finished(), "the flood still waits");
    assert_eq!(flood.await.unwrap(), [400; 10]);
}

#[tokio::test]
async fn answers_that_are_none_are_the_errors_of_the_reference() {
    let (server, functions) = Functions::start(&[]).await;
    let (pool, client) = pool_of(&server, &["PreAuthentication"], json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    let unreachable =
        |why: &str| format!("400 UnexpectedLambdaException: PreAuthentication invocation failed due to error {why}.");
    assert_eq!(ada.password_sign_in(&client, PASSWORD).await.refused(), unreachable("it answered 404 Not Found"));
    for body in ["", "[]", "null", "nonsense", "{}", "{\"response\": 7}", "{\"response\": null}"] {
        functions.on("PreAuthentication", move |_| Reply::Raw(200, body));
        let refusal = ada.password_sign_in(&client, PASSWORD).await.refused();
        assert_eq!(refusal, "400 InvalidLambdaResponseException: Unrecognizable lambda output", "{body}");
    }
    let long: &'static str = format!("{{\"response\": {{\"a\": \"{}\"}}}}", "x".repeat(1024 * 1024)).leak();
    functions.on("PreAuthentication", move |_| Reply::Raw(200, long));
    assert_eq!(ada.password_sign_in(&client, PASSWORD).await.outcome(), "InvalidLambdaResponseException", "1 MiB");
    functions.on("PreAuthentication", |_| Reply::Raw(302, ""));
    assert_eq!(ada.password_sign_in(&client, PASSWORD).await.refused(), unreachable("it answered 302 Found"));
    assert_eq!(server.count("sessions").await, 0);
    let without = TestServer::start().await;
    let (_, client) = pool_of(&without, &["PreAuthentication"], json!({})).await;
    let refusal = Person::new(&without, "ada", "").password_sign_in(&client, PASSWORD).await.refused();
    assert_eq!(refusal, unreachable("this server has no trigger-url"));
}

#[tokio::test]
async fn what_is_not_built_of_a_pools_triggers_is_refused() {
    let server = TestServer::start().await;
    for (config, text) in [
        (
            json!({"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": arn("a")}}),
            "LambdaConfig.InboundFederation is not supported by Keystead; leave it out.",
        ),
        (
            json!({"CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": arn("a")}}),
            "LambdaConfig: CustomEmailSender and CustomSMSSender need KMSKeyID, the ARN of a key.",
        ),
        (
            json!({"PreTokenGeneration": arn("a"), "PreTokenGenerationConfig": {"LambdaVersion": "V1_0", "LambdaArn": arn("b")}}),
            "LambdaConfig: PreTokenGeneration and PreTokenGenerationConfig must name the same function.",
        ),
    ] {
        let refusal =
            server.operator("CreateUserPool", json!({"PoolName": "x", "LambdaConfig": config})).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
    }
}
