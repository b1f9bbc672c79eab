//! Key sets, discovery, health and metrics.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, prelude::*};
use serde_json::{Value, json};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};

use crate::support::{Browser, TestServer, pool};

async fn get(server: &TestServer, path: &str) -> (u16, String) {
    let answer = server.http.get(format!("{}{path}", server.url)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_key_set_has_two_keys_and_no_private_parts() {
    let server = TestServer::start().await;
    let (status, text) = get(&server, &format!("/{}/.well-known/jwks.json", pool())).await;
    let keys: Value = serde_json::from_str(&text).unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!((status, keys.len()), (200, 2));
    for key in keys {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(
            (&key["alg"], &key["e"], &key["kty"], &key["use"]),
            (&json!("RS256"), &json!("AQAB"), &json!("RSA"), &json!("sig"))
        );
        assert_eq!((key["kid"].as_str().unwrap().len(), key["n"].as_str().unwrap().len()), (44, 342));
    }
    assert_eq!(get(&server, "/us-east-1_Nowhere00/.well-known/jwks.json").await.0, 404);
}

#[tokio::test]
async fn discovery_names_the_issuer_and_its_keys() {
    let server = TestServer::start().await;
    let (status, text) = get(&server, &format!("/{}/.well-known/openid-configuration", pool())).await;
    let document: Value = serde_json::from_str(&text.replace(pool(), "POOL")).unwrap();
    assert_eq!(status, 200);
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(document, @r#"
    {
      "authorization_endpoint": "http://localhost:9229/oauth2/authorize",
      "authorization_response_iss_parameter_supported": true,
      "code_challenge_methods_supported": [
        "S256"
      ],
      "end_session_endpoint": "http://localhost:9229/logout",
      "id_token_signing_alg_values_supported": [
        "RS256"
      ],
      "issuer": "http://localhost:9229/POOL",
      "jwks_uri": "http://localhost:9229/POOL/.well-known/jwks.json",
      "request_uri_parameter_supported": false,
      "response_types_supported": [
        "code",
        "token"
      ],
      "revocation_endpoint": "http://localhost:9229/oauth2/revoke",
      "scopes_supported": [
        "openid",
        "email",
        "phone",
        "profile"
      ],
      "subject_types_supported": [
        "public"
      ],
      "token_endpoint": "http://localhost:9229/oauth2/token",
      "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "none"
      ],
      "userinfo_endpoint": "http://localhost:9229/oauth2/userInfo"
    }
    "#) });
}

#[tokio::test]
async fn health_tells_alive_from_ready() {
    let server = TestServer::start().await;
    assert_eq!(get(&server, "/health/live").await, (200, r#"{"status":"live"}"#.into()));
    assert_eq!(get(&server, "/health/ready").await, (200, r#"{"status":"ready"}"#.into()));
    server.sql("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
    let text = server.says_ready(503).await;
    assert!(text.contains("run `keystead migrate`"), "{text}");
    assert_eq!(get(&server, "/health/live").await.0, 200);
    // A health check that restarts what it finds wrong asks for life: no restart migrates a database.
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let health = |args: &[&str]| {
        let output = crate::cli::keystead().args(["health", "--listen", &address]).args(args).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(health(&[]), (true, String::new()));
    let (ready, said) = health(&["--ready"]);
    assert!(!ready && said.contains("run `keystead migrate`"), "{said}");
}

#[tokio::test]
async fn metrics_count_by_operation_and_outcome_and_never_by_callers_texts() {
    let server = TestServer::start().await;
    server.call("GetUser", json!({"AccessToken": "a"})).await;
    server.call("NoSuchThing123", json!({})).await;
    let (status, text) = get(&server, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        text.contains(r#"keystead_requests_total{operation="GetUser",outcome="NotAuthorizedException"} 1"#),
        "{text}"
    );
    assert!(text.contains(r#"keystead_requests_total{operation="unknown",outcome="UnknownOperationException"} 1"#));
    assert!(
        text.contains(r#"keystead_request_seconds_bucket{operation="GetUser""#)
            && text.contains("keystead_database_connections")
    );
    assert!(!text.contains("NoSuchThing123"));
}

#[tokio::test]
async fn documents_are_there_for_who_asks_for_their_head_alone() {
    let server = TestServer::start().await;
    for document in ["jwks.json", "openid-configuration"] {
        let url = format!("{}/{}/.well-known/{document}", server.url, pool());
        let head = server.http.head(&url).send().await.unwrap();
        assert_eq!(head.status().as_u16(), 200, "{document}");
        assert!(head.text().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn documents_can_be_read_by_pages_of_other_origins_and_by_monitors() {
    let server = TestServer::start().await;
    let at = |path: &str| format!("{}{path}", server.url);
    let (keys, discovery) =
        (format!("/{}/.well-known/jwks.json", pool()), format!("/{}/.well-known/openid-configuration", pool()));
    let own = format!("/.well-known/oauth-authorization-server/{}", pool());
    for path in [keys.as_str(), &discovery, &own, "/health/live", "/health/ready"] {
        let head = server.http.head(at(path)).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        let asked = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
        let mut preflight = server.http.request(reqwest::Method::OPTIONS, at(path));
        for (name, value) in asked {
            preflight = preflight.header(name, value);
        }
        let preflight = preflight.send().await.unwrap();
        assert_eq!(
            (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
            (200, &"*".parse().unwrap()),
            "{path}"
        );
    }
    let unknown = server.http.get(at("/us-east-1_Nobody123/.well-known/jwks.json")).send().await.unwrap();
    assert_eq!(
        (unknown.status().as_u16(), &unknown.headers()["access-control-allow-origin"]),
        (404, &"*".parse().unwrap())
    );
    let read = async |path: &str| server.http.get(at(path)).send().await.unwrap().json::<Value>().await.unwrap();
    let metadata = read(&own).await;
    assert_eq!(
        (&metadata, &metadata["issuer"]),
        (&read(&discovery).await, &json!(format!("http://localhost:9229/{}", pool())))
    );
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn browsers_and_passkey_managers_find_the_account_page() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let found = browser.get("/.well-known/change-password").await;
    assert_eq!((found.status, found.location()), (302, "/account"));
    let (status, text) = get(&server, "/.well-known/passkey-endpoints").await;
    let account = "http://localhost:9229/account";
    assert_eq!((status, text), (200, json!({"enroll": account, "manage": account}).to_string()));
}

#[tokio::test]
async fn the_signing_certificate_is_that_of_a_published_key_and_stays_the_same() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool()});
    let answer = server.operator("GetSigningCertificate", input.clone()).await.ok();
    let der = BASE64_STANDARD.decode(answer["Certificate"].as_str().unwrap()).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    let content = certificate.tbs_certificate();
    // It is signed by its own key, which is the second of the key set: that of ID tokens.
    let key = content.subject_public_key_info();
    let signed = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_der().unwrap());
    signed.verify(&content.to_der().unwrap(), certificate.signature().raw_bytes()).unwrap();
    let keys = get(&server, &format!("/{}/.well-known/jwks.json", pool())).await.1;
    let modulus = serde_json::from_str::<Value>(&keys).unwrap()["keys"][1]["n"].as_str().unwrap().to_owned();
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(modulus).unwrap();
    assert!(key.subject_public_key.raw_bytes().windows(modulus.len()).any(|own| own == modulus));
    assert_eq!(content.subject().to_string(), format!("CN={}", pool()));
    let valid = content.validity();
    let time = valid.not_after.to_unix_duration() - valid.not_before.to_unix_duration();
    assert_eq!(time.as_secs() / (24 * 60 * 60), 3650);
    // The next call, and other replicas, give the same.
    server.clock.advance(time::Duration::days(1));
    assert_eq!(server.operator("GetSigningCertificate", input.clone()).await.ok(), answer);
    assert_eq!(server.replica().await.operator("GetSigningCertificate", input).await.ok(), answer);
    let unknown = server.operator("GetSigningCertificate", json!({"UserPoolId": "us-east-1_Nowhere00"})).await;
    assert_eq!(unknown.outcome(), "ResourceNotFoundException");
}
