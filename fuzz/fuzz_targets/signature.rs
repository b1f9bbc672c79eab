//! SigV4: no edit of a signed request that changes what it asks for is accepted, and nothing invented is.
#![no_main]

use std::{sync::LazyLock, time::SystemTime};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use keystead::{call::Head, sigv4::Claim};
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

const SECRET: &str = "a-secret-that-no-input-holds";
const BODY: &str = r#"{"MaxResults":10}"#;
const NOW: i64 = 1_800_000_000;

/// A signed request: a header a line, an empty line, the body.
static SIGNED: LazyLock<String> = LazyLock::new(|| {
    let identity = aws_credential_types::Credentials::new("AKIAFUZZ", SECRET, None, None, "fuzz").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("cognito-idp")
        .time(SystemTime::from(now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = [
        ("host", "localhost:9229"),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AWSCognitoIdentityProviderService.ListUserPools"),
    ];
    let request = SignableRequest::new(
        "POST",
        "http://localhost:9229/",
        headers.into_iter(),
        SignableBody::Bytes(BODY.as_bytes()),
    );
    let (instructions, _) = sign(request.unwrap(), &params).unwrap().into_parts();
    let mut text = String::new();
    for (name, value) in headers.into_iter().chain(instructions.headers()) {
        text += &format!("{name}: {value}\n");
    }
    text + "\n" + BODY
});

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

fn head(text: &str) -> Head {
    let headers = text.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Head { method: "POST".into(), uri: "/".into(), headers }
}

fn accepted(head: &Head, body: &str) -> bool {
    Claim::read(head, body.as_bytes(), "us-east-1", now()).is_ok_and(|claim| claim.verify(SECRET).is_ok())
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = keystead_fuzz::kind(data) else { return };
    let bytes = if kind % 2 == 0 { keystead_fuzz::edited(SIGNED.as_bytes(), rest) } else { rest.to_vec() };
    let Ok(text) = String::from_utf8(bytes) else { return };
    let Some((headers, body)) = text.split_once("\n\n") else { return };
    let (original, _) = SIGNED.split_once("\n\n").unwrap();
    let (head, original) = (head(headers), self::head(original));
    assert!(accepted(&original, BODY));
    if accepted(&head, body) {
        assert_eq!(body, BODY);
        for name in ["host", "x-amz-date", "x-amz-target"] {
            let value = |head: &Head| head.get(name).map(|value| value.trim().to_owned());
            assert_eq!(value(&head), value(&original), "{name}");
        }
    }
});
