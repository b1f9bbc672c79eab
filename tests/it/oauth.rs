//! OAuth 2.0 and OpenID Connect: every parameter of the endpoints, and what codes and tokens are worth (docs/cognito.md 7).

use base64::{Engine, prelude::*};
use keystead::clock::Clock;
use serde_json::{Value, json};

use crate::support::{
    Browser, CALLBACK, PASSWORD, Shown, TestServer, all, claims, eventually,
    functions::{Functions, Reply, arn},
    initiate, pages_client, pool, pool_with, second_client,
};

const VERIFIER: &str = "a-verifier-of-this-test-with-more-than-43-characters";

fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(keystead::sealing::sha256(VERIFIER.as_bytes()))
}

/// The query of an authorization request, with some parameters in place of the usual ones.
fn query(change: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("response_type", "code"),
        ("client_id", pages_client()),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "a state & more"),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in usual.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name)).chain(change) {
        if *value != "-" {
            out.append_pair(name, value);
        }
    }
    out.finish()
}

fn authorize(change: &[(&str, &str)]) -> String {
    format!("/oauth2/authorize?{}", query(change))
}

/// Exchanges a code as the client of the pages does.
async fn exchange(browser: &mut Browser, code: &str, change: &[(&str, &str)]) -> Shown {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", pages_client()),
        ("redirect_uri", CALLBACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    let kept = usual.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name));
    let fields: Vec<_> = kept.chain(change).filter(|(_, value)| *value != "-").copied().collect();
    browser.post("/oauth2/token", &fields).await
}

/// A browser in which a new user of this name signed in, and the code that the application got.
async fn signed_in(server: &TestServer, username: &str) -> (Browser, String) {
    server.user(username).await;
    let mut browser = Browser::new(server);
    let back = browser.sign_in(&authorize(&[]), username).await;
    let code = back.sent("code").unwrap_or_else(|| panic!("{} {}", back.status, back.text));
    (browser, code)
}

#[tokio::test]
async fn a_code_gives_the_documented_tokens() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let answer = exchange(&mut browser, &code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let access = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(access["scope"], "openid email");
    assert_eq!((&access["version"], &access["token_use"]), (&json!(2), &json!("access")));
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["nonce"], &id["aud"]), (&json!("n-1"), &json!(pages_client())));
    assert_eq!(id["cognito:username"], "ada");
    let hash = keystead::sealing::sha256(tokens["access_token"].as_str().unwrap().as_bytes());
    assert_eq!(id["at_hash"], BASE64_URL_SAFE_NO_PAD.encode(&hash[..16]));
    assert_eq!(id["origin_jti"], access["origin_jti"]);
}

#[tokio::test]
async fn the_state_comes_back_as_it_was_sent() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let back = browser.sign_in(&authorize(&[]), "ada").await;
    assert_eq!(back.status, 200, "a page that goes on by itself");
    assert_eq!(back.sent("state").as_deref(), Some("a state & more"));
    assert_eq!(back.sent("iss"), Some(format!("http://localhost:9229/{}", pool())), "RFC 9207");
    assert!(back.location().starts_with(&format!("{CALLBACK}?code=")), "{}", back.location());
    let mut again = browser.clone();
    let other = authorize(&[("redirect_uri", "http://localhost:3000/other?a=1"), ("state", "-")]);
    let back = again.get(&other).await;
    assert!(back.location().starts_with("http://localhost:3000/other?a=1&code="), "{}", back.location());
    assert_eq!(back.sent("state"), None);
    let back = again.get(&authorize(&[("redirect_uri", "app.example:/done")])).await;
    assert!(back.location().starts_with("app.example:/done?code="), "{}", back.location());
}

