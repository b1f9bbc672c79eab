//! The wire: dispatch, content types, request IDs, errors, CORS, limits of size, depth and time.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{TestServer, client, pool};

#[tokio::test]
async fn a_modelled_error_has_its_name_and_message_in_headers_and_body() {
    let server = TestServer::start().await;
    let answer = server.call("GetUser", json!({"AccessToken": "nonsense"})).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.text, r#"{"__type":"NotAuthorizedException","message":"Invalid Access Token"}"#);
    assert_eq!(answer.header("x-amzn-errortype"), Some("NotAuthorizedException:"));
    assert_eq!(answer.header("x-amzn-errormessage"), Some("Invalid Access Token"));
    let id = answer.header("x-amzn-requestid").unwrap();
    assert_eq!(id.parse::<uuid::Uuid>().unwrap().to_string(), id);
}

#[tokio::test]
async fn the_answer_repeats_the_requests_json_version() {
    let server = TestServer::start().await;
    for (sent, answered) in [
        ("application/x-amz-json-1.1", "application/x-amz-json-1.1"),
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("text/plain", "application/x-amz-json-1.1"),
    ] {
        let answer = server.post("GetUser", "{}", &[("content-type", sent)]).await;
        assert_eq!(answer.header("content-type"), Some(answered));
    }
}

#[tokio::test]
async fn framework_errors_come_before_the_operation() {
    let server = TestServer::start().await;
    for (body, text) in [
        ("", r#"{"__type":"SerializationException"}"#),
        ("{", r#"{"__type":"SerializationException"}"#),
        ("{} trailing", r#"{"__type":"SerializationException"}"#),
        ("[]", r#"{"__type":"SerializationException","Message":"Expected map or null"}"#),
        (
            r#"{"AccessToken":{}}"#,
            r#"{"__type":"SerializationException","Message":"Start of structure or map found where not expected."}"#,
        ),
        (
            r#"{"AccessToken":true}"#,
            r#"{"__type":"SerializationException","Message":"TRUE_VALUE can not be converted to a String"}"#,
        ),
    ] {
        let answer = server.post("GetUser", body, &[]).await;
        assert_eq!((answer.status, answer.text.as_str()), (400, text), "{body}");
    }
    let answer = server.post("GetUser", vec![0xff, 0xfe, 0x7b], &[]).await;
    assert_eq!(answer.outcome(), "SerializationException");
}

#[tokio::test]
async fn unknown_targets_are_unknown_operations_and_unbuilt_ones_say_so() {
    let server = TestServer::start().await;
    assert_eq!(server.call("Frobnicate", json!({})).await.outcome(), "UnknownOperationException");
    let answer =
        server.http.post(&server.url).header("x-amz-target", "SomeService.GetUser").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let answer = server.http.post(&server.url).body("{}").send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("UnknownOperationException"));
    let refusal = server.operator("CreateIdentityProvider", json!({})).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: The operation CreateIdentityProvider is not supported by Keystead yet. The README lists those that are."
    );
    let answer = server.http.get(format!("{}/nowhere", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.headers().contains_key("x-amzn-requestid"), "every answer names its request");
}

#[tokio::test]
async fn constraint_failures_are_collected() {
    let server = TestServer::start().await;
    let refusal = server.call("InitiateAuth", json!({"ClientId": "?", "AuthFlow": "X"})).await.refused();
    assert!(refusal.starts_with("400 InvalidParameterException: 2 validation errors detected: "), "{refusal}");
    assert!(!refusal.contains("'?'"), "the client ID is sensitive in the model: {refusal}");
    let refusal =
        server.call("ListWebAuthnCredentials", json!({"AccessToken": "a.b.c", "MaxResults": 21})).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: 1 validation error detected: Value '21' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 20"
    );
}

#[tokio::test]
async fn nulls_and_unknown_members_are_as_absent() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let listed = ada
        .call("ListWebAuthnCredentials", json!({"NextToken": null, "MaxResults": null, "Stray": {"a": 1}}))
        .await
        .ok();
    assert_eq!(listed, json!({"Credentials": []}));
}

#[tokio::test]
async fn empty_results_have_no_body_except_for_amplify() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let amplify = [("x-amz-user-agent", "aws-amplify/6.0.0 auth/1")];
    for (headers, body) in [(&[][..], ""), (&amplify[..], "{}")] {
        let id = ada.add_passkey().await;
        let input = json!({"AccessToken": ada.access_token, "CredentialId": id}).to_string();
        let answer = server.post("DeleteWebAuthnCredential", input, headers).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, body));
        ada.authenticator = Default::default();
    }
    // DeleteUser has no output structure at all.
    let answer = server.post("DeleteUser", json!({"AccessToken": ada.access_token}).to_string(), &amplify).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
}

