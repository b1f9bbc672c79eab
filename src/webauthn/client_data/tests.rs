//! Tests of origins that are and are not allowed for a relying party, and of client data with one member spoiled.

use serde_json::{Value, json};

use super::*;

fn allowed(rp_id: &str, origin: &str) -> bool {
    let app_origins = vec!["android:apk-key-hash:abc".to_owned()];
    let related_origins = vec!["https://example.org".to_owned()];
    let rp = RelyingParty { id: rp_id.into(), user_verification_required: false, app_origins, related_origins };
    Url::parse(origin).is_ok_and(|url| origin_allowed(&rp, origin, &url))
}

#[test]
fn origins_fit_the_rp_id() {
    for origin in [
        "https://example.com",
        "https://login.example.com",
        "https://example.com:8443",
        "android:apk-key-hash:abc",
        "https://example.org",
    ] {
        assert!(allowed("example.com", origin), "{origin}");
    }
    for origin in [
        "http://example.com",
        "https://badexample.com",
        "https://example.com.evil.org",
        "https://com",
        "https://www.example.org",
        "http://example.org",
        "https://example.com/path",
        "https://user@example.com",
        "https://example.com:443",
        "android:apk-key-hash:other",
        "ftp://example.com",
        "null",
    ] {
        assert!(!allowed("example.com", origin), "{origin}");
    }
    assert!(allowed("localhost", "http://localhost:3000") && allowed("localhost", "https://localhost"));
    assert!(!allowed("localhost", "http://127.0.0.1") && !allowed("localhost", "http://localhost.example.com"));
}

#[test]
fn http_is_for_localhost_alone() {
    for (rp_id, origin, fits) in [
        ("localhost", "http://app.localhost", true),
        ("localhost", "http://app.localhost:8080", true),
        ("app.localhost", "http://app.localhost", true),
        ("app.localhost", "http://localhost", false),
        ("localhost", "http://notlocalhost", false),
        ("example.com", "http://localhost", false),
        ("example.com", "http://app.localhost", false),
        ("example.com", "http://login.example.com", false),
        ("127.0.0.1", "https://127.0.0.1", false),
        ("[::1]", "http://[::1]", false),
        ("localhost", "ws://localhost", false),
        ("example.com", "https://EXAMPLE.com", false),
        ("example.com", "https://example.com.", false),
    ] {
        assert_eq!(allowed(rp_id, origin), fits, "{rp_id} {origin}");
    }
}

const CHALLENGE: &[u8] = &[0xfb, 0xff, 1];

fn relying_party() -> RelyingParty {
    RelyingParty {
        id: "example.com".into(),
        user_verification_required: false,
        app_origins: vec!["android:apk-key-hash:abc".into()],
        related_origins: Vec::new(),
    }
}

/// Checks good client data after replacing these members of it. A member that is `null` is removed.
fn checked(members: Value) -> Result<(), Error> {
    let mut data = json!({"type": "webauthn.get", "challenge": "-_8B", "origin": "https://example.com"});
    for (name, value) in members.as_object().unwrap() {
        data[name] = value.clone();
    }
    data.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    check(&relying_party(), data.to_string().as_bytes(), "webauthn.get", CHALLENGE)
}

#[test]
fn good_client_data_is_accepted() {
    for members in [
        json!({}),
        json!({"crossOrigin": false}),
        json!({"tokenBinding": {"status": "supported"}, "other_keys_can_be_added_here": 1}),
        json!({"origin": "https://login.example.com:8443"}),
        json!({"origin": "android:apk-key-hash:abc"}),
    ] {
        assert_eq!(checked(members.clone()), Ok(()), "{members}");
    }
}

#[test]
fn each_spoiled_member_of_client_data_gives_its_error() {
    let malformed = |text: &str| Error::Malformed(text.into());
    let (no_data, other_type) = ("clientDataJSON is not client data", "the client data's type is not webauthn.get");
    let origin = |text: &str| Error::Origin(text.into());
    for (members, error) in [
        (json!({"type": "webauthn.create"}), malformed(other_type)),
        (json!({"type": ""}), malformed(other_type)),
        (json!({"type": null}), malformed(no_data)),
        (json!({"challenge": "-_8C"}), Error::Challenge),
        (json!({"challenge": "-_8"}), Error::Challenge),
        (json!({"challenge": ""}), Error::Challenge),
        // These are the same bytes in standard base64, and in base64url with a superfluous padding character.
        (json!({"challenge": "+/8B"}), Error::Challenge),
        (json!({"challenge": "-_8B="}), Error::Challenge),
        (json!({"challenge": null}), malformed(no_data)),
        (json!({"origin": "https://evil.example"}), origin("https://evil.example")),
        (json!({"origin": "example.com"}), origin("example.com")),
        (json!({"origin": ""}), origin("")),
        (json!({"origin": null}), malformed(no_data)),
        (json!({"crossOrigin": true}), origin("https://example.com (framed by another origin)")),
        (json!({"crossOrigin": "true"}), malformed(no_data)),
        (json!({"topOrigin": "https://example.com"}), origin("https://example.com (framed by https://example.com)")),
        (json!({"topOrigin": ""}), origin("https://example.com (framed by )")),
    ] {
        assert_eq!(checked(members.clone()), Err(error), "{members}");
    }
    let not_text = json!({"type": "webauthn.get", "challenge": "-_8B", "origin": "https://example.com", "other": "?"});
    let not_text: Vec<_> = not_text.to_string().bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
    let refused = check(&relying_party(), &not_text, "webauthn.get", CHALLENGE);
    assert_eq!(refused, Err(malformed(no_data)), "bytes that are not UTF-8");
    for json in ["", "{", "[]", "null", "\u{feff}{}"] {
        let refused = check(&relying_party(), json.as_bytes(), "webauthn.get", CHALLENGE);
        assert_eq!(refused, Err(malformed(no_data)), "{json:?}");
    }
}
