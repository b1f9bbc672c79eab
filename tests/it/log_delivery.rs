//! Where the log records of pools go.

use serde_json::{Value, json};

use crate::support::{
    PASSWORD, TestServer, eventually,
    functions::{Functions, Reply},
    pool_with, scratch_directory,
};

const GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:shop";
const STREAM: &str = "arn:aws:firehose:us-east-1:123456789012:deliverystream/shop";

fn notifications() -> Value {
    json!({"EventSource": "userNotification", "LogLevel": "ERROR", "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}})
}

fn auth_events() -> Value {
    json!({"EventSource": "userAuthEvents", "LogLevel": "INFO", "FirehoseConfiguration": {"StreamArn": STREAM}})
}

/// A pool that records what its users do, and its client.
async fn pool_of(server: &TestServer) -> (String, String) {
    let members = json!({"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}, "AutoVerifiedAttributes": ["email"]});
    pool_with(server, members, json!({"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}))
        .await
}

async fn set(server: &TestServer, pool: &str, configurations: Value) -> crate::support::Answer {
    let input = json!({"UserPoolId": pool, "LogConfigurations": configurations});
    server.operator("SetLogDeliveryConfiguration", input).await
}

#[tokio::test]
async fn what_users_do_goes_to_the_webhook_in_the_name_of_the_pools_stream() {
    let (receiver, functions) = Functions::start(&[]).await;
    functions.on("logs", |_| Reply::Response(json!({})));
    let config = &receiver.app.config;
    let url = config.trigger_url.as_ref().unwrap().replace("{function}", "logs");
    let secret = config.trigger_secret.as_ref().unwrap().expose();
    let args = [format!("--log-delivery-url={url}"), format!("--log-delivery-secret={secret}")];
    let server = TestServer::with(&args.each_ref().map(String::as_str)).await;
    let (pool, client) = pool_of(&server).await;
    let ada = server.user_in(&pool, "ada").await;
    set(&server, &pool, json!([notifications(), auth_events()])).await.ok();
    assert_eq!(ada.password_sign_in(&client, "wrong-Passw0rd!").await.outcome(), "NotAuthorizedException");
    eventually("the record comes", async || !functions.events("logs").is_empty()).await;
    let bodies = functions.events("logs");
    let [body] = &bodies[..] else { panic!("{bodies:?}") };
    let [record] = &body["records"].as_array().unwrap()[..] else { panic!("{body}") };
    assert_eq!(body["destination"], STREAM);
    assert_eq!(
        (&record["eventSource"], &record["logLevel"], &record["logSourceId"]),
        (&json!("USER_AUTH_EVENTS"), &json!("INFO"), &json!({"userPoolId": pool}))
    );
    let message = &record["message"];
    let sub = server.sql_text(&format!("SELECT sub::text FROM users WHERE user_pool_id = '{pool}'")).await;
    assert_eq!(
        (&message["eventType"], &message["eventResponse"], &message["userSub"]),
        (&json!("SignIn"), &json!("Fail"), &json!(sub))
    );
    assert!(!body.to_string().contains("Passw0rd"), "{body}");
}

#[tokio::test]
async fn a_message_that_is_not_delivered_is_a_line_in_the_file() {
    let file = scratch_directory("records.jsonl");
    let setting = format!("--log-delivery-file={}", file.display());
    // Nobody listens at the port of the mail server.
    let server = TestServer::with(&[&setting, "--smtp-url=smtp://127.0.0.1:1", "--mail-from=post@example.com"]).await;
    let (pool, client) = pool_of(&server).await;
    set(&server, &pool, json!([notifications()])).await.ok();
    let user = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    server.call("SignUp", user).await.ok();
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    eventually("the line comes", async || read().ends_with('\n')).await;
    let text = read();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["destination"], GROUP);
    let record = &line["record"];
    assert_eq!((&record["eventSource"], &record["logLevel"]), (&json!("USER_NOTIFICATION"), &json!("ERROR")));
    assert!(record["message"]["details"].as_str().unwrap().starts_with("message.email: attempt 1 failed: "), "{text}");
    assert!(!text.contains("ada@example.com"), "{text}");
}

#[tokio::test]
async fn the_configuration_is_given_back_and_taken_away() {
    let file = scratch_directory("records.jsonl");
    let server = TestServer::with(&[&format!("--log-delivery-file={}", file.display())]).await;
    let (pool, _) = pool_of(&server).await;
    let named = json!({"UserPoolId": pool});
    let bucket = json!({"EventSource": "userAuthEvents", "LogLevel": "INFO", "S3Configuration": {"BucketArn": "arn:aws:s3:::shop"}});
    for configurations in [json!([]), json!([notifications(), auth_events()]), json!([bucket]), json!([])] {
        let expected = json!({"LogDeliveryConfiguration": {"UserPoolId": pool, "LogConfigurations": configurations}});
        assert_eq!(set(&server, &pool, configurations).await.ok(), expected);
        assert_eq!(server.operator("GetLogDeliveryConfiguration", named.clone()).await.ok(), expected);
    }
    let nowhere = json!({"UserPoolId": "us-east-1_NoSuchOne"});
    assert_eq!(server.operator("GetLogDeliveryConfiguration", nowhere).await.outcome(), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_configuration_that_would_deliver_nothing_is_refused() {
    let file = scratch_directory("records.jsonl");
    let server = TestServer::with(&[&format!("--log-delivery-file={}", file.display())]).await;
    let (pool, _) = pool_of(&server).await;
    let mut informed = notifications();
    informed["LogLevel"] = json!("INFO");
    let mut twice = auth_events();
    twice["CloudWatchLogsConfiguration"] = json!({"LogGroupArn": GROUP});
    for (configurations, why) in [
        (json!([informed]), "userNotification needs the LogLevel ERROR and a CloudWatchLogsConfiguration alone."),
        (json!([twice]), "userAuthEvents needs the LogLevel INFO and one destination."),
        (json!([auth_events(), auth_events()]), "LogConfigurations: each EventSource may have one configuration."),
    ] {
        let refusal = set(&server, &pool, configurations).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {why}"));
    }
    let without = TestServer::start().await;
    let (pool, _) = pool_of(&without).await;
    let refusal = set(&without, &pool, json!([notifications()])).await.refused();
    assert!(refusal.contains("log-delivery-url or log-delivery-file"), "{refusal}");
    set(&without, &pool, json!([])).await.ok();
}

#[tokio::test]
async fn a_key_of_one_pool_does_not_say_where_records_go() {
    let file = scratch_directory("records.jsonl");
    let server = TestServer::with(&[&format!("--log-delivery-file={}", file.display())]).await;
    let (pool, _) = pool_of(&server).await;
    server.key("AKPOOL", "administrator", Some(&pool)).await;
    let input = json!({"UserPoolId": pool, "LogConfigurations": [notifications()]});
    let refusal = server.operator_as("AKPOOL", "SetLogDeliveryConfiguration", input).await.outcome();
    assert_eq!(refusal, "AccessDeniedException");
}
