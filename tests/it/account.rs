//! The signed-in user's own account.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestServer, client, pool_with, respond};

#[tokio::test]
async fn get_user_shows_the_subject_first() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let expected = json!({"Username": "ada", "UserAttributes": [{"Name": "sub", "Value": ada.sub}]});
    assert_eq!(ada.call("GetUser", json!({})).await.ok(), expected);
}

#[tokio::test]
async fn auth_factors_are_those_set_up() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let factors = |answer: serde_json::Value| answer["ConfiguredUserAuthFactors"].clone();
    assert_eq!(factors(ada.call("GetUserAuthFactors", json!({})).await.ok()), json!(["PASSWORD"]));
    ada.add_passkey().await;
    assert_eq!(factors(ada.call("GetUserAuthFactors", json!({})).await.ok()), json!(["PASSWORD", "WEB_AUTHN"]));
}

#[tokio::test]
async fn a_password_is_changed_with_the_previous_one() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let change = |previous: &str, proposed: &str| json!({"PreviousPassword": previous, "ProposedPassword": proposed});
    let refusal = ada.call("ChangePassword", change("Wrong-passw0rd", "N3w-password")).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.");
    assert_eq!(ada.call("ChangePassword", change(PASSWORD, "weak")).await.outcome(), "InvalidPasswordException");
    assert_eq!(ada.call("ChangePassword", change(PASSWORD, "N3w-password")).await.text, "");
    assert_eq!(ada.password_sign_in(client(), PASSWORD).await.outcome(), "NotAuthorizedException");
    ada.password_sign_in(client(), "N3w-password").await.ok();
    ada.call("GetUser", json!({})).await.ok();
}

#[tokio::test]
async fn of_two_password_changes_at_once_one_wins() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    for round in 0..10 {
        let user = server.signed_in(&format!("user{round}")).await;
        let passwords = ["First-pa5sword", "Second-pa5sword"];
        let change = |server: &TestServer, proposed: &'static str| {
            let user = user.at(server);
            tokio::spawn(async move {
                user.call("ChangePassword", json!({"PreviousPassword": PASSWORD, "ProposedPassword": proposed}))
                    .await
                    .outcome()
            })
        };
        let both = (change(&server, passwords[0]), change(&replica, passwords[1]));
        let outcomes = [both.0.await.unwrap(), both.1.await.unwrap()];
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
        let winner = outcomes.iter().position(|outcome| outcome == "OK").unwrap();
        user.password_sign_in(client(), passwords[winner]).await.ok();
    }
}