#[tokio::test]
async fn an_application_on_a_desktop_gets_its_port_from_the_system() {
    let server = TestServer::start().await;
    let callbacks = ["http://127.0.0.1:1/done", "http://[::1]/", "http://localhost:4000/done"];
    let settings = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": callbacks});
    let (pool, client) = pool_with(&server, json!({}), settings).await;
    server.user_in(&pool, "ada").await;
    let at = |uri: &str| {
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        format!("/oauth2/authorize?response_type=code&client_id={client}&redirect_uri={uri}")
    };
    let mut browser = Browser::new(&server);
    let mut code = String::new();
    for uri in ["http://127.0.0.1:51234/done", "http://127.0.0.1/done", "http://[::1]:51234/"] {
        let back = match code.is_empty() {
            true => browser.sign_in(&at(uri), "ada").await,
            false => browser.get(&at(uri)).await,
        };
        assert!(back.location().starts_with(&format!("{uri}?code=")), "{uri}: {} {}", back.status, back.text);
        code = back.sent("code").unwrap();
    }
    for uri in [
        "http://localhost:4001/done",
        "http://127.0.0.1:51234/other",
        "http://127.0.0.1:65536/done",
        "http://127.0.0.1:51234@evil.example/done",
        "http://127.0.0.1.evil.example/done",
        "https://127.0.0.1:51234/done",
    ] {
        let refused = browser.get(&at(uri)).await;
        assert_eq!((refused.status, refused.headers.get("location")), (400, None), "{uri}");
    }
    // The code is bound to the URI of its own request, port and all.
    let fields = [("grant_type", "authorization_code"), ("client_id", client.as_str()), ("code", code.as_str())];
    let other = [&fields[..], &[("redirect_uri", "http://[::1]:51235/")]].concat();
    assert_eq!(browser.post("/oauth2/token", &other).await.json()["error"], "unauthorized_client");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_application() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    for (change, error) in [
        (("response_type", "-"), "invalid_request"),
        (("response_type", ""), "invalid_request"),
        (("response_type", "id_token"), "invalid_request"),
        (("response_type", "code token"), "invalid_request"),
        (("scope", "openid admin"), "invalid_scope"),
        (("scope", "email"), "invalid_scope"),
        (("scope", "openid\u{0}"), "invalid_request"),
        (("nonce", "a\u{0}b"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", "-"), "invalid_request"),
        (("code_challenge", "-"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "create"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("identity_provider", "Google"), "invalid_request"),
        (("idp_identifier", "example.com"), "invalid_request"),
        (("resource", "https://nowhere.example"), "invalid_request"),
        (("response_mode", "form_post"), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("nonce", &"x".repeat(5_000)), "invalid_request"),
        (("request", "x.y.z"), "request_not_supported"),
        (("request_uri", "https://example.com"), "request_uri_not_supported"),
        (("registration", "{}"), "registration_not_supported"),
    ] {
        let back = browser.get(&authorize(&[change])).await;
        assert_eq!(back.status, 302, "{change:?} {}", back.text);
        assert!(back.location().starts_with(CALLBACK), "{change:?} {}", back.location());
        assert_eq!(back.sent("error").as_deref(), Some(error), "{change:?} {}", back.location());
        assert_eq!(back.sent("state").as_deref(), Some("a state & more"), "{change:?}");
        assert!(back.sent("error_description").is_some(), "{change:?}");
        // The sign-in page says the same.
        if change.0 != "prompt" {
            assert_eq!(
                browser.get(&format!("/login?{}", query(&[change]))).await.sent("error").as_deref(),
                Some(error)
            );
        }
    }
    let back = browser
        .get(&authorize(&[
            ("response_type", "token"),
            ("scope", "nothing"),
            ("code_challenge", "-"),
            ("code_challenge_method", "-"),
        ]))
        .await;
    assert!(back.location().starts_with(&format!("{CALLBACK}#error=invalid_scope")), "{}", back.location());
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let near = [
        "-",
        "",
        "http://localhost:3000/callback/",
        "http://localhost:3000/callback?x=1",
        "http://localhost:3000/callbac",
        "http://LOCALHOST:3000/callback",
        "http://localhost:3000/callback#x",
        "http://localhost:3000/../callback",
        "https://localhost:3000/callback",
        "http://localhost:3000@evil.example/callback",
        "//evil.example",
        "javascript:alert(1)",
    ];
    for uri in near {
        for page in ["/oauth2/authorize", "/login", "/signup", "/forgot", "/passkeys/add", "/account"] {
            // Without an application's request these two are the person's own.
            if uri == "-" && ["/passkeys/add", "/account"].contains(&page) {
                continue;
            }
            let shown = browser.get(&format!("{page}?{}", query(&[("redirect_uri", uri)]))).await;
            assert_eq!((shown.status, shown.location()), (400, ""), "{page} {uri}");
            assert_eq!(shown.heading(), "We can’t continue signing you in");
        }
    }
    let twice = format!("{}&redirect_uri=http%3A%2F%2Fevil.example", authorize(&[]));
    assert_eq!(browser.get(&twice).await.status, 400);
    for client in ["-", "", "nobody", "a\u{0}b", &"x".repeat(300)] {
        let shown = browser.get(&authorize(&[("client_id", client)])).await;
        assert_eq!((shown.status, shown.location()), (400, ""), "{client}");
    }
}

#[tokio::test]
async fn a_client_without_the_flow_is_told_so() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let no_code = [("response_type", "token"), ("code_challenge", "-"), ("code_challenge_method", "-")];
    let code = [("response_type", "code"), ("state", "s"), ("nonce", "n")];
    for (flow, change) in [("implicit", code), ("code", no_code)] {
        let settings = json!({"UserPoolId": pool(), "ClientName": flow, "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": [flow], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
        let made = server.operator("CreateUserPoolClient", settings).await.ok();
        let client = made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
        let mut browser = Browser::new(&server);
        browser.sign_in(&format!("/login?client_id={client}"), "ada").await;
        let change: Vec<_> = change.into_iter().chain([("client_id", client.as_str()), ("scope", "openid")]).collect();
        let back = browser.get(&authorize(&change)).await;
        assert_eq!(back.sent("error").as_deref(), Some("unauthorized_client"), "a client of {flow}");
        assert_eq!((back.sent("access_token"), back.sent("code")), (None, None));
    }
}

#[tokio::test]
async fn what_fails_after_the_sign_in_is_told_to_the_application() {
    let (server, functions) = Functions::start(&[]).await;
    server.user("ada").await;
    let config = json!({"PreTokenGeneration": arn("f")});
    server.operator("UpdateUserPool", json!({"UserPoolId": pool(), "LambdaConfig": config})).await.ok();
    let no_code = [("response_type", "token"), ("code_challenge", "-"), ("code_challenge_method", "-")];
    for (reply, error) in [
        (Reply::Throw("no"), "invalid_request"),
        (Reply::Raw(500, "{}"), "server_error"),
        (Reply::Raw(200, "garbage"), "server_error"),
    ] {
        functions.on("f", move |_| reply.clone());
        let mut browser = Browser::new(&server);
        let back = browser.sign_in(&authorize(&no_code), "ada").await;
        assert_eq!(back.sent("error").as_deref(), Some(error));
        assert_eq!(back.sent("state").as_deref(), Some("a state & more"));
        assert_eq!(server.count("sessions WHERE NOT browser AND revoked_at IS NULL").await, 0);
        let change: Vec<_> = no_code.into_iter().chain([("prompt", "none")]).collect();
        let back = browser.get(&authorize(&change)).await;
        assert_eq!(back.sent("error").as_deref(), Some(error), "with prompt=none");
    }
}

#[tokio::test]
async fn another_clients_refresh_token_is_not_revoked() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let revoke = [("token", refresh), ("client_id", crate::support::client())];
    let answer = browser.post("/oauth2/revoke", &revoke).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""), "as for a token that nobody knows");
    let again = [("grant_type", "refresh_token"), ("client_id", pages_client()), ("refresh_token", refresh)];
    assert_eq!(browser.post("/oauth2/token", &again).await.status, 200);
}

#[tokio::test]
async fn the_implicit_flow_gives_tokens_in_the_fragment() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let no_code = [("response_type", "token"), ("code_challenge", "-"), ("code_challenge_method", "-")];
    let back = browser.sign_in(&authorize(&no_code), "ada").await;
    assert!(back.location().starts_with(&format!("{CALLBACK}#access_token=")), "{}", back.location());
    assert_eq!(claims(&back.sent("access_token").unwrap())["scope"], "openid email");
    assert_eq!(claims(&back.sent("id_token").unwrap())["nonce"], "n-1");
    assert_eq!(back.sent("token_type").as_deref(), Some("bearer"));
    assert_eq!(back.sent("expires_in").as_deref(), Some("3600"));
    assert_eq!((back.sent("refresh_token"), back.sent("code")), (None, None));
    assert!(back.sent("state").is_some());
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    server.clock.advance(time::Duration::seconds(11));
    let again = exchange(&mut browser, &code, &[]).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let refused = browser
        .post(
            "/oauth2/token",
            &[("grant_type", "refresh_token"), ("client_id", pages_client()), ("refresh_token", refresh)],
        )
        .await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    exchange(&mut browser, &code, &[]).await;
    let noted = "audit_events WHERE event = 'authorization_code.replayed' AND actor = 'service' AND sub IS NOT NULL";
    assert_eq!(server.count(noted).await, 1, "of what it ended");
    browser.headers.push(("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap())));
    assert_eq!(browser.get("/oauth2/userInfo").await.status, 401);
}

#[tokio::test]
async fn a_code_that_its_application_sends_twice_at_once_ends_nothing() {
    let server = TestServer::start().await;
    let live = "sessions WHERE browser_session IS NOT NULL AND revoked_at IS NULL";
    let (mut browser, code) = signed_in(&server, "ada").await;
    exchange(&mut browser, &code, &[]).await.json();
    server.clock.advance(time::Duration::seconds(9));
    let again = exchange(&mut browser, &code, &[]).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(server.count(live).await, 1);
    // Whoever lacks the verifier, or sends another redirect URI, has stolen the code.
    for wrong in [("code_verifier", "-"), ("code_verifier", "x"), ("redirect_uri", "https://example.com/")] {
        let code = browser.clone().get(&authorize(&[])).await.sent("code").unwrap();
        exchange(&mut browser, &code, &[]).await.json();
        assert_eq!(server.count(live).await, 2);
        assert_eq!(exchange(&mut browser, &code, &[wrong]).await.status, 400);
        assert_eq!(server.count(live).await, 1, "{wrong:?}");
    }
    // Without PKCE, a thief needs nothing but the code.
    let plain = [("code_challenge", "-"), ("code_challenge_method", "-")];
    let code = browser.clone().get(&authorize(&plain)).await.sent("code").unwrap();
    exchange(&mut browser, &code, &[("code_verifier", "-")]).await.json();
    exchange(&mut browser, &code, &[("code_verifier", "-")]).await;
    assert_eq!(server.count(live).await, 1);
}

#[tokio::test]
async fn of_many_that_exchange_one_code_at_most_one_gets_tokens() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let (browser, _) = signed_in(&server, "ada").await;
    for live in 1..=20 {
        let code = browser.clone().get(&authorize(&[])).await.sent("code").unwrap();
        let tries = (0..8).map(|n| {
            let mut browser = browser.clone();
            browser.url = if n % 2 == 0 { server.url.clone() } else { other.url.clone() };
            let code = code.clone();
            async move { exchange(&mut browser, &code, &[]).await.status }
        });
        let statuses = all(tries).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        // The others were second uses by the same application, which end nothing.
        assert_eq!(server.count("sessions WHERE browser_session IS NOT NULL AND revoked_at IS NULL").await, live);
    }
}

#[tokio::test]
async fn a_code_is_good_for_five_minutes() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let later = browser.get(&authorize(&[])).await.sent("code").unwrap();
    server.clock.advance(time::Duration::seconds(299));
    assert_eq!(exchange(&mut browser, &code, &[]).await.status, 200);
    server.clock.advance(time::Duration::seconds(2));
    let late = exchange(&mut browser, &later, &[]).await;
    assert_eq!((late.status, &late.json()["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_code_is_bound_to_its_client_its_address_and_its_verifier() {
    let server = TestServer::start().await;
    let (browser, _) = signed_in(&server, "ada").await;
    let settings = json!({"UserPoolId": pool(), "ClientName": "other", "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let made = server.operator("CreateUserPoolClient", settings).await.ok();
    let other = made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    for (change, error, description) in [
        (("client_id", other.as_str()), "invalid_grant", ""),
        (("redirect_uri", "http://localhost:3000/other?a=1"), "unauthorized_client", "invalid_redirect"),
        (("redirect_uri", "-"), "unauthorized_client", "invalid_redirect"),
        (("code_verifier", "-"), "invalid_grant", ""),
        (("code_verifier", "another-verifier-that-has-more-than-43-characters"), "invalid_grant", ""),
    ] {
        let mut browser = browser.clone();
        let code = browser.get(&authorize(&[])).await.sent("code").unwrap();
        let refused = exchange(&mut browser, &code, &[change]).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(error)), "{change:?}");
        if !description.is_empty() {
            assert_eq!(refused.json()["error_description"], description);
        }
        // Whoever guessed wrong does not guess again; another client's mistake costs nothing.
        let again = exchange(&mut browser, &code, &[]).await.status;
        assert_eq!(again, if change.0 == "client_id" { 200 } else { 400 }, "{change:?}");
    }
    let mut browser = browser.clone();
    let plain = authorize(&[("code_challenge", "-"), ("code_challenge_method", "-")]);
    let code = browser.get(&plain).await.sent("code").unwrap();
    assert_eq!(
        exchange(&mut browser, &code, &[]).await.json()["error"],
        "invalid_grant",
        "a verifier that was not asked for"
    );
    let code = browser.get(&plain).await.sent("code").unwrap();
    assert_eq!(exchange(&mut browser, &code, &[("code_verifier", "-")]).await.status, 200);
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_the_person_may_not_sign_in() {
    let server = TestServer::start().await;
    for (n, operation) in
        ["AdminDisableUser", "AdminUserGlobalSignOut", "AdminDeleteUser", "AdminResetUserPassword"].iter().enumerate()
    {
        let name = format!("u{n}");
        let (mut browser, code) = signed_in(&server, &name).await;
        if *operation == "AdminResetUserPassword" {
            server.sql("UPDATE users SET status = 'RESET_REQUIRED' WHERE username = 'u3'").await;
        } else {
            server.operator(operation, json!({"UserPoolId": pool(), "Username": name})).await.ok();
        }
        let refused = exchange(&mut browser, &code, &[]).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")), "{operation}");
        // And the browser is not signed in any more.
        assert!(browser.get(&authorize(&[])).await.location().starts_with("/login?"), "{operation}");
    }
}

#[tokio::test]
async fn bad_requests_to_the_token_endpoint_have_their_errors() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let client = pages_client();
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "invalid_request"),
        (&[("client_id", client)], "invalid_request"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("client_id", client), ("grant_type", "password")], "unsupported_grant_type"),
        (&[("client_id", client), ("grant_type", "authorization_code")], "invalid_request"),
        (&[("client_id", client), ("grant_type", "authorization_code"), ("code", "x")], "invalid_grant"),
        (&[("client_id", client), ("grant_type", "refresh_token")], "invalid_request"),
        (&[("client_id", client), ("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
        (&[("client_id", client), ("grant_type", "client_credentials")], "unauthorized_client"),
        (&[("client_id", "nobody"), ("grant_type", "authorization_code"), ("code", "x")], "invalid_client"),
        (&[("client_id", client), ("client_secret", "x"), ("grant_type", "refresh_token")], "invalid_client"),
        (&[("client_id", client), ("client_id", client), ("grant_type", "refresh_token")], "invalid_request"),
        (&[("client_id", client), ("grant_type", "refresh_token"), ("refresh_token", "a\u{0}")], "invalid_request"),
        (&[("client_id", client), ("grant_type", "refresh_token"), ("aws_client_metadata", "[]")], "invalid_request"),
    ];
    for (fields, error) in cases {
        let refused = browser.post("/oauth2/token", fields).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(error)), "{fields:?}");
        assert!(refused.headers.contains_key("x-amz-cognito-request-id"));
    }
    browser.headers.push(("authorization", "Basic %%%".into()));
    assert_eq!(
        browser.post("/oauth2/token", &[("grant_type", "refresh_token")]).await.json()["error"],
        "invalid_client"
    );
    assert_eq!(browser.get("/oauth2/token").await.status, 405);
}

/// A confidential client, its secret, and the resource server whose scopes it may have.
async fn machine(server: &TestServer) -> (String, String) {
    let scopes =
        json!([{"ScopeName": "read", "ScopeDescription": "r"}, {"ScopeName": "write", "ScopeDescription": "w"}]);
    let api = json!({"UserPoolId": pool(), "Identifier": "https://api.example", "Name": "api", "Scopes": scopes});
    server.operator("CreateResourceServer", api).await.ok();
    let settings = json!({"UserPoolId": pool(), "ClientName": "machine", "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["https://api.example/read"]});
    let made = server.operator("CreateUserPoolClient", settings).await.ok();
    let text = |member: &str| made["UserPoolClient"][member].as_str().unwrap().to_owned();
    (text("ClientId"), text("ClientSecret"))
}

#[tokio::test]
async fn a_machine_gets_the_scopes_it_may_have_and_nothing_of_a_person() {
    let server = TestServer::start().await;
    let (id, secret) = machine(&server).await;
    let mut browser = Browser::new(&server);
    let grant = ("grant_type", "client_credentials");
    let by_post = [grant, ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let by_query = format!("/oauth2/token?grant_type=client_credentials&client_id={id}&client_secret=wrong");
    let answer = browser.post(&by_query, &[("client_secret", secret.as_str())]).await;
    assert_eq!(answer.status, 200, "the form comes before the query: {}", answer.text);
    let answer = browser.post("/oauth2/token", &by_post).await.json();
    assert_eq!((&answer["id_token"], &answer["refresh_token"]), (&Value::Null, &Value::Null));
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let claims = claims(&token);
    assert_eq!((&claims["scope"], &claims["sub"]), (&json!("https://api.example/read"), &json!(id)));
    // It opens no account.
    browser.headers.push(("authorization", format!("Bearer {token}")));
    assert_eq!(browser.get("/oauth2/userInfo").await.status, 401);
    let refused = server.call("GetUser", json!({"AccessToken": token})).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Invalid Access Token");
    // The other way to prove oneself; and the wrong ones.
    let basic = |secret: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
    browser.headers = vec![("authorization", basic(&secret))];
    let asked = [grant, ("scope", "https://api.example/read"), ("resource", "https://api.example")];
    let answer = browser.post("/oauth2/token", &asked).await;
    assert_eq!(crate::oauth::claims(answer.json()["access_token"].as_str().unwrap())["aud"], "https://api.example");
    let refused = browser.post("/oauth2/token", &[grant, ("scope", "https://api.example/write")]).await;
    assert_eq!(refused.json()["error"], "invalid_scope");
    let refused = browser.post("/oauth2/token", &[grant, ("resource", "https://other.example")]).await;
    assert_eq!(refused.json()["error"], "invalid_request");
    let other = json!({"UserPoolId": pool(), "Identifier": "https://api.example.org", "Name": "other"});
    server.operator("CreateResourceServer", other).await.ok();
    let refused = browser.post("/oauth2/token", &[grant, ("resource", "https://api.example.org")]).await;
    assert_eq!(refused.json()["error"], "invalid_target", "none of its scopes is granted");
    let both = browser.post("/oauth2/token", &[grant, ("client_id", &id), ("client_secret", &secret)]).await;
    assert_eq!(both.json()["error"], "invalid_request");
    browser.headers = vec![("authorization", basic("wrong"))];
    assert_eq!(browser.post("/oauth2/token", &[grant]).await.json()["error"], "invalid_client");
    browser.headers.clear();
    let without = browser.post("/oauth2/token", &[grant, ("client_id", &id)]).await;
    assert_eq!(without.json()["error"], "invalid_client");
}

#[tokio::test]
async fn a_refreshed_session_keeps_its_scope() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let admin = authorize(&[("scope", "aws.cognito.signin.user.admin"), ("nonce", "-")]);
    let code = browser.sign_in(&admin, "ada").await.sent("code").unwrap();
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    assert_eq!(tokens["id_token"], Value::Null, "openid was not granted");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", pages_client()), ("refresh_token", refresh)];
    let refreshed = browser.post("/oauth2/token", &fields).await.json();
    let access = refreshed["access_token"].as_str().unwrap();
    assert_eq!(claims(access)["scope"], "aws.cognito.signin.user.admin");
    assert_eq!((&refreshed["id_token"], &refreshed["refresh_token"]), (&Value::Null, &Value::Null));
    // Less may be asked for, and not more.
    let wide = [fields[0], fields[1], fields[2], ("scope", "openid")];
    assert_eq!(browser.post("/oauth2/token", &wide).await.json()["error"], "invalid_grant");
    // With that scope, and only with it, the token opens the API.
    server.call("GetUser", json!({"AccessToken": access})).await.ok();
    let code = browser.get(&authorize(&[])).await.sent("code").unwrap();
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let refused = server.call("GetUser", json!({"AccessToken": tokens["access_token"]})).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Access Token does not have required scopes");
}

#[tokio::test]
async fn a_browsers_cookie_is_no_refresh_token_and_a_refresh_token_no_cookie() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let name = format!("keystead-{}", pool());
    let cookie = browser.cookies[&name].clone();
    let fields = [("grant_type", "refresh_token"), ("client_id", pages_client()), ("refresh_token", cookie.as_str())];
    assert_eq!(browser.post("/oauth2/token", &fields).await.json()["error"], "invalid_grant");
    let refused =
        server.call("GetTokensFromRefreshToken", json!({"ClientId": pages_client(), "RefreshToken": cookie})).await;
    assert_eq!(refused.outcome(), "NotAuthorizedException");
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let mut thief = Browser::new(&server);
    thief.cookies.insert(name, tokens["refresh_token"].as_str().unwrap().into());
    assert!(thief.get(&authorize(&[])).await.location().starts_with("/login?"));
}

#[tokio::test]
async fn user_info_says_what_was_granted() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let attributes = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"},
        {"Name": "phone_number", "Value": "+15550100"}, {"Name": "given_name", "Value": "Ada"}]);
    let input = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": attributes});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let mut browser = Browser::new(&server);
    browser.sign_in(&authorize(&[]), "ada").await;
    for (scope, expected) in [
        ("openid email", json!({"email": "ada@example.com", "email_verified": "true"})),
        ("openid phone", json!({"phone_number": "+15550100", "phone_number_verified": "false"})),
        (
            "openid profile",
            json!({"email": "ada@example.com", "email_verified": "true", "phone_number": "+15550100",
            "phone_number_verified": "false", "given_name": "Ada"}),
        ),
        (
            "openid",
            json!({"email": "ada@example.com", "email_verified": "true", "phone_number": "+15550100",
            "phone_number_verified": "false", "given_name": "Ada"}),
        ),
    ] {
        let code = browser.get(&authorize(&[("scope", scope)])).await.sent("code").unwrap();
        let tokens = exchange(&mut browser, &code, &[]).await.json();
        let mut application = Browser::new(&server);
        application.headers.push(("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap())));
        let mut shown = application.get("/oauth2/userInfo").await.json();
        assert_eq!((&shown["sub"], &shown["username"]), (&json!(ada.sub), &json!("ada")), "{scope}");
        shown.as_object_mut().unwrap().retain(|name, _| name != "sub" && name != "username");
        let expected = match shown.get("phone_number_verified") {
            Some(_) => expected,
            None => {
                let mut expected = expected;
                expected.as_object_mut().unwrap().remove("phone_number_verified");
                expected
            }
        };
        assert_eq!(shown, expected, "{scope}");
        // The ID token has the same, with booleans.
        let id = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id.get("given_name").is_some(), expected.get("given_name").is_some(), "{scope}");
        assert!(id.get("email_verified").is_none_or(Value::is_boolean));
    }
}

