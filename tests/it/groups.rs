//! Groups, their members, and what tokens say of them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{TestServer, all, pool};

fn group(name: &str) -> Value {
    json!({"UserPoolId": pool(), "GroupName": name})
}

fn member(username: &str, name: &str) -> Value {
    json!({"UserPoolId": pool(), "Username": username, "GroupName": name})
}

async fn make(server: &TestServer, name: &str, precedence: Option<i64>, role: Option<&str>) {
    let mut input = group(name);
    input["Precedence"] = json!(precedence);
    input["RoleArn"] = json!(role.map(|role| format!("arn:aws:iam::123456789012:role/{role}")));
    server.operator("CreateGroup", input).await.ok();
}

fn claims(answer: &Value, token: &str) -> Value {
    let text = answer["AuthenticationResult"][token].as_str().unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[tokio::test]
async fn a_group_is_made_changed_listed_and_removed() {
    let server = TestServer::start().await;
    let mut input = group("staff");
    input["Description"] = json!("who works here");
    let made = server.operator("CreateGroup", input.clone()).await.ok()["Group"].clone();
    assert_eq!((&made["GroupName"], &made["Description"]), (&json!("staff"), &json!("who works here")));
    assert!(made.get("Precedence").is_none() && made["CreationDate"].is_number());
    let refusal = server.operator("CreateGroup", input).await.refused();
    assert_eq!(refusal, "400 GroupExistsException: A group with the name already exists.");
    let mut change = group("staff");
    change["Precedence"] = json!(3);
    server.operator("UpdateGroup", change).await.ok();
    let found = server.operator("GetGroup", group("staff")).await.ok()["Group"].clone();
    assert_eq!((&found["Precedence"], &found["Description"]), (&json!(3), &json!("who works here")));
    make(&server, "admins", None, None).await;
    let mut page = json!({"UserPoolId": pool(), "Limit": 1});
    let first = server.operator("ListGroups", page.clone()).await.ok();
    assert_eq!(first["Groups"][0]["GroupName"], "admins");
    page["NextToken"] = first["NextToken"].clone();
    let second = server.operator("ListGroups", page).await.ok();
    assert_eq!((&second["Groups"][0]["GroupName"], second.get("NextToken")), (&json!("staff"), None));
    assert_eq!(server.operator("DeleteGroup", group("staff")).await.text, "");
    let refusal = server.operator("GetGroup", group("staff")).await.refused();
    assert_eq!(refusal, "400 ResourceNotFoundException: Group not found.");
}

#[tokio::test]
async fn tokens_name_the_groups_of_the_person_lowest_precedence_first() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    make(&server, "b-last", None, Some("none")).await;
    make(&server, "z-first", Some(1), Some("one")).await;
    make(&server, "a-second", Some(2), Some("two")).await;
    for name in ["b-last", "z-first", "a-second"] {
        assert_eq!(server.operator("AdminAddUserToGroup", member("ada", name)).await.text, "");
    }
    let by_password = ada.password_sign_in(crate::support::client(), crate::support::PASSWORD).await.ok();
    ada.keep_tokens(&by_password);
    ada.add_passkey().await;
    let by_passkey = ada.passkey_sign_in(&Default::default()).await.ok();
    let token = by_password["AuthenticationResult"]["RefreshToken"].clone();
    let input = json!({"ClientId": crate::support::client(), "RefreshToken": token});
    let refreshed = server.call("GetTokensFromRefreshToken", input).await.ok();
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    for answer in [by_password, by_passkey, refreshed] {
        let groups = json!(["z-first", "a-second", "b-last"]);
        assert_eq!(claims(&answer, "AccessToken")["cognito:groups"], groups);
        let id = claims(&answer, "IdToken");
        assert_eq!(id["cognito:groups"], groups);
        assert_eq!(id["cognito:roles"], json!([role("one"), role("two"), role("none")]));
        assert_eq!(id["cognito:preferred_role"], json!(role("one")));
    }
    server.operator("AdminRemoveUserFromGroup", member("ada", "z-first")).await.ok();
    server.operator("DeleteGroup", group("a-second")).await.ok();
    let answer = ada.password_sign_in(crate::support::client(), crate::support::PASSWORD).await.ok();
    assert_eq!(claims(&answer, "AccessToken")["cognito:groups"], json!(["b-last"]));
    let listed = server.operator("AdminListGroupsForUser", json!({"UserPoolId": pool(), "Username": "ada"})).await.ok();
    assert_eq!(listed["Groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_is_in_no_group_has_no_claim_of_groups() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let answer = ada.password_sign_in(crate::support::client(), crate::support::PASSWORD).await.ok();
    for token in ["AccessToken", "IdToken"] {
        assert!(!claims(&answer, token).as_object().unwrap().keys().any(|name| name.starts_with("cognito:g")));
    }
}

#[tokio::test]
async fn members_are_listed_by_page_and_leave_with_the_user() {
    let server = TestServer::start().await;
    make(&server, "staff", None, None).await;
    for name in ["ada", "eve", "bob"] {
        server.user(name).await;
        server.operator("AdminAddUserToGroup", member(name, "staff")).await.ok();
        server.operator("AdminAddUserToGroup", member(name, "staff")).await.ok();
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = group("staff");
        input["Limit"] = json!(2);
        input["NextToken"] = token;
        let page = server.operator("ListUsersInGroup", input).await.ok();
        seen.extend(page["Users"].as_array().unwrap().iter().map(|user| user["Username"].as_str().unwrap().to_owned()));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["ada", "bob", "eve"]);
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool(), "Username": "ada"})).await.ok();
    assert_eq!(server.operator("ListUsersInGroup", group("staff")).await.ok()["Users"].as_array().unwrap().len(), 2);
    for (operation, input) in [("AdminAddUserToGroup", member("eve", "none")), ("ListUsersInGroup", group("none"))] {
        let refusal = server.operator(operation, input).await.refused();
        assert_eq!(refusal, "400 ResourceNotFoundException: Group not found.", "{operation}");
    }
    let outcome = server.operator("AdminAddUserToGroup", member("nobody", "staff")).await.outcome();
    assert_eq!(outcome, "UserNotFoundException");
}

#[tokio::test]
async fn a_user_is_in_a_hundred_groups_at_most_even_when_they_race() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    server
        .sql(&format!(
            "INSERT INTO groups SELECT '{0}', 'g' || n, NULL, NULL, NULL, now(), now() FROM generate_series(1, 110) n;
         INSERT INTO group_members SELECT '{0}', '{1}', 'g' || n FROM generate_series(1, 95) n",
            pool(),
            ada.sub
        ))
        .await;
    let server = std::sync::Arc::new(server);
    let outcomes = all((96..=107).map(|n| {
        let server = server.clone();
        async move { server.operator("AdminAddUserToGroup", member("ada", &format!("g{n}"))).await.outcome() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 5, "{outcomes:?}");
    assert_eq!(server.count("group_members").await, 100);
}