#[tokio::test]
async fn a_user_who_leaves_is_gone() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    assert_eq!(ada.call("DeleteUser", json!({})).await.text, "");
    assert_eq!(ada.call("GetUser", json!({})).await.refused(), "400 UserNotFoundException: User does not exist.");
    assert_eq!(
        (server.count("users").await, server.count("sessions").await, server.count("webauthn_credentials").await),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn a_password_that_was_used_before_is_not_chosen_again() {
    let server = TestServer::start().await;
    let policy = json!({"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}});
    let members = json!({"Policies": policy, "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, members, json!({})).await;
    let mut ada = server.user_in(&pool, "ada").await;
    ada.sign_in_to(&client).await;
    let change = |old: &str, new: &str| json!({"PreviousPassword": old, "ProposedPassword": new});
    const REPEATED: &str = "400 PasswordHistoryPolicyViolationException: Password has previously been used.";
    assert_eq!(ada.call("ChangePassword", change(PASSWORD, PASSWORD)).await.refused(), REPEATED);
    ada.call("ChangePassword", change(PASSWORD, "Second-Pass1")).await.ok();
    assert_eq!(ada.call("ChangePassword", change("Second-Pass1", PASSWORD)).await.refused(), REPEATED);
    let set = |password: &str| json!({"UserPoolId": pool, "Username": "ada", "Password": password, "Permanent": true});
    assert_eq!(server.operator("AdminSetUserPassword", set(PASSWORD)).await.refused(), REPEATED);
    server.operator("AdminSetUserPassword", set("Third-Pass1")).await.ok();
    // Two are remembered: the first one may come back.
    ada.call("ChangePassword", change("Third-Pass1", PASSWORD)).await.ok();
    assert_eq!(server.count("password_history").await, 2);
    let attributes =
        json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": attributes});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    server.call("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await.ok();
    let reset = |code: &str, password: &str| json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Password": password});
    // Without the right code nobody learns what the password was.
    let refusal = server.call("ConfirmForgotPassword", reset("000000", "Third-Pass1")).await.outcome();
    assert_eq!(refusal, "CodeMismatchException");
    let code = server.code("ada@example.com", 1).await;
    assert_eq!(server.call("ConfirmForgotPassword", reset(&code, "Third-Pass1")).await.refused(), REPEATED);
    server.call("ConfirmForgotPassword", reset(&code, "Fourth-Pass1")).await.ok();
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert_eq!(server.count("password_history").await, 0);
}

#[tokio::test]
async fn a_temporary_passwords_session_tells_nothing_of_the_password_after_it() {
    let server = TestServer::start().await;
    let policy = json!({"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}});
    let (pool, client) = pool_with(&server, json!({"Policies": policy}), json!({})).await;
    let create =
        json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", create).await.ok();
    let ada = crate::support::Person::new(&server, "ada", "");
    let asked = ada.password_sign_in(&client, "Temp0rary!").await.ok();
    let own = ada.password_sign_in(&client, "Temp0rary!").await.ok();
    let answer = |challenge: &Value, password: &str| {
        server.call(
            "RespondToAuthChallenge",
            respond(
                &client,
                "NEW_PASSWORD_REQUIRED",
                &challenge["Session"],
                json!({"USERNAME": "ada", "NEW_PASSWORD": password}),
            ),
        )
    };
    let repeated = "400 PasswordHistoryPolicyViolationException: Password has previously been used.";
    assert_eq!(answer(&own, "Temp0rary!").await.refused(), repeated);
    answer(&own, PASSWORD).await.ok();
    for guess in [PASSWORD, "Temp0rary!", "another-Passw0rd"] {
        let refusal = answer(&asked, guess).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.", "{guess}");
    }
    // No history is kept where it was switched off.
    server
        .operator("UpdateUserPool", json!({"UserPoolId": pool, "Policies": {"PasswordPolicy": {"MinimumLength": 8}}}))
        .await
        .ok();
    let set = json!({"UserPoolId": pool, "Username": "ada", "Password": "N3w-Passw0rd", "Permanent": true});
    server.operator("AdminSetUserPassword", set).await.ok();
    assert_eq!(server.count("password_history").await, 0);
}

async fn attributes_of(server: &TestServer, pool: &str, username: &str) -> Vec<(String, String)> {
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": username})).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = shown["UserAttributes"].as_array().unwrap().iter();
    list.map(|one| (text(&one["Name"]), text(&one["Value"]))).filter(|(name, _)| name != "sub").collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_blank_value_deletes_an_attribute() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "name", "Required": true, "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let given = [("name", "Ada"), ("nickname", "A."), ("email", "ada@example.com"), ("email_verified", "true")];
    let given: Vec<_> = given.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": given, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let set = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", set).await.ok();
    let mut ada = Person::new(&server, "ada", "");
    ada.sign_in_to(&client).await;
    let blank = |name: &str| json!({"UserAttributes": [{"Name": name, "Value": ""}]});
    ada.call("UpdateUserAttributes", blank("nickname")).await.ok();
    let left = [("name", "Ada"), ("email", "ada@example.com"), ("email_verified", "true")];
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&left));
    // A blank value of what is not there changes nothing; a required one stays.
    ada.call("UpdateUserAttributes", blank("nickname")).await.ok();
    assert_eq!(ada.call("UpdateUserAttributes", blank("name")).await.outcome(), "InvalidParameterException");
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&left));
    // With the address goes its mark.
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": [{"Name": "email", "Value": ""}]});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&[("name", "Ada")]));
}