#[tokio::test]
async fn user_info_does_not_wait_among_strangers() {
    let server = TestServer::with(&["--max-requests-in-flight=1", "--max-requests-waiting=4"]).await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let mut application = Browser::new(&server);
    application.headers.push(("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap())));
    assert_eq!(application.get("/oauth2/userInfo").await.status, 200);
    let seat = |n: u8| server.app.admission.seat(format!("203.{n}.0.1").parse().unwrap(), "GetUser");
    let answered = seat(0);
    answered.clone().scope(keystead::admission::sit()).await.unwrap();
    let strangers: Vec<_> = (1..=4).map(|n| tokio::spawn(seat(n).scope(keystead::admission::sit()))).collect();
    eventually("all of them wait", async || server.app.admission.waiting() == 4).await;
    let asked = tokio::spawn(async move { application.get("/oauth2/userInfo").await.status });
    let moved = async || asked.is_finished() || strangers.iter().any(|one| one.is_finished());
    eventually("nobody gives way", moved).await;
    drop(answered);
    assert_eq!(asked.await.unwrap(), 200);
}

#[tokio::test]
async fn user_info_refuses_as_documented() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let mut application = Browser::new(&server);
    let missing = application.get("/oauth2/userInfo").await;
    assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_request")));
    assert!(missing.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_request\""));
    let expired = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
    let api = server.user("eve").await.password_sign_in(crate::support::client(), PASSWORD).await.ok();
    let api = api["AuthenticationResult"]["AccessToken"].as_str().unwrap().to_owned();
    for (bearer, description) in [
        ("x", expired),
        (tokens["id_token"].as_str().unwrap(), expired),
        (&format!("{}x", &token[..token.len() - 3]), expired),
        (&api, "Access token does not contain openid scope"),
    ] {
        application.headers = vec![("authorization", format!("Bearer {bearer}"))];
        let refused = application.get("/oauth2/userInfo").await;
        assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_token")));
        assert_eq!(refused.json()["error_description"], description);
        assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
    }
    application.headers = vec![("authorization", format!("bearer {token}"))];
    assert_eq!(application.get("/oauth2/userInfo").await.status, 200);
    server.operator("AdminUserGlobalSignOut", json!({"UserPoolId": pool(), "Username": "ada"})).await.ok();
    assert_eq!(application.get("/oauth2/userInfo").await.status, 401);
    server.clock.advance(time::Duration::hours(2));
    assert_eq!(application.get("/oauth2/userInfo").await.json()["error_description"], expired);
}

