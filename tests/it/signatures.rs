//! SigV4: what an operator's signature must hold, and what each role may do.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::{TestServer, pool, signed_headers};

const KEY: (&str, &str) = ("AKIATESTTESTTESTTEST", "test-secret-access-key-0123456789abcdefgh");

/// Signs a ListUserPools call, lets `change` spoil it, and sends it.
async fn send(
    server: &TestServer,
    at: SystemTime,
    change: impl FnOnce(&mut Vec<(String, String)>, &mut String),
) -> String {
    let mut body = json!({"MaxResults": 1}).to_string();
    let mut headers = signed_headers(&server.url, "ListUserPools", &body, KEY.0, KEY.1, at);
    change(&mut headers, &mut body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = server.post("ListUserPools", body, &headers).await;
    if answer.status == 200 { "OK".into() } else { format!("{} {}", answer.status, answer.outcome()) }
}

fn set(headers: &mut [(String, String)], name: &str, change: impl Fn(&str) -> String) {
    let header = headers.iter_mut().find(|(header, _)| header == name).expect("the header is there");
    header.1 = change(&header.1);
}

#[tokio::test]
async fn a_good_signature_is_taken_and_every_change_is_refused() {
    let server = TestServer::start().await;
    let now = SystemTime::now();
    assert_eq!(send(&server, now, |_, _| {}).await, "OK");
    let invalid = "403 InvalidSignatureException";
    assert_eq!(send(&server, now, |_, body| *body = json!({"MaxResults": 2}).to_string()).await, invalid);
    let flip =
        |text: &str| if text.ends_with('0') { text.replace("0", "1") } else { format!("{}0", &text[..text.len() - 1]) };
    assert_eq!(send(&server, now, |headers, _| set(headers, "authorization", flip)).await, invalid);
    let region = |text: &str| text.replace("us-east-1", "eu-west-1");
    assert_eq!(send(&server, now, |headers, _| set(headers, "authorization", region)).await, invalid);
    let service = |text: &str| text.replace("cognito-idp", "iam");
    assert_eq!(send(&server, now, |headers, _| set(headers, "authorization", service)).await, invalid);
    let unsigned_target = |text: &str| text.replace(";x-amz-target", "");
    assert_eq!(send(&server, now, |headers, _| set(headers, "authorization", unsigned_target)).await, invalid);
    let unsigned_payload = ("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned());
    assert_eq!(send(&server, now, |headers, _| headers.push(unsigned_payload)).await, invalid);
}

#[tokio::test]
async fn clocks_may_differ_by_five_minutes() {
    let server = TestServer::start().await;
    let now = SystemTime::now();
    for (at, outcome) in [
        (now - Duration::from_secs(280), "OK"),
        (now + Duration::from_secs(280), "OK"),
        (now - Duration::from_secs(320), "403 InvalidSignatureException"),
        (now + Duration::from_secs(320), "403 InvalidSignatureException"),
    ] {
        assert_eq!(send(&server, at, |_, _| {}).await, outcome);
    }
}

#[tokio::test]
async fn missing_and_unknown_keys_are_told_apart() {
    let server = TestServer::start().await;
    assert_eq!(
        server.call("ListUserPools", json!({"MaxResults": 1})).await.refused(),
        "400 MissingAuthenticationTokenException: Missing Authentication Token"
    );
    let unknown = server.operator_with("ListUserPools", json!({"MaxResults": 1}), "AKIAUNKNOWNUNKNOWN", KEY.1).await;
    assert_eq!(
        unknown.refused(),
        "403 UnrecognizedClientException: The security token included in the request is invalid."
    );
    let wrong = server.operator_with("ListUserPools", json!({"MaxResults": 1}), KEY.0, "wrong-secret").await;
    assert_eq!((wrong.status, wrong.outcome().as_str()), (403, "InvalidSignatureException"));
    let now = SystemTime::now();
    let no_date = send(&server, now, |headers, _| headers.retain(|(name, _)| name != "x-amz-date")).await;
    assert_eq!(no_date, "403 IncompleteSignatureException");
    let halves = |text: &str| text.split(", Signature").next().unwrap().to_owned();
    assert_eq!(
        send(&server, now, |headers, _| set(headers, "authorization", halves)).await,
        "403 IncompleteSignatureException"
    );
    assert_eq!(
        send(&server, now, |headers, _| set(headers, "authorization", |_| "Bearer x".into())).await,
        "400 MissingAuthenticationTokenException"
    );
}

#[tokio::test]
async fn a_signature_is_checked_before_the_body_is_read() {
    let server = TestServer::start().await;
    let answer = server.post("CreateUserPool", "not json", &[]).await;
    assert_eq!(answer.outcome(), "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn roles_and_pools_bound_what_a_key_may_do() {
    let server = TestServer::start().await;
    let clock = keystead::clock::SystemClock;
    let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
    let secret = keystead::secret::Secret::from("another-secret-0123456789".to_owned());
    let now = keystead::clock::Clock::now(&clock);
    for (key, role, own) in
        [("AKREAD", "read-only", None), ("AKSUPPORT", "support", None), ("AKPOOL", "administrator", Some(pool()))]
    {
        keystead::store::operators::put(&server.db, &sealing, own, key, &secret, role, now).await.unwrap();
    }
    let ada = server.user("ada").await;
    let calls = [
        ("ListUserPools", json!({"MaxResults": 1})),
        ("AdminGetUser", json!({"UserPoolId": pool(), "Username": ada.username})),
        ("AdminDisableUser", json!({"UserPoolId": pool(), "Username": ada.username})),
        ("UpdateUserPool", json!({"UserPoolId": pool()})),
        ("DescribeUserPool", json!({"UserPoolId": "us-east-1_Elsewhere"})),
    ];
    let mut table = Vec::new();
    for key in ["AKREAD", "AKSUPPORT", "AKPOOL"] {
        for (operation, input) in &calls {
            let answer = server.operator_with(operation, input.clone(), key, "another-secret-0123456789").await;
            table.push(format!("{key} {operation} {}", answer.outcome()));
        }
    }
    assert_eq!(
        table,
        [
            "AKREAD ListUserPools OK",
            "AKREAD AdminGetUser OK",
            "AKREAD AdminDisableUser AccessDeniedException",
            "AKREAD UpdateUserPool AccessDeniedException",
            "AKREAD DescribeUserPool ResourceNotFoundException",
            "AKSUPPORT ListUserPools OK",
            "AKSUPPORT AdminGetUser OK",
            "AKSUPPORT AdminDisableUser OK",
            "AKSUPPORT UpdateUserPool AccessDeniedException",
            "AKSUPPORT DescribeUserPool ResourceNotFoundException",
            "AKPOOL ListUserPools AccessDeniedException",
            "AKPOOL AdminGetUser OK",
            "AKPOOL AdminDisableUser OK",
            "AKPOOL UpdateUserPool OK",
            "AKPOOL DescribeUserPool AccessDeniedException",
        ]
    );
}

#[tokio::test]
async fn a_key_of_one_pool_tags_it_and_calls_no_functions_of_others() {
    let server = TestServer::start().await;
    let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
    let secret = keystead::secret::Secret::from("another-secret-0123456789".to_owned());
    let now = keystead::clock::Clock::now(&keystead::clock::SystemClock);
    let put = keystead::store::operators::put;
    put(&server.db, &sealing, Some(pool()), "AKPOOL", &secret, "administrator", now).await.unwrap();
    let call = async |operation: &str, input: Value| {
        server.operator_with(operation, input, "AKPOOL", "another-secret-0123456789").await.outcome()
    };
    let own = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}", pool());
    let other = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Elsewhere";
    assert_eq!(call("TagResource", json!({"ResourceArn": own, "Tags": {"a": "b"}})).await, "OK");
    assert_eq!(call("TagResource", json!({"ResourceArn": other, "Tags": {"a": "b"}})).await, "AccessDeniedException");
    let functions = json!({"UserMigration": "arn:aws:lambda:us-east-1:123456789012:function:of-others"});
    let update = json!({"UserPoolId": pool(), "LambdaConfig": functions.clone()});
    assert_eq!(call("UpdateUserPool", update.clone()).await, "AccessDeniedException");
    server.operator("UpdateUserPool", update.clone()).await.ok();
    assert_eq!(call("UpdateUserPool", update).await, "OK", "what is there may stay");
    assert_eq!(call("UpdateUserPool", json!({"UserPoolId": pool()})).await, "OK");
    let read = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    assert_eq!(read["UserPool"]["LambdaConfig"], functions, "what is left out stays");
}
