//! Users, as operators see and change them; signing up.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestServer, all, client, initiate, pool, pool_with, respond};

fn named(username: &str) -> Value {
    json!({"UserPoolId": pool(), "Username": username})
}

#[tokio::test]
async fn a_created_user_must_change_the_temporary_password() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "Username": "ada", "TemporaryPassword": "Temp0rary!",
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]});
    let made = server.operator("AdminCreateUser", input.clone()).await.ok()["User"].clone();
    assert_eq!((&made["UserStatus"], &made["Enabled"]), (&json!("FORCE_CHANGE_PASSWORD"), &json!(true)));
    let names: Vec<_> =
        made["Attributes"].as_array().unwrap().iter().map(|attribute| attribute["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sub", "email", "email_verified"]);
    let again = server.operator("AdminCreateUser", input).await.refused();
    assert_eq!(again, "400 UsernameExistsException: User account already exists");
}

#[tokio::test]
async fn a_user_is_found_by_name_and_by_subject() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let by_name = server.operator("AdminGetUser", named("ada")).await.ok();
    assert_eq!(by_name, server.operator("AdminGetUser", named(&ada.sub)).await.ok());
    assert_eq!((&by_name["Username"], &by_name["UserStatus"]), (&json!("ada"), &json!("CONFIRMED")));
    assert_eq!(by_name["UserAttributes"], json!([{"Name": "sub", "Value": ada.sub}]));
    let refusal = server.operator("AdminGetUser", named("nobody")).await.refused();
    assert_eq!(refusal, "400 UserNotFoundException: User does not exist.");
    let other_case = server.operator("AdminGetUser", named("ADA")).await.outcome();
    assert_eq!(other_case, "UserNotFoundException", "the pool is case sensitive");
}