#[tokio::test]
async fn revoking_ends_the_session_and_says_nothing_of_unknown_tokens() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
    let client = ("client_id", pages_client());
    for (fields, status, error) in [
        (vec![client], 400, "invalid_request"),
        (vec![client, ("token", &text("access_token"))], 400, "unsupported_token_type"),
        (vec![("client_id", "nobody"), ("token", "x")], 401, "invalid_client"),
        (vec![client, ("client_secret", "x"), ("token", "x")], 401, "invalid_client"),
    ] {
        let refused = browser.post("/oauth2/revoke", &fields).await;
        assert_eq!((refused.status, &refused.json()["error"]), (status, &json!(error)));
    }
    let unknown = browser.post("/oauth2/revoke", &[client, ("token", "unknown")]).await;
    assert_eq!((unknown.status, unknown.text.as_str()), (200, ""));
    let refresh = text("refresh_token");
    let fields = [("grant_type", "refresh_token"), client, ("refresh_token", refresh.as_str())];
    assert_eq!(browser.post("/oauth2/token", &fields).await.status, 200);
    for _ in 0..2 {
        assert_eq!(browser.post("/oauth2/revoke", &[client, ("token", &refresh)]).await.status, 200);
    }
    assert_eq!(browser.post("/oauth2/token", &fields).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn revocation_that_is_off_is_told() {
    let server = TestServer::start().await;
    server.sql(&format!("UPDATE app_clients SET configuration = configuration || '{{\"EnableTokenRevocation\": false}}' WHERE client_id = '{}'", pages_client())).await;
    let mut browser = Browser::new(&server);
    let refused = browser.post("/oauth2/revoke", &[("client_id", pages_client()), ("token", "x")]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn prompt_and_max_age_ask_again() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    assert!(browser.get(&authorize(&[])).await.sent("code").is_some());
    assert!(browser.get(&authorize(&[("prompt", "none")])).await.sent("code").is_some());
    assert!(browser.get(&authorize(&[("max_age", "60")])).await.sent("code").is_some());
    assert!(browser.get(&authorize(&[("max_age", "0")])).await.location().starts_with("/login?"), "0 asks again");
    server.clock.advance(time::Duration::seconds(61));
    let stale = browser.get(&authorize(&[("max_age", "60")])).await;
    assert!(stale.location().starts_with("/login?"), "{}", stale.location());
    let none = browser.get(&authorize(&[("max_age", "60"), ("prompt", "none")])).await;
    assert_eq!(none.sent("error").as_deref(), Some("login_required"));
    for prompt in ["login", "select_account", "login consent"] {
        assert!(browser.get(&authorize(&[("prompt", prompt)])).await.location().starts_with("/login?"), "{prompt}");
    }
    assert!(browser.get(&authorize(&[("prompt", "consent")])).await.sent("code").is_some());
    let before = server.clock.now();
    let back = browser.sign_in(&authorize(&[("prompt", "login")]), "ada").await;
    let tokens = exchange(&mut browser, &back.sent("code").unwrap(), &[]).await.json();
    let auth_time = claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_i64().unwrap();
    assert!(auth_time >= before.unix_timestamp());
}

#[tokio::test]
async fn who_is_signed_in_may_go_on_or_choose_another_account() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    server.user("eve").await;
    let address = authorize(&[("prompt", "select_account")]);
    let first = browser.get(&address).await;
    let page = browser.follow(first).await;
    assert_eq!(page.heading(), "Choose an account");
    assert!(page.text.contains("Continue as ada"));
    assert!(browser.clone().submit(&page, "continue", &[]).await.sent("code").is_some());
    let page = browser.submit(&page, "another", &[]).await;
    let page = browser.submit(&page, "name", &[("username", "eve")]).await;
    let back = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    let tokens = exchange(&mut browser, &back.sent("code").unwrap(), &[]).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["cognito:username"], "eve");
}

