//! Listing and ending sessions one by one.

use serde_json::{Value, json};

use crate::support::{Person, TestServer, all, pool};

async fn sessions(person: &Person) -> Vec<Value> {
    person.call("ListUserSessions", json!({})).await.ok()["Sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_sees_their_live_sessions_and_ends_another() {
    let server = TestServer::start().await;
    let phone = server.signed_in("ada").await;
    let mut laptop = phone.clone();
    laptop.sign_in().await;
    server.signed_in("eve").await;
    let listed = sessions(&laptop).await;
    let current: Vec<_> = listed.iter().map(|one| one["IsCurrentSession"] == true).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1, "{listed:?}");
    assert_eq!(listed.len(), 2);
    let other = listed.iter().find(|one| one["IsCurrentSession"] == false).unwrap();
    let revoke = json!({"SessionId": other["SessionId"]});
    laptop.call("RevokeUserSession", revoke.clone()).await.ok();
    let refusal = phone.call("GetUser", json!({})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked");
    assert_eq!(sessions(&laptop).await.len(), 1);
    let refusal = laptop.call("RevokeUserSession", revoke).await.refused();
    assert!(refusal.starts_with("400 ResourceNotFoundException: Session not found"), "{refusal}");
}

#[tokio::test]
async fn nobody_ends_the_own_session_or_somebody_elses() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let eve = server.signed_in("eve").await;
    let own = json!({"SessionId": sessions(&ada).await[0]["SessionId"]});
    assert_eq!(ada.call("RevokeUserSession", own.clone()).await.outcome(), "InvalidParameterException");
    assert_eq!(eve.call("RevokeUserSession", own.clone()).await.outcome(), "ResourceNotFoundException");
    let mut of_other = own;
    of_other["UserPoolId"] = json!(pool());
    of_other["Username"] = json!("eve");
    assert_eq!(server.operator("AdminRevokeUserSession", of_other).await.outcome(), "ResourceNotFoundException");
    ada.call("GetUser", json!({})).await.ok();
}

#[tokio::test]
async fn two_sessions_that_end_each_other_do_not_both_win() {
    let server = TestServer::start().await;
    for _ in 0..20 {
        let one = server.signed_in(&keystead::random::client_id()).await;
        let mut other = one.clone();
        other.sign_in().await;
        let listed = sessions(&one).await;
        let id = |current: bool| listed.iter().find(|s| s["IsCurrentSession"] == current).unwrap()["SessionId"].clone();
        let calls = [(one.clone(), id(false)), (other, id(true))];
        let calls = calls.map(|(person, id)| async move {
            person.call("RevokeUserSession", json!({"SessionId": id})).await.outcome()
        });
        let mut outcomes = all(calls).await;
        outcomes.sort();
        assert_eq!(outcomes, ["NotAuthorizedException", "OK"]);
    }
}

#[tokio::test]
async fn operators_list_page_by_page_and_end_sessions() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    for _ in 0..126 {
        ada.sign_in().await;
    }
    let mut input = json!({"UserPoolId": pool(), "Username": "ada"});
    let first = server.operator("AdminListUserSessions", input.clone()).await.ok();
    assert_eq!(first["Sessions"].as_array().unwrap().len(), 125);
    input["NextToken"] = first["NextToken"].clone();
    let second = server.operator("AdminListUserSessions", input).await.ok();
    let rest = second["Sessions"].as_array().unwrap();
    assert_eq!((rest.len(), second.get("NextToken")), (1, None));
    assert!(!first["Sessions"].as_array().unwrap().contains(&rest[0]));
    let newest = sessions(&ada).await.into_iter().find(|one| one["IsCurrentSession"] == true).unwrap();
    let revoke = json!({"UserPoolId": pool(), "Username": "ada", "SessionId": newest["SessionId"]});
    server.operator("AdminRevokeUserSession", revoke).await.ok();
    assert_eq!(ada.call("GetUser", json!({})).await.outcome(), "NotAuthorizedException");
}