#[tokio::test]
async fn cors_answers_preflights_and_marks_answers_and_errors() {
    let server = TestServer::start().await;
    let preflight = server
        .http
        .request(reqwest::Method::OPTIONS, &server.url)
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-amz-target")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    let header = |name: &str| preflight.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("access-control-allow-headers"), "content-type,x-amz-target");
    assert_eq!(header("access-control-allow-methods"), "POST");
    assert_eq!(header("access-control-max-age"), "172800");
    assert_eq!(header("content-length"), "0");
    assert!(preflight.headers().get("access-control-allow-credentials").is_none());
    let error = server.post("GetUser", "{}", &[("origin", "https://app.example.com")]).await;
    assert_eq!(error.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        error.header("access-control-expose-headers"),
        Some("x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
    );
    let without = server.post("GetUser", "{}", &[]).await;
    assert_eq!(without.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn bodies_over_the_limit_are_413_announced_or_not() {
    let server = TestServer::start().await;
    let body = format!(r#"{{"AccessToken":"{}"}}"#, "a".repeat(10 * 1024 * 1024));
    let answer = server.post("GetUser", body, &[]).await;
    assert_eq!((answer.status, answer.outcome().as_str()), (413, "RequestEntityTooLargeException"));
    let body = format!(r#"{{"AccessToken":"{}"}}"#, "a".repeat(900 * 1024));
    assert_eq!(server.post("GetUser", body, &[]).await.refused(), "400 NotAuthorizedException: Invalid Access Token");
    // Chunked: nothing announces the size.
    let mut stream = connect(&server);
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = "a".repeat(64 * 1024);
    for _ in 0..17 {
        if write!(stream, "10000\r\n{chunk}\r\n").is_err() {
            break;
        }
    }
    assert!(read_all(stream).starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn the_web_acls_size_rule_counts_bodies_of_unknown_length() {
    let server = TestServer::configured(|config| config.web_acl = toml::from_str("body_bytes = 1000").unwrap()).await;
    let mut stream = connect(&server);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\n";
    write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n800\r\n{}\r\n0\r\n\r\n", "a".repeat(0x800)).unwrap();
    assert!(read_all(stream).contains("ForbiddenException"));
}

#[tokio::test]
async fn nesting_is_bounded() {
    let server = TestServer::start().await;
    let nested =
        |depth: usize| format!(r#"{{"AccessToken":"a","Credential":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let deep = server.post("CompleteWebAuthnRegistration", nested(64), &[]).await;
    assert_eq!(deep.refused(), "400 SerializationException: The request is nested too deeply");
    let allowed = server.post("CompleteWebAuthnRegistration", nested(63), &[]).await;
    assert_eq!(allowed.refused(), "400 NotAuthorizedException: Invalid Access Token");
    let hostile = server.post("GetUser", "[".repeat(1_000_000), &[]).await;
    assert_eq!(hostile.refused(), "400 SerializationException: The request is nested too deeply");
}

#[tokio::test]
async fn slow_heads_and_bodies_are_timed_out() {
    let server = TestServer::with(&["--header-timeout-seconds=1", "--body-timeout-seconds=1"]).await;
    let mut half_head = connect(&server);
    write!(half_head, "POST / HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut half_body = connect(&server);
    write!(half_body, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\nContent-Length: 100\r\n\r\n{{").unwrap();
    let (head, body) = tokio::task::spawn_blocking(|| (read_all(half_head), read_all(half_body))).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("RequestTimeoutException"), "{body}");
    assert_eq!(server.call("GetUser", json!({"AccessToken": "a"})).await.status, 400, "the server goes on");
}

#[tokio::test]
async fn whatever_is_sent_gets_a_modelled_answer_and_changes_nothing() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let values = [
        json!(null),
        json!(1e308),
        json!(-1),
        json!(""),
        json!("\u{0}\u{202e}"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"a": {"b": []}}),
        json!(true),
    ];
    let before =
        server.count("users").await + server.count("sessions").await + server.count("webauthn_credentials").await;
    for operation in keystead::operations::SUPPORTED {
        for value in &values {
            for input in [
                value.clone(),
                json!({"AccessToken": value, "CredentialId": value, "ClientId": value, "UserPoolId": value,
                "Username": value, "AuthFlow": value, "Session": value, "Credential": value, "RefreshToken": value, "Token": value}),
            ] {
                let answer = server.call(operation, input).await;
                assert!((400..500).contains(&answer.status), "{operation} {value}: {}", answer.text);
                let body: Value = serde_json::from_str(&answer.text).unwrap();
                assert!(body["__type"].as_str().unwrap().ends_with("Exception"), "{body}");
            }
        }
    }
    assert_eq!(
        server.count("users").await + server.count("sessions").await + server.count("webauthn_credentials").await,
        before
    );
}

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn read_all(mut stream: TcpStream) -> String {
    let mut out = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        out.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&out);
        // An answer that keeps the connection is whole when its body is.
        let length = text
            .to_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        if length.is_some_and(|length: usize| body >= length) {
            break;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[tokio::test]
async fn an_answer_does_not_grow_with_the_number_of_violations() {
    let server = TestServer::start().await;
    let items = vec![json!({}); 100_000];
    let answer = server.call("SignUp", json!({"ClientId": client(), "Username": "x", "UserAttributes": items})).await;
    let text = answer.refused();
    assert!(text.starts_with("400 InvalidParameterException: 100000 validation errors detected: "), "{}", &text[..200]);
    assert!(answer.text.len() < 10_000, "{}", answer.text.len());
    let items = vec!["x y"; 100_000];
    let input = json!({"UserPoolId": pool(), "ClientName": "c", "ReadAttributes": [], "ExplicitAuthFlows": items});
    let answer = server.operator("CreateUserPoolClient", input).await;
    assert!(answer.status == 400 && answer.text.len() < 10_000, "{}", answer.text.len());
}

#[tokio::test]
async fn a_path_that_cannot_name_a_pool_is_not_found() {
    let server = TestServer::start().await;
    for path in ["%00", "a%20b", "us-east-1_nobody"] {
        for document in ["jwks.json", "openid-configuration"] {
            let url = format!("{}/{path}/.well-known/{document}", server.url);
            assert_eq!(server.http.get(url).send().await.unwrap().status(), 404, "{path}");
        }
    }
}

#[tokio::test]
async fn a_secret_in_a_map_is_not_repeated() {
    let server = TestServer::start().await;
    for (operation, parameters, name) in [
        ("InitiateAuth", "AuthParameters", "PASSWORD"),
        ("InitiateAuth", "AuthParameters", "REFRESH_TOKEN"),
        ("RespondToAuthChallenge", "ChallengeResponses", "NEW_PASSWORD"),
    ] {
        let mut input = json!({"ClientId": client(), "AuthFlow": "USER_PASSWORD_AUTH", "ChallengeName": "PASSWORD"});
        input[parameters] = json!({name: "secret".repeat(30_000)});
        let refusal = server.call(operation, input).await;
        assert_eq!(refusal.outcome(), "InvalidParameterException");
        assert!(!refusal.text.contains("secret"), "{name}: {}", &refusal.text[..200]);
    }
}