#[tokio::test]
async fn fewer_scopes_at_a_refresh_do_not_end_the_session() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let settings = json!({"UserPoolId": pool(), "ClientName": "x", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}});
    let made = server.operator("CreateUserPoolClient", settings).await.ok()["UserPoolClient"].clone();
    let client = made["ClientId"].as_str().unwrap();
    let input = initiate(client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    let tokens = server.call("InitiateAuth", input).await.ok()["AuthenticationResult"].clone();
    let mut refresh = tokens["RefreshToken"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&server);
    for scope in ["aws.cognito.signin.user.admin", "-", "aws.cognito.signin.user.admin"] {
        let usual =
            [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", &refresh), ("scope", scope)];
        let fields: Vec<_> = usual.into_iter().filter(|(_, value)| *value != "-").collect();
        let answer = browser.post("/oauth2/token", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    }
}

#[tokio::test]
async fn a_function_that_fails_costs_a_code_and_no_session() {
    let (server, functions) = Functions::start(&[]).await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let config = json!({"PreTokenGeneration": arn("f")});
    server.operator("UpdateUserPool", json!({"UserPoolId": pool(), "LambdaConfig": config})).await.ok();
    functions.on("f", |_| Reply::Response(json!({})));
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", pages_client()),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let code = browser.get(&authorize(&[])).await.sent("code").unwrap();
    for (reply, status, error) in [
        (Reply::Raw(500, "{}"), 503, "temporarily_unavailable"),
        (Reply::Raw(200, "garbage"), 503, "temporarily_unavailable"),
        (Reply::Throw("no"), 400, "invalid_grant"),
    ] {
        functions.on("f", move |_| reply.clone());
        let answer = browser.post("/oauth2/token", &refresh).await;
        assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(error)));
    }
    functions.on("f", |_| Reply::Raw(500, "{}"));
    let refused = exchange(&mut browser, &code, &[]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    functions.on("f", |_| Reply::Response(json!({})));
    assert_eq!(browser.post("/oauth2/token", &refresh).await.status, 200);
}

#[tokio::test]
async fn who_asks_too_often_is_sent_back_to_the_application() {
    let server = TestServer::with(&["--user-reads-per-second=2"]).await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let mut errors = Vec::new();
    for _ in 0..6 {
        let back = browser.get(&authorize(&[("prompt", "none")])).await;
        assert_eq!(back.sent("state").as_deref(), Some("a state & more"), "{}", back.status);
        errors.extend(back.sent("error"));
    }
    assert!(!errors.is_empty() && errors.iter().all(|error| error == "temporarily_unavailable"), "{errors:?}");
}

#[tokio::test]
async fn a_level_that_a_password_does_not_reach_asks_for_more() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let passkey = authorize(&[("acr_values", "urn:cognito:loa:3 unheard-of")]);
    let asked = browser.get(&passkey).await;
    assert!(asked.location().starts_with("/login?"));
    // Who has no better factor signs in again, once, and the application sees what it got.
    let page = browser.follow(asked).await;
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    let back = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    let tokens = exchange(&mut browser, &back.sent("code").unwrap(), &[]).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["acr"], "urn:cognito:loa:1");
    assert!(browser.get(&authorize(&[("acr_values", "urn:cognito:loa:1")])).await.sent("code").is_some());
    assert!(browser.get(&authorize(&[("acr_values", "unheard-of")])).await.sent("code").is_some());
}