#[tokio::test]
async fn a_case_insensitive_pool_takes_a_name_once() {
    let server = TestServer::start().await;
    let made = server
        .operator("CreateUserPool", json!({"PoolName": "x", "UsernameConfiguration": {"CaseSensitive": false}}))
        .await
        .ok();
    let user =
        |name: &str| json!({"UserPoolId": made["UserPool"]["Id"], "Username": name, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", user("Ada")).await.ok();
    assert_eq!(server.operator("AdminCreateUser", user("aDA")).await.outcome(), "UsernameExistsException");
    let found =
        server.operator("AdminGetUser", json!({"UserPoolId": made["UserPool"]["Id"], "Username": "ADA"})).await.ok();
    assert_eq!(found["Username"], "Ada");
}

#[tokio::test]
async fn sign_ups_racing_for_a_name_give_one_user() {
    let server = TestServer::start().await;
    let url = server.url.clone();
    let outcomes = all((0..16).map(|_| {
        let (http, url) = (server.http.clone(), url.clone());
        async move {
            let input = json!({"ClientId": client(), "Username": "ada", "Password": PASSWORD});
            let request = http
                .post(url)
                .header("x-amz-target", "AWSCognitoIdentityProviderService.SignUp")
                .body(input.to_string());
            request.send().await.unwrap().status().as_u16()
        }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(server.count("users").await, 1);
}

#[tokio::test]
async fn a_sign_up_waits_for_an_operators_confirmation() {
    let server = TestServer::start().await;
    let input = json!({"ClientId": client(), "Username": "ada", "Password": PASSWORD, "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    let answer = server.call("SignUp", input.clone()).await.ok();
    assert_eq!(answer["UserConfirmed"], false);
    assert_eq!(server.call("SignUp", input).await.refused(), "400 UsernameExistsException: User already exists");
    let person = crate::support::Person::new(&server, "ada", answer["UserSub"].as_str().unwrap());
    let refusal = person.password_sign_in(client(), PASSWORD).await.refused();
    assert_eq!(refusal, "400 UserNotConfirmedException: User is not confirmed.");
    assert_eq!(server.operator("AdminConfirmSignUp", named("ada")).await.text, "");
    person.password_sign_in(client(), PASSWORD).await.ok();
    let refusal = server.operator("AdminConfirmSignUp", named("ada")).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED");
}

#[tokio::test]
async fn sign_up_checks_password_and_attributes() {
    let server = TestServer::start().await;
    let sign_up = |password: &str, attributes: Value| json!({"ClientId": client(), "Username": "ada", "Password": password, "UserAttributes": attributes});
    for (input, refusal) in [
        (
            sign_up("short", json!([])),
            "400 InvalidPasswordException: Password did not conform with policy: Password not long enough",
        ),
        (
            sign_up("passw0rd!", json!([])),
            "400 InvalidPasswordException: Password did not conform with policy: Password must have uppercase characters",
        ),
        (
            sign_up(PASSWORD, json!([{"Name": "email", "Value": "nonsense"}])),
            "400 InvalidParameterException: Invalid email address format.",
        ),
        (
            sign_up(PASSWORD, json!([{"Name": "custom:x", "Value": "1"}])),
            "400 InvalidParameterException: Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n",
        ),
        (
            sign_up(PASSWORD, json!([{"Name": "email_verified", "Value": "true"}])),
            "400 NotAuthorizedException: A client attempted to write unauthorized attribute",
        ),
    ] {
        assert_eq!(server.call("SignUp", input).await.refused(), refusal);
    }
    assert_eq!(server.count("users").await, 0);
    server
        .operator(
            "UpdateUserPool",
            json!({"UserPoolId": pool(), "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}}),
        )
        .await
        .ok();
    let refusal = server.call("SignUp", sign_up(PASSWORD, json!([]))).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: SignUp is not permitted for this user pool");
}

#[tokio::test]
async fn disabling_ends_sessions_for_good() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    server.operator("AdminDisableUser", named("ada")).await.ok();
    assert_eq!(ada.call("GetUser", json!({})).await.refused(), "400 NotAuthorizedException: User is disabled.");
    assert_eq!(
        ada.password_sign_in(client(), PASSWORD).await.refused(),
        "400 NotAuthorizedException: User is disabled."
    );
    server.operator("AdminEnableUser", named("ada")).await.ok();
    assert_eq!(
        ada.call("GetUser", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
    ada.password_sign_in(client(), PASSWORD).await.ok();
}

#[tokio::test]
async fn a_sign_in_raced_by_disabling_leaves_no_live_session() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    for round in 0..20 {
        let user = server.user(&format!("user{round}")).await;
        let signer = user.at(&replica);
        let sign_in = tokio::spawn(async move { signer.password_sign_in(client(), PASSWORD).await });
        server.operator("AdminDisableUser", named(&user.username)).await.ok();
        sign_in.await.unwrap();
        let live = format!("sessions WHERE sub = '{}' AND revoked_at IS NULL", user.sub);
        assert_eq!(server.count(&live).await, 0, "round {round}");
    }
}

#[tokio::test]
async fn users_are_listed_by_filter_in_pages() {
    let server = TestServer::start().await;
    for name in ["ada", "alan", "grace", "per%cent", "under_score"] {
        let input = json!({"UserPoolId": pool(), "Username": name, "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": format!("{name}@example.com")}]});
        server.operator("AdminCreateUser", input).await.ok();
    }
    let list = async |filter: &str| {
        let answer = server.operator("ListUsers", json!({"UserPoolId": pool(), "Filter": filter})).await.ok();
        let mut names: Vec<_> = answer["Users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["Username"].as_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(list("username ^= \"a\"").await, ["ada", "alan"]);
    assert_eq!(list("email = \"grace@example.com\"").await, ["grace"]);
    assert_eq!(list("username ^= \"per%\"").await, ["per%cent"]);
    assert_eq!(list("username ^= \"u_\"").await, Vec::<String>::new());
    assert_eq!(list("cognito:user_status = \"FORCE_CHANGE_PASSWORD\"").await.len(), 5);
    assert_eq!(list("status = \"Disabled\"").await, Vec::<String>::new());
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = server
            .operator(
                "ListUsers",
                json!({"UserPoolId": pool(), "Limit": 2, "PaginationToken": token, "AttributesToGet": ["email"]}),
            )
            .await
            .ok();
        for user in page["Users"].as_array().unwrap() {
            assert_eq!(user["Attributes"].as_array().unwrap().len(), 1);
            seen.push(user["Username"].as_str().unwrap().to_owned());
        }
        token = page["PaginationToken"].clone();
        if token.is_null() {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["ada", "alan", "grace", "per%cent", "under_score"]);
    let refusal = server.operator("ListUsers", json!({"UserPoolId": pool(), "Filter": "nonsense"})).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Error while parsing filter");
}

#[tokio::test]
async fn an_operators_sign_out_ends_every_session() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    assert_eq!(server.operator("AdminUserGlobalSignOut", named("ada")).await.text, "");
    assert_eq!(
        ada.call("GetUser", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_name_is_free() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    assert_eq!(server.operator("AdminDeleteUser", named("ada")).await.text, "");
    assert_eq!(ada.call("GetUser", json!({})).await.refused(), "400 UserNotFoundException: User does not exist.");
    assert_eq!(
        ada.call("ListWebAuthnCredentials", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
    server.user("ada").await;
}

#[tokio::test]
async fn a_name_may_be_a_uuid_but_not_somebody_elses_subject() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    for name in [ada.sub.clone(), ada.sub.to_uppercase(), ada.sub.replace('-', "")] {
        let input = json!({"ClientId": client(), "Username": name, "Password": PASSWORD});
        assert_eq!(server.call("SignUp", input).await.outcome(), "UsernameExistsException", "{name}");
        let input = json!({"UserPoolId": pool(), "Username": name, "TemporaryPassword": PASSWORD});
        assert_eq!(server.operator("AdminCreateUser", input).await.outcome(), "UsernameExistsException", "{name}");
    }
    let mut other = server.user(&uuid::Uuid::nil().to_string()).await;
    other.sign_in().await;
    assert_eq!(other.call("GetUser", json!({})).await.ok()["Username"], other.username);
}

#[tokio::test]
async fn an_address_that_is_not_there_is_not_verified() {
    let server = TestServer::start().await;
    let verified = |value: &str| json!([{"Name": "email_verified", "Value": value}]);
    for value in ["true", "True"] {
        let input = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": verified(value)});
        let refusal = server.operator("AdminCreateUser", input).await.refused();
        assert_eq!(refusal, "400 InvalidParameterException: No email provided but email_verified was true");
    }
    server.user("ada").await;
    let mut input = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": verified("true")});
    let refusal = server.operator("AdminUpdateUserAttributes", input.clone()).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: No email provided but email_verified was true");
    input["UserAttributes"] =
        json!([{"Name": "email", "Value": "a@b.example"}, {"Name": "email_verified", "Value": "True"}]);
    server.operator("AdminUpdateUserAttributes", input).await.ok();
}

#[tokio::test]
async fn texts_with_a_null_character_are_refused() {
    let server = TestServer::start().await;
    let parameters = json!({"USERNAME": "a\u{0}", "PASSWORD": "x"});
    let input = initiate(client(), "USER_PASSWORD_AUTH", json!(parameters));
    assert_eq!(server.call("InitiateAuth", input).await.outcome(), "InvalidParameterException");
    let attributes = json!([{"Name": "name", "Value": "a\u{0}"}]);
    let input = json!({"ClientId": client(), "Username": "ada", "Password": PASSWORD, "UserAttributes": attributes});
    assert_eq!(server.call("SignUp", input).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn a_client_reads_what_it_may_read_in_get_user_as_in_tokens() {
    let server = TestServer::start().await;
    let input = json!({"PoolName": "dev", "Schema": [
        {"Name": "secret", "AttributeDataType": "String", "Mutable": true},
        {"Name": "internal", "AttributeDataType": "String", "Mutable": true, "DeveloperOnlyAttribute": true}]});
    let pool = server.operator("CreateUserPool", input).await.ok()["UserPool"]["Id"].as_str().unwrap().to_owned();
    let input = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS", "UserAttributes": [
        {"Name": "email", "Value": "a@b.example"}, {"Name": "custom:secret", "Value": "s"}, {"Name": "dev:custom:internal", "Value": "i"}]});
    let made = server.operator("AdminCreateUser", input).await;
    made.ok();
    let input = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", input).await.ok();
    for (readable, expected) in
        [(json!(["email"]), vec!["sub", "email"]), (json!(null), vec!["sub", "email", "custom:secret"])]
    {
        let input = json!({"UserPoolId": pool, "ClientName": "c", "ReadAttributes": readable,
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]});
        let client = server.operator("CreateUserPoolClient", input).await.ok();
        let client = client["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
        let input = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
        let tokens = server.call("InitiateAuth", input).await.ok();
        let token = tokens["AuthenticationResult"]["AccessToken"].as_str().unwrap();
        let shown = server.call("GetUser", json!({"AccessToken": token})).await.ok();
        let names: Vec<_> = shown["UserAttributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["Name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn nobody_writes_what_a_federated_sign_in_proves() {
    let server = TestServer::start().await;
    let identities = json!([{"Name": "identities", "Value": "[{\"providerName\":\"CorpSAML\",\"userId\":\"ceo\"}]"}]);
    let input = json!({"ClientId": client(), "Username": "eve", "Password": PASSWORD, "UserAttributes": identities});
    let expected = "400 InvalidParameterException: Attributes did not conform to the schema: identities: Attribute cannot be updated.";
    assert_eq!(server.call("SignUp", input).await.refused(), expected);
    let input =
        json!({"UserPoolId": pool(), "Username": "eve", "UserAttributes": identities, "MessageAction": "SUPPRESS"});
    assert_eq!(server.operator("AdminCreateUser", input).await.refused(), expected);
    for number in ["NaN", "inf", "1e400"] {
        let attributes = json!([{"Name": "updated_at", "Value": number}]);
        let input =
            json!({"ClientId": client(), "Username": "eve", "Password": PASSWORD, "UserAttributes": attributes});
        assert_eq!(server.call("SignUp", input).await.outcome(), "InvalidParameterException", "{number}");
    }
}

#[tokio::test]
async fn what_users_do_is_kept_where_the_pool_says_so() {
    let server = TestServer::start().await;
    let (pool, client) =
        pool_with(&server, json!({"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}), json!({})).await;
    let mut ada = server.user_in(&pool, "ada").await;
    ada.sign_in_to(&client).await;
    ada.password_sign_in(&client, "wrong-Passw0rd").await.refused();
    let change = json!({"PreviousPassword": PASSWORD, "ProposedPassword": "N3w-Passw0rd"});
    ada.call("ChangePassword", change).await.ok();
    // They are written after the answers.
    while server.count("auth_events").await < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mut input = json!({"UserPoolId": pool, "Username": "ada", "MaxResults": 2});
    let first = server.operator("AdminListUserAuthEvents", input.clone()).await.ok();
    input["NextToken"] = first["NextToken"].clone();
    let second = server.operator("AdminListUserAuthEvents", input.clone()).await.ok();
    let of = |page: &Value| page["AuthEvents"].as_array().unwrap().clone();
    let events: Vec<_> = of(&first).into_iter().chain(of(&second)).collect();
    let told: Vec<_> =
        events.iter().map(|one| (one["EventType"].as_str().unwrap(), one["EventResponse"].as_str().unwrap())).collect();
    assert_eq!(told, [("PasswordChange", "Pass"), ("SignIn", "Fail"), ("SignIn", "Pass")]);
    assert_eq!(events[0]["EventContextData"], json!({"IpAddress": "127.0.0.1"}));
    assert_eq!(events[1]["ChallengeResponses"], json!([{"ChallengeName": "Password", "ChallengeResponse": "Failure"}]));
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert_eq!(server.count("auth_events").await, 0);
    server.signed_in("eve").await;
    assert_eq!(server.count("auth_events").await, 0, "other pools keep nothing");
    let input = json!({"UserPoolId": crate::support::pool(), "Username": "eve"});
    assert_eq!(server.operator("AdminListUserAuthEvents", input).await.outcome(), "UserPoolAddOnNotEnabledException");
}

#[tokio::test]
async fn who_guesses_at_a_password_does_not_fill_the_table_of_events() {
    let server =
        TestServer::with(&["--free-password-failures=0", "--password-memory-kib=64", "--password-iterations=1"]).await;
    let (pool, client) =
        pool_with(&server, json!({"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}), json!({})).await;
    let ada = server.user_in(&pool, "ada").await;
    for _ in 0..105 {
        ada.password_sign_in(&client, "wrong-Passw0rd").await.refused();
    }
    server.clock.advance(time::Duration::hours(2));
    ada.password_sign_in(&client, PASSWORD).await.ok();
    while server.count("auth_events WHERE response = 'Pass'").await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(server.count("auth_events").await, 101);
}

#[tokio::test]
async fn a_status_that_this_release_does_not_know_fails_its_user_alone() {
    let server = TestServer::start().await;
    for name in ["ada", "bob", "eve"] {
        server.user(name).await;
    }
    // As a newer release may write it.
    server.sql("ALTER TABLE users DROP CONSTRAINT users_status_check").await;
    server.sql("UPDATE users SET status = 'OF_TOMORROW' WHERE username = 'bob'").await;
    let mut listed = Vec::new();
    let mut token = Value::Null;
    loop {
        let input = json!({"UserPoolId": pool(), "Limit": 1, "PaginationToken": token});
        let page = server.operator("ListUsers", input).await.ok();
        listed
            .extend(page["Users"].as_array().unwrap().iter().map(|user| user["Username"].as_str().unwrap().to_owned()));
        token = page["PaginationToken"].clone();
        if token.is_null() {
            break;
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, ["ada", "eve"]);
    for (name, outcome) in [("ada", "OK"), ("bob", "InternalErrorException")] {
        let input = json!({"UserPoolId": pool(), "Username": name});
        assert_eq!(server.operator("AdminGetUser", input).await.outcome(), outcome);
    }
    let parameters = json!({"USERNAME": "bob", "PASSWORD": PASSWORD});
    let input = initiate(client(), "USER_PASSWORD_AUTH", json!(parameters));
    assert_eq!(server.call("InitiateAuth", input).await.outcome(), "InternalErrorException");
}

#[tokio::test]
async fn pass_phrases_have_spaces_inside() {
    let server = TestServer::start().await;
    let phrase = "Correct 1 horse! staple";
    let sign_up = json!({"ClientId": client(), "Username": "eve", "Password": phrase});
    server.call("SignUp", sign_up).await.ok();
    let mut ada = server.user("ada").await;
    let set =
        |password: &str| json!({"UserPoolId": pool(), "Username": "ada", "Password": password, "Permanent": true});
    server.operator("AdminSetUserPassword", set(phrase)).await.ok();
    let tokens = ada.password_sign_in(client(), phrase).await.ok();
    ada.keep_tokens(&tokens);
    let change = json!({"PreviousPassword": phrase, "ProposedPassword": "Another 1 horse! staple"});
    ada.call("ChangePassword", change).await.ok();
    for outside in [" Correct 1 horse!", "Correct 1 horse! ", "C"] {
        assert_eq!(server.operator("AdminSetUserPassword", set(outside)).await.outcome(), "InvalidParameterException");
    }
    let made = json!({"UserPoolId": pool(), "Username": "bob", "TemporaryPassword": phrase});
    server.operator("AdminCreateUser", made).await.ok();
    let challenge = Person::new(&server, "bob", "").password_sign_in(client(), phrase).await.ok();
    let answer = |password: &str| {
        let responses = json!({"USERNAME": "bob", "NEW_PASSWORD": password});
        respond(client(), "NEW_PASSWORD_REQUIRED", &challenge["Session"], responses)
    };
    let refused = server.call("RespondToAuthChallenge", answer("Correct 1 horse! ")).await.outcome();
    assert_eq!(refused, "InvalidPasswordException", "nobody could change it later");
    server.call("RespondToAuthChallenge", answer("Battery 2 horse! staple")).await.ok();
}

#[tokio::test]
async fn errors_have_the_words_that_applications_look_for() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mfa = json!({"UserPoolId": pool(), "Username": "ada",
        "SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    assert_eq!(
        server.operator("AdminSetUserMFAPreference", mfa).await.refused(),
        "400 InvalidParameterException: User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"
    );
    assert_eq!(
        server.operator("ListUsers", json!({"UserPoolId": pool(), "AttributesToGet": ["shoe"]})).await.refused(),
        "400 InvalidParameterException: One or more requested attributes do not exist."
    );
    let weak = json!({"ClientId": client(), "Username": "ada", "ConfirmationCode": "123456", "Password": "password"});
    assert_eq!(
        server.call("ConfirmForgotPassword", weak).await.refused(),
        "400 InvalidPasswordException: Password does not conform to policy: Password must have uppercase characters"
    );
}