#[tokio::test]
async fn signing_out_takes_the_cookie_and_goes_where_it_may() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let before = browser.clone();
    let client = pages_client();
    for query in [
        "client_id=nobody&logout_uri=http://localhost:3000/signed-out".into(),
        format!("client_id={client}&logout_uri=http://localhost:3000/signed-out/"),
        format!("client_id={client}&logout_uri=https://evil.example"),
        format!("client_id={client}&redirect_uri={CALLBACK}"),
        format!("client_id={client}&redirect_uri=https://evil.example&response_type=code"),
        format!("client_id={client}&client_id={client}&logout_uri=http://localhost:3000/signed-out"),
    ] {
        let shown = browser.get(&format!("/logout?{query}")).await;
        assert_eq!((shown.status, shown.location()), (400, ""), "{query}");
    }
    for query in [String::new(), format!("client_id={client}")] {
        let asked = browser.get(&format!("/logout?{query}")).await;
        assert_eq!(browser.follow(asked).await.heading(), "Sign out?", "{query}");
    }
    assert!(browser.get(&authorize(&[])).await.sent("code").is_some(), "a bad request signs nobody out");
    let out = browser
        .get(&format!(
            "/logout?client_id={client}&logout_uri=http://localhost:3000/signed-out&state=s&redirect_uri={CALLBACK}"
        ))
        .await;
    assert_eq!((out.status, out.location()), (302, "http://localhost:3000/signed-out?state=s"));
    assert!(!browser.cookies.contains_key(&format!("keystead-{}", pool())));
    // The cookie itself is worth nothing any more, nor is a code that was granted with it.
    assert!(before.clone().get(&authorize(&[])).await.location().starts_with("/login?"));
    assert_eq!(exchange(&mut browser, &code, &[]).await.json()["error"], "invalid_grant");
    let back = browser.get(&format!("/logout?{}", query(&[]))).await;
    assert!(back.location().starts_with("/login?") && back.location().contains("response_type=code"));
    let named = format!("/logout?client_id={client}&post_logout_redirect_uri=http://localhost:3000/signed-out");
    assert_eq!(browser.get(&named).await.location(), "http://localhost:3000/signed-out", "nobody is signed in");
}

#[tokio::test]
async fn a_library_signs_out_with_the_id_token_that_it_got() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let uri = "http://localhost:3000/signed-out";
    let logout =
        |hint: &str, more: &str| format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}&state=s{more}");
    // What is no ID token of this server, of this client, or leads elsewhere signs nobody out.
    let forged = format!("{}x", hint);
    let second = format!("&client_id={}", second_client());
    let elsewhere = format!("/logout?id_token_hint={hint}&post_logout_redirect_uri=https://evil.example");
    let access = logout(tokens["access_token"].as_str().unwrap(), "");
    for bad in [logout(&forged, ""), logout(&hint, &second), elsewhere, access] {
        let shown = browser.get(&bad).await;
        assert_eq!((shown.status, shown.location()), (400, ""), "{bad}");
    }
    assert!(browser.get(&authorize(&[])).await.sent("code").is_some());
    // Another site's form carries no cookies, so it becomes a visit.
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", "s")];
    let visit = browser.post("/logout", &fields).await;
    assert_eq!(visit.status, 303);
    assert!(visit.location().starts_with("/logout?id_token_hint="));
    // The token has expired when a person signs out after days.
    server.clock.advance(time::Duration::minutes(50));
    let mut other = browser.clone();
    let out = browser.get(visit.location()).await;
    assert_eq!((out.status, out.location()), (302, "http://localhost:3000/signed-out?state=s"));
    assert!(other.get(&authorize(&[])).await.location().starts_with("/login?"), "the session has ended");
    assert_eq!(other.get(&logout(&hint, "")).await.location(), "http://localhost:3000/signed-out?state=s");
}

#[tokio::test]
async fn who_is_not_shown_to_be_meant_is_asked_before_the_sign_out() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let hint = exchange(&mut browser, &code, &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    server.user("eve").await;
    let mut eves = Browser::new(&server);
    eves.sign_in(&authorize(&[]), "eve").await;
    let uri = "http://localhost:3000/signed-out";
    for address in [
        format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}"),
        format!("/logout?client_id={}&post_logout_redirect_uri={uri}", pages_client()),
    ] {
        let mut eves = eves.clone();
        let asked = eves.get(&address).await;
        assert_eq!((asked.status, asked.heading().as_str()), (200, "Sign out?"), "{address}");
        assert!(asked.text.contains("<span dir=\"auto\">eve</span>"));
        let foreign = eves.post(&address, &[("step", "sign_out"), ("form_token", "x")]).await;
        assert_eq!(foreign.status, 303, "another site's form asks, too");
        assert!(eves.get(&authorize(&[])).await.sent("code").is_some());
    }
    let asked = eves.get(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}")).await;
    let (_, fields) = asked.form("sign_out");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let out = eves.post(&format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}"), &fields).await;
    assert_eq!((out.status, out.location()), (200, uri));
    assert!(eves.get(&authorize(&[])).await.location().starts_with("/login?"));
}

#[tokio::test]
async fn a_passkey_that_was_deleted_gives_no_tokens_through_a_browser() {
    let server = TestServer::start().await;
    server.sessions_on_delete("END_ALL").await;
    let mut both = [0, 0];
    for round in 0..40 {
        let name = format!("u{round}");
        let mut person = server.user(&name).await;
        person.sign_in().await;
        let id = person.add_passkey().await;
        let mut browser = Browser::new(&server);
        let code = browser.sign_in(&authorize(&[]), &name).await.sent("code").unwrap();
        let exchanged = tokio::spawn({
            let mut browser = browser.clone();
            async move { exchange(&mut browser, &code, &[]).await.status }
        });
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(std::time::Duration::from_micros(300 * (round % 7))).await;
        }
        person.delete_passkey(&id).await.ok();
        let status = exchanged.await.unwrap();
        both[usize::from(status == 200)] += 1;
        assert_eq!(
            server
                .count(&format!(
                    "sessions s JOIN users u USING (user_pool_id, sub) WHERE username = '{name}' AND revoked_at IS NULL"
                ))
                .await,
            0,
            "{status}"
        );
    }
    println!("refused and granted: {both:?}");
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_keeps_what_was_granted() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let tokens = exchange(&mut browser, &code, &[]).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", pages_client()), ("refresh_token", refresh)];
    for (scope, expected) in [(Some("openid"), "openid"), (None, "openid email")] {
        let mut fields = fields.to_vec();
        fields.extend(scope.map(|scope| ("scope", scope)));
        let refreshed = browser.post("/oauth2/token", &fields).await.json();
        assert_eq!(claims(refreshed["access_token"].as_str().unwrap())["scope"], expected);
    }
}

#[tokio::test]
async fn a_hint_at_somebody_else_gives_nobodys_code() {
    let server = TestServer::start().await;
    let (mut browser, code) = signed_in(&server, "ada").await;
    let own = exchange(&mut browser, &code, &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    let (mut other, code) = signed_in(&server, "eve").await;
    let others = exchange(&mut other, &code, &[]).await.json()["id_token"].as_str().unwrap().to_owned();
    assert!(browser.get(&authorize(&[("prompt", "none"), ("id_token_hint", &own)])).await.sent("code").is_some());
    for hint in [others.as_str(), "x"] {
        let back = browser.get(&authorize(&[("prompt", "none"), ("id_token_hint", hint)])).await;
        assert_eq!(back.sent("error").as_deref(), Some("login_required"));
    }
}

#[tokio::test]
async fn a_request_may_come_as_a_form() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let fields =
        [("response_type", "code"), ("client_id", pages_client()), ("redirect_uri", CALLBACK), ("scope", "openid")];
    let back = browser.post("/oauth2/authorize", &fields).await;
    assert_eq!(back.status, 303);
    let address = back.location().to_owned();
    assert!(browser.get(&address).await.sent("code").is_some());
}

#[tokio::test]
async fn codes_and_signing_out_everywhere_do_not_wait_for_each_other_in_a_circle() {
    let server = TestServer::start().await;
    let (browser, _) = signed_in(&server, "ada").await;
    for round in 0..10 {
        let mut browser = browser.clone();
        browser.sign_in(&authorize(&[("prompt", "login")]), "ada").await;
        let asks = (0..8).map(|_| {
            let mut browser = browser.clone();
            tokio::spawn(async move { browser.get(&authorize(&[])).await.status })
        });
        let asks: Vec<_> = asks.collect();
        let out = server.operator("AdminUserGlobalSignOut", json!({"UserPoolId": pool(), "Username": "ada"})).await;
        assert_eq!(out.outcome(), "OK", "round {round}");
        for ask in asks {
            assert_eq!(ask.await.unwrap(), 302, "round {round}");
        }
    }
}

#[tokio::test]
async fn revoking_what_is_linked_and_signing_out_everywhere_do_not_either() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    for round in 0..10 {
        browser.sign_in(&authorize(&[("prompt", "login")]), "ada").await;
        let mut tokens = Vec::new();
        for _ in 0..6 {
            let code = browser.get(&authorize(&[])).await.sent("code").unwrap();
            tokens.push(exchange(&mut browser, &code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned());
        }
        let revoked = tokens.into_iter().map(|token| {
            let person = crate::support::Person::at_url(&server.url, "ada");
            let input = json!({"ClientId": pages_client(), "Token": token, "RevokeAssociatedSessions": "LINKED"});
            async move { person.post_public("RevokeToken", input).await.outcome() }
        });
        let out = server.operator("AdminUserGlobalSignOut", json!({"UserPoolId": pool(), "Username": "ada"}));
        let (outcomes, out) = tokio::join!(all(revoked), out);
        assert_eq!(out.outcome(), "OK", "round {round}");
        assert!(outcomes.iter().all(|outcome| outcome == "OK"), "round {round}: {outcomes:?}");
        assert_eq!(server.count("sessions WHERE revoked_at IS NULL").await, 0);
    }
}

#[tokio::test]
async fn a_callback_url_of_any_characters_is_called_in_ascii() {
    let server = TestServer::start().await;
    let callback = "https://bücher.example/zurück";
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [callback], "LogoutURLs": [callback]});
    let (_, client) = pool_with(&server, json!({}), client).await;
    let mut asked = url::form_urlencoded::Serializer::new(String::new());
    let asked = asked.append_pair("client_id", &client).append_pair("redirect_uri", callback).finish();
    let answered = Browser::new(&server).get(&format!("/oauth2/authorize?{asked}&response_type=x&state=s")).await;
    let expected = "https://xn--bcher-kva.example/zur%C3%BCck?";
    assert!(answered.location().starts_with(expected), "{}", answered.location());
    assert!(answered.location().ends_with("&state=s"), "{}", answered.location());
    let out = format!("/logout?{}", asked.replace("redirect_uri", "logout_uri"));
    assert_eq!(Browser::new(&server).get(&out).await.location(), expected.trim_end_matches('?'));
}
