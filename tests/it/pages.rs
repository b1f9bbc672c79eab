//! The pages, by a browser without a script: what every form guards against, and what each leads to. (tests/browser has the real
//! browser.)

use serde_json::json;

use crate::support::{
    Browser, CALLBACK, ORIGIN, PASSWORD, Person, Shown, TestServer, initiate, pages_client, pool, pool_with, respond,
    second_client,
};

fn login() -> String {
    format!("/login?client_id={}", pages_client())
}

fn account() -> String {
    format!("/account?client_id={}", pages_client())
}

/// The same page for another browser, name and session.
fn without_what_differs(shown: &Shown, name: &str) -> String {
    let mut text = shown.text.replace(name, "NAME");
    for marker in ["name=\"form_token\" value=\"", "name=\"session\" value=\"", "nonce=\"", "data-options=\""] {
        let mut parts = text.split(marker);
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            out.push_str(marker);
            out.push_str(part.split_once('"').unwrap().1);
        }
        text = out;
    }
    // The ID of the page's step.
    let mut parts = text.split("/login/").flat_map(|part| part.split("/signup/"));
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(part.get(36..).unwrap());
    }
    out
}

#[tokio::test]
async fn known_and_unknown_people_see_the_same() {
    let server = TestServer::start().await;
    server.user("known").await;
    // What else a person has, and what a stranger seems to have, differs from one to the next.
    server.sql(r#"UPDATE user_pools SET configuration = jsonb_set(configuration, '{Policies,SignInPolicy,AllowedFirstAuthFactors}', '["PASSWORD"]')"#).await;
    // Also through a client that tells strangers from others in the API.
    let legacy = json!({"UserPoolId": pool(), "ClientName": "legacy", "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let made = server.operator("CreateUserPoolClient", legacy).await.ok();
    let legacy = made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    for client in [pages_client(), legacy.as_str()] {
        let mut seen: Vec<Vec<(u16, String)>> = Vec::new();
        for name in ["known", "nobody"] {
            let mut browser = Browser::new(&server);
            let mut pages = Vec::new();
            let page = browser.get(&format!("/login?client_id={client}")).await;
            let page = browser.submit(&page, "name", &[("username", name)]).await;
            pages.push((page.status, without_what_differs(&page, name)));
            let page = browser.submit(&page, "password", &[("password", "Wrong-pass1!")]).await;
            pages.push((page.status, without_what_differs(&page, name)));
            let page = browser.get(&format!("/forgot?client_id={client}")).await;
            let page = browser.submit(&page, "forgot", &[("username", name)]).await;
            pages.push((page.status, page.heading()));
            let page = browser.submit(&page, "reset", &[("code", "123456"), ("password", PASSWORD)]).await;
            pages.push((page.status, page.notice()));
            seen.push(pages);
        }
        assert_eq!(seen[0], seen[1], "{client}");
        assert_eq!(seen[0][1].0, 400);
    }
}

#[tokio::test]
async fn an_address_with_an_account_signs_up_like_a_new_one() {
    let server = TestServer::start().await;
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let (_, client) =
        pool_with(&server, json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}), client).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut browser = Browser::new(&server);
        let page = browser.get(&format!("/signup?client_id={client}")).await;
        let entered = [("email", "ada@example.com"), ("password", PASSWORD)];
        let page = browser.submit(&page, "sign_up", &entered).await;
        seen.push((page.status, without_what_differs(&page, "ada@example.com")));
    }
    assert_eq!(seen[0], seen[1]);
    // Who began before, and lost the first code, goes on with another.
    let mut browser = Browser::new(&server);
    let page = browser.get(&format!("/signup?client_id={client}")).await;
    let page = browser.submit(&page, "sign_up", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let code = server.code("ada@example.com", 3).await;
    let page = browser.submit(&page, "confirm", &[("code", &code)]).await;
    assert!(page.text.contains("Choose a password to finish."), "{}", page.text);
    let done = browser.submit(&page, "confirm", &[("password", PASSWORD)]).await;
    assert_eq!(browser.follow(done).await.heading(), "Your account");
}

#[tokio::test]
async fn who_confirms_an_address_does_not_take_over_a_strangers_password() {
    let server = TestServer::start().await;
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
    let (_, client) = pool_with(&server, pool, client).await;
    let sign_up = async |password: &str| {
        let mut browser = Browser::new(&server);
        let page = browser.get(&format!("/signup?client_id={client}")).await;
        let page = browser.submit(&page, "sign_up", &[("email", "ada@example.com"), ("password", password)]).await;
        (browser, page)
    };
    let (_, _) = sign_up("Strangers-1!").await;
    let (mut ada, page) = sign_up(PASSWORD).await;
    let code = server.code("ada@example.com", 2).await;
    let asked = ada.submit(&page, "confirm", &[("code", &code)]).await;
    assert!(asked.text.contains("Choose a password to finish."), "{}", asked.text);
    let weak = ada.submit(&asked, "confirm", &[("password", "weak")]).await;
    assert!(weak.status == 400 && weak.notice().starts_with("Choose a stronger password."), "{}", weak.text);
    // Nothing is done by a right password and a wrong code.
    let wrong = ada.submit(&weak, "confirm", &[("code", "000000"), ("password", "Owners-own-1!")]).await;
    assert!(wrong.status == 400 && wrong.notice().contains("code"), "{}", wrong.text);
    assert_eq!(server.count("users WHERE status = 'CONFIRMED'").await + server.count("sessions").await, 0);
    let done = ada.submit(&wrong, "confirm", &[("code", &code), ("password", "Owners-own-1!")]).await;
    assert_eq!(ada.follow(done).await.heading(), "Your account");
    for (password, outcome) in [("Strangers-1!", "NotAuthorizedException"), ("Owners-own-1!", "OK")] {
        let input =
            initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada@example.com", "PASSWORD": password}));
        assert_eq!(server.call("InitiateAuth", input).await.outcome(), outcome);
    }
}

#[tokio::test]
async fn a_cookie_of_another_application_in_any_characters_is_not_in_the_way() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    browser.cookies.insert("name".into(), "Jörg".into());
    let on = browser.sign_in(&login(), "ada").await;
    assert_eq!(browser.follow(on).await.heading(), "Your account");
    let logout = format!("/logout?client_id={}&logout_uri=http://localhost:3000/signed-out", pages_client());
    browser.get(&logout).await;
    assert_eq!(server.count("sessions WHERE revoked_at IS NULL").await, 0);
}

/// The token of a page's forms.
fn token(shown: &Shown) -> String {
    shown.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn no_other_site_sends_a_form() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    let foreign_token = token(&Browser::new(&server).get(&login()).await);
    for (page, step) in [
        ("/login", "name"),
        ("/login", "options"),
        ("/signup", "sign_up"),
        ("/signup", "resend"),
        ("/forgot", "forgot"),
        ("/passkeys/add", "later"),
        ("/passkeys/add", "options"),
        ("/account", "ask_delete_account"),
        ("/account", "delete_account"),
    ] {
        let mut browser = Browser::new(&server);
        browser.sign_in(&login(), "ada").await;
        let address = format!("{page}?client_id={}&fresh=1", pages_client());
        let own_token = token(&browser.get(&address).await);
        let send = async |token: &str, headers: &[(&'static str, &str)]| {
            let mut browser = browser.clone();
            browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            let mut fields = vec![("step", step), ("username", "ada"), ("password", PASSWORD)];
            if !token.is_empty() {
                fields.push(("form_token", token));
            }
            browser.post(&address, &fields).await.status
        };
        assert_eq!(send("", &[]).await, 403, "{page} {step}: no token");
        assert_eq!(send("x", &[]).await, 403, "{page} {step}: a made-up token");
        assert_eq!(send(&foreign_token, &[]).await, 403, "{page} {step}: another browser's token");
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(send(&own_token, &[header]).await, 403, "{page} {step}: {header:?}");
        }
        assert_eq!(server.count("users WHERE username = 'ada'").await, 1, "{page} {step}");
        let own = [("origin", &*format!("http://{host}")), ("sec-fetch-site", "same-origin")];
        assert_ne!(send(&own_token, &own).await, 403, "{page} {step}: its own form");
    }
    assert_eq!(server.count("users WHERE username = 'ada'").await, 0, "its own form deleted the account");
}

#[tokio::test]
async fn cookies_are_the_servers_own() {
    let server = TestServer::with(&["--public-url=https://id.example.com"]).await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let set = |shown: &Shown| -> Vec<String> {
        shown.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
    };
    let cookies = set(&page);
    assert!(cookies[0].starts_with("__Host-keystead-form="), "{cookies:?}");
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    let done = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    let cookies = set(&done);
    assert!(cookies[0].starts_with(&format!("__Host-keystead-{}=", pool())), "{cookies:?}");
    assert!(cookies[0].contains("; Max-Age=3600"), "{cookies:?}");
    for cookie in &cookies {
        for wanted in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(wanted), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    // A cookie without the prefix, which another host could have set, is none.
    let mut planted = Browser::new(&server);
    let value = browser.cookies[&format!("__Host-keystead-{}", pool())].clone();
    planted.cookies.insert(format!("keystead-{}", pool()), value);
    assert!(planted.get(&account()).await.location().starts_with("/login"));
}

#[tokio::test]
async fn what_was_known_of_a_browser_before_its_sign_in_is_worth_nothing_after() {
    let server = TestServer::start().await;
    server.user("ada").await;
    server.user("eve").await;
    let mut eve = Browser::new(&server);
    eve.sign_in(&login(), "eve").await;
    // Eve's cookies are planted in Ada's browser, which then signs in.
    let mut ada = eve.clone();
    let page = ada.get(&format!("{}&fresh=1", login())).await;
    let page = ada.submit(&page, "name", &[("username", "ada")]).await;
    ada.submit(&page, "password", &[("password", PASSWORD)]).await;
    for (name, value) in &eve.cookies {
        assert_ne!(&ada.cookies[name], value, "{name}");
    }
    assert!(ada.get(&account()).await.text.contains("<span>ada</span>"));
    assert!(eve.get(&account()).await.location().starts_with("/login"), "the session before was ended");
}

#[tokio::test]
async fn every_page_runs_its_one_script_and_is_framed_by_nobody() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let with_redirect = format!("/login?response_type=code&client_id={}&redirect_uri={CALLBACK}", pages_client());
    let mut nonces = std::collections::BTreeSet::new();
    for address in [
        login(),
        with_redirect,
        format!("/signup?client_id={}", pages_client()),
        "/login?client_id=nobody".into(),
        "/confirmUser?x".into(),
    ] {
        let shown = browser.get(&address).await;
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let expected = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(policy, expected, "{address}");
        assert_eq!(shown.text.matches("<script").count(), 1);
        assert_eq!(shown.text.matches(&format!("nonce=\"{nonce}\"")).count(), 3);
        assert!(!shown.text.contains(" on") || !shown.text.contains("onclick="));
        assert!(!shown.text.contains("style=\""), "{address}");
        assert_eq!(shown.headers["x-frame-options"], "DENY");
        assert_eq!(shown.headers["cache-control"], "no-store");
        assert!(shown.text.len() < 50_000, "{}", shown.text.len());
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 5);
}

#[tokio::test]
async fn what_somebody_writes_into_an_address_or_a_form_stays_text() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let evil = "\"><script>alert(1)</script><input value='";
    let encoded: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
    for page in ["/login", "/signup", "/forgot"] {
        let shown = browser
            .get(&format!("{page}?client_id={}&login_hint={encoded}&lang={encoded}&x={encoded}", pages_client()))
            .await;
        assert_eq!(shown.status, 200);
        assert!(!shown.text.contains("<script>alert"), "{page}");
    }
    server.user("ada").await;
    let first = browser.get(&login()).await;
    let page = browser.submit(&first, "name", &[("username", evil)]).await;
    assert!(!page.text.contains("<script>alert"));
    let page = browser.submit(&first, "name", &[("username", "ada")]).await;
    let entered = [("username", evil), ("password", "x"), ("offered", evil), ("session", evil)];
    let page = browser.submit(&page, "password", &entered).await;
    assert!(!page.text.contains("<script>alert"));
}

#[tokio::test]
async fn nothing_hostile_is_a_fault_of_ours() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    browser.sign_in(&login(), "ada").await;
    let long = "x".repeat(5_000);
    let values = [
        "",
        "\u{0}",
        "\u{fffd}\u{202e}",
        "%",
        "a b",
        "'; DROP TABLE users; --",
        "../../..",
        "-1",
        "99999999999999999999",
        "null",
        "[]",
        "{\"id\":1}",
        &long,
    ];
    let pages =
        ["/login", "/signup", "/forgot", "/passkeys/add", "/account", "/oauth2/authorize", "/logout", "/confirmUser"];
    let names = [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "lang",
        "login_hint",
        "acr_values",
        "resource",
        "logout_uri",
        "done",
        "gone",
        "fresh",
        "ui_locales",
        "code_challenge",
    ];
    for page in pages {
        for value in values {
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            for name in names {
                let usual = [("client_id", pages_client()), ("redirect_uri", CALLBACK), ("response_type", "code")];
                let usual =
                    usual.iter().filter(|(other, _)| *other != name).map(|(name, value)| format!("{name}={value}"));
                let query: Vec<_> = usual.chain([format!("{name}={encoded}")]).collect();
                let shown = browser.get(&format!("{page}?{}", query.join("&"))).await;
                assert!(shown.status < 500, "{page} {name}={value:?}: {}", shown.text);
            }
        }
    }
    // Every step of every form with every field spoilt.
    browser.sign_in(&format!("{}&fresh=1", login()), "ada").await;
    let steps = [
        (
            "/login",
            &[
                "name",
                "options",
                "factor",
                "password",
                "passkey",
                "code",
                "mfa",
                "new_password",
                "setup",
                "continue",
                "x",
            ][..],
        ),
        ("/signup", &["sign_up", "confirm", "resend", "x"]),
        ("/forgot", &["forgot", "reset", "x"]),
        ("/passkeys/add", &["options", "passkey", "x"]),
        (
            "/account",
            &[
                "rename",
                "ask_delete",
                "delete",
                "end_session",
                "email",
                "verify_email",
                "email_code",
                "password",
                "mfa_on",
                "mfa_off",
                "setup",
                "x",
            ],
        ),
    ];
    let fields = [
        "username",
        "password",
        "session",
        "credential",
        "code",
        "factor",
        "challenge",
        "offered",
        "required",
        "secret",
        "to",
        "credential_id",
        "session_id",
        "name",
        "email",
        "old",
        "new",
        "method",
    ];
    for (page, steps) in steps {
        let shown = browser.get(&format!("{page}?client_id={}&fresh=1", pages_client())).await;
        let token =
            shown.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        for step in steps {
            for value in values {
                let mut form = vec![("form_token", token.as_str()), ("step", step)];
                form.extend(fields.map(|name| (name, value)));
                let answer = browser.clone().post(&format!("{page}?client_id={}", pages_client()), &form).await;
                assert!(answer.status < 500, "{page} {step} {value:?}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn forms_of_one_address_are_limited_by_pool_and_say_so() {
    let server = TestServer::with(&["--address-forms-per-minute=5"]).await;
    let pool = json!({"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}});
    let (_, elsewhere) = pool_with(
        &server,
        pool,
        json!({"AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]}),
    )
    .await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    for _ in 0..5 {
        assert_eq!(browser.submit(&page, "name", &[("username", "ada")]).await.status, 200);
        // The script asks for a passkey's options with every page.
        let (action, fields) = page.form("name");
        let options = [("form_token", fields["form_token"].as_str()), ("step", "options")];
        assert_eq!(browser.post(&action, &options).await.status, 200);
    }
    for (page, _) in [("/login", ""), ("/signup", ""), ("/forgot", ""), ("/passkeys/add", ""), ("/account", "")] {
        let refused = browser.post(&format!("{page}?client_id={}", pages_client()), &[("step", "x")]).await;
        assert_eq!((refused.status, refused.heading().as_str()), (429, "Something went wrong"), "{page}");
    }
    for page in ["/signup", "/forgot", "/account"] {
        let refused = browser.post(&format!("{page}?client_id={}", pages_client()), &[("step", "options")]).await;
        assert_eq!(refused.status, 429, "{page} has no options");
    }
    // Pages are still shown, those of other pools take forms, and applications are served.
    assert_eq!(browser.get(&login()).await.status, 200);
    let page = browser.get(&format!("/login?client_id={elsewhere}")).await;
    assert_eq!(browser.submit(&page, "name", &[("username", "ada")]).await.status, 200);
    assert_eq!(browser.post("/oauth2/token", &[]).await.status, 400);
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let refused = browser.post(&login(), &[("credential", &"x".repeat(200_000))]).await;
    assert_eq!((refused.status, refused.heading().as_str()), (413, "Something went wrong"));
}

#[tokio::test]
async fn only_clients_with_oauth_have_pages() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    for page in ["/login", "/signup", "/forgot", "/account"] {
        let shown = browser.get(&format!("{page}?client_id={}", crate::support::client())).await;
        assert_eq!(shown.status, 400, "{page}");
        assert!(shown.text.contains("This app client has no sign-in pages"), "{page}");
    }
}

#[tokio::test]
async fn a_monitor_may_ask_for_a_pages_head() {
    let server = TestServer::start().await;
    let shown = reqwest::Client::new().head(format!("{}{}", server.url, login())).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    assert!(shown.headers().contains_key("content-security-policy"));
    assert_eq!(shown.text().await.unwrap(), "");
}

/// Whoever signed in by password in a browser, with a passkey registered through the pages.
async fn with_passkey(server: &TestServer, username: &str) -> (Browser, Person, String) {
    let mut person = server.user(username).await;
    let mut browser = Browser::new(server);
    browser.sign_in(&login(), username).await;
    let address = format!("/passkeys/add?client_id={}", pages_client());
    let page = browser.get(&address).await;
    assert_eq!(page.heading(), "Add a passkey", "{}", page.text);
    let (_, fields) = page.form("passkey");
    let options = browser.post(&address, &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
    let credential = person.authenticator.create(&options["options"], ORIGIN, &Default::default()).unwrap();
    let done = browser.submit(&page, "passkey", &[("credential", &credential.to_string())]).await;
    assert!(done.location().contains("done=passkey-added"), "{} {}", done.status, done.text);
    (browser, person, credential["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_authenticator_that_the_pool_does_not_accept_is_said_in_plain_words() {
    let server = TestServer::start().await;
    let policy = json!({"UserPoolId": pool(),
        "PasskeyPolicy": {"AcceptedAuthenticators": ["ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"]}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let mut ada = server.user("ada").await;
    let mut browser = Browser::new(&server);
    browser.sign_in(&login(), "ada").await;
    let address = format!("/passkeys/add?client_id={}", pages_client());
    let page = browser.get(&address).await;
    let (_, fields) = page.form("passkey");
    let options = browser.post(&address, &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
    let credential = ada.authenticator.create(&options["options"], ORIGIN, &Default::default()).unwrap();
    let refused = browser.submit(&page, "passkey", &[("credential", &credential.to_string())]).await;
    assert_eq!(refused.notice(), "This kind of passkey isn’t accepted here. Use another one.");
    assert_eq!(server.count("webauthn_credentials").await, 0);
}

/// A sign-in by a passkey that says by itself whose it is.
async fn nameless(browser: &mut Browser, person: &mut Person) -> Shown {
    let page = browser.get(&login()).await;
    let (_, fields) = page.form("passkey");
    let made = browser.post(&login(), &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
    assert_eq!(made["options"]["allowCredentials"], json!([]));
    let assertion = person.authenticator.get(&made["options"], ORIGIN, &Default::default()).unwrap();
    let session = made["session"].as_str().unwrap();
    browser.submit(&page, "passkey", &[("session", session), ("credential", &assertion.to_string())]).await
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_until_it_is_deleted() {
    let server = TestServer::start().await;
    let (mut browser, mut ada, id) = with_passkey(&server, "ada").await;
    let mut other = Browser::new(&server);
    assert!(nameless(&mut other, &mut ada).await.location().starts_with("/account"));
    let page = browser.get(&account()).await;
    let page = browser.submit(&page, "ask_delete", &[]).await;
    assert_eq!(page.heading(), "Delete this passkey?");
    let done = browser.submit(&page, "delete", &[]).await;
    assert!(done.location().contains("done=passkey-deleted"), "{}", done.text);
    let page = browser.follow(done).await;
    assert_eq!(page.notice(), "The passkey was deleted.");
    assert!(page.text.contains(&format!("UnknownCredentialId&#34;:&#34;{id}&#34;")), "{}", page.text);
    let refused = nameless(&mut Browser::new(&server), &mut ada).await;
    assert_eq!(
        (refused.status, refused.notice().as_str()),
        (400, "This passkey isn’t registered here anymore. Sign in another way.")
    );
    assert!(refused.text.contains(&format!("UnknownCredentialId&#34;:&#34;{id}&#34;")));
}

#[tokio::test]
async fn a_deletion_that_ends_this_session_too_is_told_by_the_sign_in_page() {
    let server = TestServer::start().await;
    server.sessions_on_delete("END_ALL").await;
    let (mut browser, _, id) = with_passkey(&server, "ada").await;
    let page = browser.get(&account()).await;
    let page = browser.submit(&page, "ask_delete", &[]).await;
    assert!(page.text.contains("You’ll be signed out everywhere, including here."));
    let done = browser.submit(&page, "delete", &[]).await;
    let page = browser.follow(done).await;
    assert_eq!(page.heading(), "Sign in");
    assert!(page.text.contains(&format!("UnknownCredentialId&#34;:&#34;{id}&#34;")), "{}", page.text);
}

#[tokio::test]
async fn what_one_browser_deleted_no_other_browser_forgets() {
    let server = TestServer::start().await;
    let (mut browser, _, id) = with_passkey(&server, "ada").await;
    let page = browser.get(&account()).await;
    let page = browser.submit(&page, "ask_delete", &[]).await;
    let done = browser.submit(&page, "delete", &[]).await;
    let gone = url::Url::parse("http://x").unwrap().join(done.location()).unwrap();
    let gone = gone.query_pairs().find(|(name, _)| name == "gone").unwrap().1.into_owned();
    let mut other = Browser::new(&server);
    other.get(&login()).await;
    let address = format!("{}&gone={gone}", login());
    assert!(!other.get(&address).await.text.contains(&id), "the address was sent to somebody else");
    assert!(browser.get(&format!("{}&gone={gone}", account())).await.text.contains(&id));
}

#[tokio::test]
async fn nobody_makes_a_browser_forget_a_passkey_and_nobody_learns_of_one() {
    let server = TestServer::start().await;
    let (mut browser, mut ada, id) = with_passkey(&server, "ada").await;
    for address in [login(), account()] {
        for gone in [id.as_str(), "bm90aGluZw", "x"] {
            let page = browser.get(&format!("{address}&fresh=1&gone={gone}")).await;
            assert!(!page.text.contains("UnknownCredentialId"), "{address} {gone}");
        }
    }
    // A passkey that is there, and one that never was, are refused alike.
    let mut seen = Vec::new();
    for credential_id in [None, Some(vec![7; 32])] {
        let mut stranger = Browser::new(&server);
        let page = stranger.get(&login()).await;
        let (_, fields) = page.form("passkey");
        let made = stranger.post(&login(), &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
        let spoil = keystead::dev::authenticator::Spoil { signature: true, credential_id, ..Default::default() };
        let assertion = ada.authenticator.get(&made["options"], ORIGIN, &spoil).unwrap().to_string();
        let entered = [("session", made["session"].as_str().unwrap()), ("credential", &assertion)];
        let refused = stranger.submit(&page, "passkey", &entered).await;
        seen.push((refused.status, without_what_differs(&refused, "ada")));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn what_the_pages_began_the_api_does_not_finish() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    let session = page.form("password").1["session"].clone();
    let responses = json!({"USERNAME": "ada", "PASSWORD": PASSWORD});
    let input = respond(pages_client(), "PASSWORD", &json!(session), json!(responses));
    let refusal = server.call("RespondToAuthChallenge", input).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
    assert!(browser.submit(&page, "password", &[("password", PASSWORD)]).await.location().starts_with("/account"));
    // Nor the pages what the API began.
    let begin =
        json!({"ClientId": crate::support::client(), "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "ada"}});
    server.sql(&format!("UPDATE app_clients SET configuration = configuration || '{{\"AllowedOAuthFlowsUserPoolClient\": true, \"AllowedOAuthFlows\": [\"code\"]}}' WHERE client_id = '{}'", crate::support::client())).await;
    let session = server.call("InitiateAuth", begin).await.ok()["Session"].as_str().unwrap().to_owned();
    let address = format!("/login?client_id={}", crate::support::client());
    let mut browser = Browser::new(&server);
    let page = browser.get(&address).await;
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    let refused = browser.submit(&page, "password", &[("password", PASSWORD), ("session", &session)]).await;
    assert_eq!((refused.status, refused.heading().as_str()), (400, "Sign in"));
}

#[tokio::test]
async fn a_sign_in_without_a_name_is_noted_where_the_pool_notes() {
    let server = TestServer::start().await;
    let (_, mut ada, _) = with_passkey(&server, "ada").await;
    server.sql(r#"UPDATE user_pools SET configuration = configuration || '{"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}'"#).await;
    nameless(&mut Browser::new(&server), &mut ada).await;
    for _ in 0..100 {
        if server.count("auth_events WHERE kind = 'SignIn' AND response = 'Pass'").await == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it was not noted");
}

#[tokio::test]
async fn adding_a_passkey_leads_back_after_the_sign_in_it_needs() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"StepUpSeconds": 60}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let bare = format!("/passkeys/add?client_id={}&redirect_uri={CALLBACK}", pages_client());
    let whole = format!("{bare}&response_type=code&scope=openid");
    for address in [&bare, &whole] {
        let mut browser = Browser::new(&server);
        for round in ["signed out", "too long ago"] {
            let back = browser.sign_in(address, "ada").await;
            let page = browser.follow(back).await;
            assert_eq!(page.heading(), "Sign in faster next time?", "{address} {round}");
            let back = browser.submit(&page, "later", &[]).await;
            assert!(back.location().starts_with(CALLBACK), "{}", back.location());
            assert_eq!(back.location().contains("code="), address == &whole);
            server.clock.advance(time::Duration::seconds(61));
        }
    }
    // What the application wants of the sign-in still counts.
    let mut browser = Browser::new(&server);
    browser.sign_in(&login(), "ada").await;
    let page = browser.get(&format!("{whole}&prompt=login")).await;
    assert!(browser.submit(&page, "later", &[]).await.location().starts_with("/login?"));
}

#[tokio::test]
async fn names_too_long_for_a_picture_are_set_up_by_the_key() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": true},
        "WebAuthnConfiguration": {"RelyingPartyId": "localhost", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}});
    server.operator("SetUserPoolMfaConfig", input).await.ok();
    let branding = json!({"UserPoolId": pool(), "Branding": {"DisplayName": "\u{65e5}".repeat(64)}});
    server.operator("SetUserPoolBranding", branding).await.ok();
    let name = "\u{672c}".repeat(128);
    server.user(&name).await;
    let page = Browser::new(&server).sign_in(&login(), &name).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Set up an authenticator app"));
}

#[tokio::test]
async fn a_challenge_without_a_name_is_good_once_and_for_its_client() {
    let server = TestServer::start().await;
    let (_, mut ada, _) = with_passkey(&server, "ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let (_, fields) = page.form("passkey");
    let made = browser.post(&login(), &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
    let session = made["session"].as_str().unwrap().to_owned();
    let assertion = ada.authenticator.get(&made["options"], ORIGIN, &Default::default()).unwrap().to_string();
    // The API's own door is closed to it, with and without a name.
    for responses in [json!({"CREDENTIAL": assertion}), json!({"USERNAME": "ada", "CREDENTIAL": assertion})] {
        let input = respond(pages_client(), "WEB_AUTHN", &json!(session), json!(responses));
        assert_ne!(server.call("RespondToAuthChallenge", input).await.outcome(), "OK");
    }
    let entered = [("session", session.as_str()), ("credential", assertion.as_str())];
    assert!(browser.clone().submit(&page, "passkey", &entered).await.location().starts_with("/account"));
    let again = browser.submit(&page, "passkey", &entered).await;
    assert_eq!(again.status, 400);
    assert_eq!(server.count("sessions WHERE browser AND opened_with = 'passkey'").await, 1);
}

#[tokio::test]
async fn the_account_page_renames_ends_sessions_and_leaves() {
    let server = TestServer::start().await;
    let (mut browser, _, id) = with_passkey(&server, "ada").await;
    let mut elsewhere = Browser::new(&server);
    elsewhere.sign_in(&login(), "ada").await;
    let page = browser.get(&format!("{}&rename={id}", account())).await;
    let fields = page.form("rename").1;
    assert_eq!(fields["credential_id"], id);
    let refused = browser.submit(&page, "rename", &[("name", "  ")]).await;
    assert_eq!(refused.status, 400);
    let page = browser.submit(&page, "rename", &[("name", "  My <phone>  ")]).await;
    let page = browser.follow(page).await;
    assert!(page.text.contains("<h3><bdi>My &#60;phone&#62;</bdi></h3>"), "{}", page.text);
    let ended = browser.submit(&page, "end_others", &[]).await;
    assert!(ended.location().contains("done=others-ended"));
    assert!(elsewhere.get(&account()).await.location().starts_with("/login"));
    assert_eq!(browser.get(&account()).await.status, 200);
    let page = browser.submit(&page, "ask_delete_account", &[]).await;
    let gone = browser.submit(&page, "delete_account", &[]).await;
    assert_eq!((gone.status, gone.heading().as_str()), (200, "Account deleted"));
    assert_eq!(server.count("users WHERE username = 'ada'").await, 0);
    assert_eq!(server.count("audit_events WHERE event = 'passkey.deleted'").await, 1);
    assert!(!browser.cookies.contains_key(&format!("keystead-{}", pool())));
}

#[tokio::test]
async fn nobody_reaches_the_passkey_or_session_of_another_through_the_account_page() {
    let server = TestServer::start().await;
    let (mut eve, _, id) = with_passkey(&server, "eve").await;
    let (mut ada, _, own) = with_passkey(&server, "ada").await;
    let session = eve.get(&account()).await;
    assert_eq!(session.status, 200);
    let page = ada.get(&account()).await;
    let rename = ada.get(&format!("{}&rename={own}", account())).await;
    for (page, step) in [(&page, "ask_delete"), (&rename, "rename")] {
        let refused = ada.submit(page, step, &[("credential_id", &id), ("name", "x")]).await;
        assert_eq!((refused.status, refused.notice().as_str()), (400, "This passkey doesn’t exist anymore."), "{step}");
    }
    let sure = ada.submit(&page, "ask_delete", &[]).await;
    let refused = ada.submit(&sure, "delete", &[("credential_id", &id)]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(server.count("webauthn_credentials").await, 2);
}

#[tokio::test]
async fn a_browser_is_a_session_like_others() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let mut browser = Browser::new(&server);
    browser.sign_in(&login(), "ada").await;
    let listed = ada.call("ListUserSessions", json!({})).await.ok();
    let sso: Vec<_> = listed["Sessions"].as_array().unwrap().iter().filter(|one| one["SessionType"] == "SSO").collect();
    assert_eq!(sso.len(), 1, "{listed}");
    // With what applications got through it, where that is asked for.
    let address = format!(
        "/oauth2/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid",
        pages_client()
    );
    let code = browser.get(&address).await.sent("code").unwrap();
    assert_eq!(browser.exchange(&code).await.status, 200);
    let revoke = json!({"SessionId": sso[0]["SessionId"], "RevokeAssociatedSessions": "LINKED"});
    ada.call("RevokeUserSession", revoke).await.ok();
    assert!(browser.get(&account()).await.location().starts_with("/login"));
    assert_eq!(server.count("sessions WHERE revoked_at IS NULL").await, 1);
    browser.sign_in(&login(), "ada").await;
    ada.sign_in().await;
    ada.call("GlobalSignOut", json!({})).await.ok();
    assert!(browser.get(&account()).await.location().starts_with("/login"));
    browser.sign_in(&login(), "ada").await;
    server.clock.advance(time::Duration::minutes(59));
    assert_eq!(browser.get(&account()).await.status, 200);
    server.clock.advance(time::Duration::minutes(2));
    assert!(browser.get(&account()).await.location().starts_with("/login"), "an hour is over");
}

#[tokio::test]
async fn a_sign_up_leads_to_a_passkey_and_back_to_the_application() {
    let server = TestServer::start().await;
    server
        .sql(r#"UPDATE user_pools SET configuration = configuration || '{"AutoVerifiedAttributes": ["email"]}'"#)
        .await;
    let mut browser = Browser::new(&server);
    let query = format!("response_type=code&client_id={}&redirect_uri={CALLBACK}&state=s&scope=openid", pages_client());
    let page = browser.get(&format!("/signup?{query}")).await;
    let weak = browser
        .submit(&page, "sign_up", &[("username", "ada"), ("email", "ada@example.com"), ("password", "short")])
        .await;
    assert_eq!(weak.status, 400);
    assert!(weak.notice().starts_with("Choose a stronger password. At least 8 characters"), "{}", weak.notice());
    let page = browser
        .submit(&weak, "sign_up", &[("username", "ada"), ("email", "ada@example.com"), ("password", PASSWORD)])
        .await;
    assert_eq!(page.heading(), "Confirm your account");
    let wrong = browser.submit(&page, "confirm", &[("code", "000000")]).await;
    assert_eq!(
        (wrong.status, wrong.notice().as_str()),
        (400, "This code isn’t right. Check it, or ask for a new one.")
    );
    let code = server.code("ada@example.com", 1).await;
    let done = browser.submit(&wrong, "confirm", &[("code", &code)]).await;
    let page = browser.follow(done).await;
    assert_eq!(page.heading(), "Sign in faster next time?");
    let back = browser.submit(&page, "later", &[]).await;
    assert!(back.sent("code").is_some());
    assert_eq!(back.sent("state").as_deref(), Some("s"));
    let taken = browser.get(&format!("/signup?{query}")).await;
    let taken = browser
        .submit(&taken, "sign_up", &[("username", "ada"), ("email", "eve@example.com"), ("password", PASSWORD)])
        .await;
    assert_eq!(taken.notice(), "This username is taken. Choose another one, or sign in.");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let attributes =
        json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": attributes});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let mut browser = Browser::new(&server);
    let page = browser.get(&format!("/forgot?client_id={}", pages_client())).await;
    let page = browser.submit(&page, "forgot", &[("username", "ada")]).await;
    let code = server.code("ada@example.com", 1).await;
    let done = browser.submit(&page, "reset", &[("code", &code), ("password", "New-Passw0rd!")]).await;
    let page = browser.follow(done).await;
    assert_eq!(page.notice(), "Your new password is saved. Use it to sign in.");
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    assert!(
        browser.submit(&page, "password", &[("password", "New-Passw0rd!")]).await.location().starts_with("/account")
    );
}

#[tokio::test]
async fn a_guess_counts_and_locks_as_through_the_api() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let mut page = browser.submit(&page, "name", &[("username", "ada")]).await;
    for _ in 0..6 {
        page = browser.submit(&page, "password", &[("password", "Wrong-pass1!")]).await;
        assert_eq!(page.status, 400);
    }
    let locked = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    assert_eq!(locked.status, 400, "the name is locked for a while");
    let refused = ada.password_sign_in(crate::support::client(), PASSWORD).await.refused();
    assert!(refused.contains("attempts exceeded"), "{refused}");
}

#[tokio::test]
async fn a_temporary_password_and_an_unconfirmed_sign_up_are_led_on() {
    let server = TestServer::start().await;
    let input =
        json!({"UserPoolId": pool(), "Username": "new", "TemporaryPassword": PASSWORD, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let mut browser = Browser::new(&server);
    let page = browser.sign_in(&login(), "new").await;
    assert_eq!(page.heading(), "Choose a new password");
    let weak = browser.submit(&page, "new_password", &[("password", "short")]).await;
    assert_eq!((weak.status, weak.heading().as_str()), (400, "Choose a new password"));
    assert!(
        browser
            .submit(&weak, "new_password", &[("password", "New-Passw0rd!")])
            .await
            .location()
            .starts_with("/account")
    );
    let sign_up = json!({"ClientId": pages_client(), "Username": "half", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "half@example.com"}]});
    server.call("SignUp", sign_up).await.ok();
    let page = Browser::new(&server).sign_in(&login(), "half").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Confirm your account"));
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_set_up() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": true},
        "WebAuthnConfiguration": {"RelyingPartyId": "localhost", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}});
    server.operator("SetUserPoolMfaConfig", input).await.ok();
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.sign_in(&login(), "ada").await;
    assert_eq!(page.heading(), "Set up an authenticator app");
    let secret = page.form("setup").1["secret"].clone();
    assert!(page.text.contains("<svg role=\"img\" aria-label=\"QR code"));
    let wrong = browser.submit(&page, "setup", &[("code", "000000")]).await;
    assert_eq!((wrong.status, wrong.heading().as_str()), (400, "Set up an authenticator app"));
    let code = |server: &TestServer| crate::mfa::totp(&secret, server);
    let done = browser.submit(&wrong, "setup", &[("code", &code(&server))]).await;
    assert!(done.location().starts_with("/account"), "{}", done.text);
    server.clock.advance(time::Duration::seconds(60));
    let page = browser.sign_in(&format!("{}&fresh=1", login()), "ada").await;
    assert_eq!(page.heading(), "Enter the code");
    let wrong = browser.submit(&page, "code", &[("code", "000000")]).await;
    assert_eq!(wrong.notice(), "This code isn’t right. Check it, or ask for a new one.");
    assert!(browser.submit(&wrong, "code", &[("code", &code(&server))]).await.location().starts_with("/account"));
}

#[tokio::test]
async fn the_language_is_the_persons() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    for (address, accepts, language, direction, heading) in [
        (login(), "", "en", "ltr", "Sign in"),
        (login(), "fr-CA, en;q=0.5", "fr", "ltr", "Se connecter"),
        (login(), "pt-PT", "pt", "ltr", "Entrar"),
        (login(), "ar-EG", "ar", "rtl", "تسجيل الدخول"),
        (format!("{}&lang=de", login()), "fr", "de", "ltr", "Anmelden"),
        (format!("{}&lang=ja", login()), "", "ja", "ltr", "ログイン"),
        (format!("{}&lang=xx", login()), "es", "es", "ltr", "Iniciar sesión"),
    ] {
        browser.headers = vec![("accept-language", accepts.into())];
        let shown = browser.get(&address).await;
        let html = format!("<html lang=\"{language}\" dir=\"{direction}\">");
        assert!(shown.text.contains(&html), "{address} {accepts}");
        assert_eq!(shown.heading(), heading);
        assert_eq!(shown.headers["content-language"], language);
    }
}

#[tokio::test]
async fn the_account_without_a_client_is_the_one_that_is_signed_in() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/account").await.status, 400);
    browser.sign_in(&login(), "ada").await;
    assert_eq!(browser.get("/account").await.location(), account());
    // What belongs to applications is left behind.
    let asked = format!("{}&response_type=code&redirect_uri={CALLBACK}&lang=de", account());
    assert_eq!(browser.get(&asked).await.location(), format!("{}&lang=de", account()));
    browser.cookies.insert("keystead-us-east-1_%00".into(), "%00".into());
    assert!(browser.get("/account").await.status < 500);
}

#[tokio::test]
async fn scripts_are_served_and_small() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let script = page.text.split("src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let script = browser.get(&script).await;
    assert_eq!(
        (script.status, script.headers["content-type"].to_str().unwrap()),
        (200, "text/javascript; charset=utf-8")
    );
    assert!(page.text.len() + script.text.len() < 60_000);
    let signals = browser.get("/assets/keystead-passkeys.js").await;
    assert_eq!(signals.headers["access-control-allow-origin"], "*");
    assert!(signals.text.len() <= 2048);
}

#[tokio::test]
async fn who_lost_the_page_that_asks_for_a_code_comes_back_to_it() {
    let server = TestServer::start().await;
    server
        .sql(r#"UPDATE user_pools SET configuration = configuration || '{"AutoVerifiedAttributes": ["email"]}'"#)
        .await;
    let address = format!("/signup?client_id={}", pages_client());
    let entered = [("username", "dora"), ("email", "dora@example.com"), ("password", PASSWORD)];
    for _ in 0..2 {
        let mut browser = Browser::new(&server);
        let page = browser.get(&address).await;
        assert_eq!(browser.submit(&page, "sign_up", &entered).await.heading(), "Confirm your account");
    }
    server.code("dora@example.com", 2).await;
    let mut stranger = Browser::new(&server);
    let page = stranger.get(&address).await;
    let other = [("username", "dora"), ("email", "eve@example.com"), ("password", PASSWORD)];
    assert_eq!(stranger.submit(&page, "sign_up", &other).await.status, 400);
}

#[tokio::test]
async fn an_address_with_nothing_at_it_is_a_page_for_browsers() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/").await.status, 404);
    assert!(browser.get("/nothing").await.text.contains("UnknownOperationException"));
    browser.headers.push(("accept", "text/html,*/*".into()));
    let shown = browser.get("//evil.example/x").await;
    assert!(!shown.text.contains("\"//evil.example"), "{}", shown.text);
    for address in ["/", "/nothing", "/a/b/c"] {
        let shown = browser.get(address).await;
        assert_eq!((shown.status, shown.heading().as_str()), (404, "Page not found"));
    }
}

#[tokio::test]
async fn who_signs_in_with_an_address_is_shown_the_address() {
    let server = TestServer::start().await;
    let members = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}});
    let settings = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": ["http://localhost:3000/"]});
    let (pool, client) = pool_with(&server, members, settings).await;
    let web_authn = json!({"UserPoolId": pool, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", web_authn).await.ok();
    let policy = json!({"UserPoolId": pool, "PasskeyPolicy": {"SignalUserDetails": true}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let email = "ada@example.com";
    let mut ada = server.user_in(&pool, email).await;
    ada.sign_in_to(&client).await;
    let options = ada.start_registration().await;
    assert_eq!((&options["user"]["name"], &options["user"]["displayName"]), (&json!(email), &json!(email)));
    let signals = ada.call("GetPasskeySignals", json!({})).await.ok();
    assert_eq!(signals["CurrentUserDetails"], json!({"Name": email, "DisplayName": email}));
    let mut browser = Browser::new(&server);
    let account = format!("/account?client_id={client}");
    let signed_in = browser.sign_in(&format!("/login?client_id={client}"), email).await;
    assert!(signed_in.location().starts_with("/account"), "{} {}", signed_in.status, signed_in.text);
    let page = browser.get(&account).await;
    assert!(page.text.contains(&format!("<p class=\"who\"><span>{email}</span></p>")), "{}", page.text);
}

/// The pages that wait for a code or a password, each at an address of its own.
async fn to_the_password_page(browser: &mut Browser, username: &str) -> Shown {
    let query = format!("response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid", pages_client());
    let page = browser.get(&format!("/login?{query}")).await;
    let page = browser.submit(&page, "name", &[("username", username)]).await;
    assert_eq!(page.heading(), "Enter your password");
    page
}

#[tokio::test]
async fn a_page_that_is_loaded_again_repeats_nothing() {
    let server = TestServer::start().await;
    server
        .sql(r#"UPDATE user_pools SET configuration = configuration || '{"AutoVerifiedAttributes": ["email"]}'"#)
        .await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&format!("/signup?client_id={}", pages_client())).await;
    let entered = [("username", "ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    browser.submit(&page, "sign_up", &entered).await;
    let here = browser.at.clone();
    let sent = server.sql_text("SELECT encode(hash, 'hex') FROM codes").await;
    for _ in 0..3 {
        assert_eq!(browser.get(&here).await.heading(), "Confirm your account");
    }
    assert_eq!(server.sql_text("SELECT encode(hash, 'hex') FROM codes").await, sent, "no other code was sent");
    let page = browser.get(&here).await;
    let code = server.code("ada@example.com", 1).await;
    browser.submit(&page, "confirm", &[("code", &code)]).await;
    // Back leads to where the person is now.
    let back = browser.get(&here).await;
    assert_eq!(browser.follow(back).await.heading(), "Your account");
}

#[tokio::test]
async fn two_tabs_have_two_steps_and_whoever_is_signed_in_goes_on() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let first = to_the_password_page(&mut browser, "ada").await;
    let first_at = browser.at.clone();
    let second = to_the_password_page(&mut browser, "bob").await;
    let second_at = browser.at.clone();
    assert_ne!(first_at, second_at);
    assert!(browser.get(&first_at).await.text.contains("value=\"ada\""));
    assert!(browser.get(&second_at).await.text.contains("value=\"bob\""));
    let done = browser.submit(&first, "password", &[("password", PASSWORD)]).await;
    assert!(done.sent("code").is_some());
    // The other tab: its form, its address, and the address of the step that was answered.
    let late = browser.submit(&second, "password", &[("password", PASSWORD)]).await;
    assert!(late.sent("code").is_some(), "{} {}", late.status, late.text);
    for at in [second_at, first_at] {
        let shown = browser.get(&at).await;
        let shown = browser.follow(shown).await;
        assert!(shown.sent("code").is_some(), "{} {}", shown.status, shown.text);
    }
}

#[tokio::test]
async fn a_step_is_one_browsers_and_does_not_live_for_ever() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    to_the_password_page(&mut browser, "ada").await;
    let at = browser.at.clone();
    // Another browser, even with the cookie of the step, sees the first page.
    let mut thief = Browser::new(&server);
    thief.path_cookies = browser.path_cookies.clone();
    let shown = thief.get(&at).await;
    assert_eq!(thief.follow(shown).await.heading(), "Sign in");
    // So does who changes the app client in the address.
    let elsewhere = at.replace(pages_client(), second_client());
    assert_ne!(browser.get(&elsewhere).await.status, 200);
    assert_eq!(browser.get(&at).await.heading(), "Enter your password");
    server.clock.advance(time::Duration::minutes(4));
    let shown = browser.get(&at).await;
    assert_eq!(browser.follow(shown).await.heading(), "Sign in");
}

#[tokio::test]
async fn a_browser_keeps_four_steps_and_sends_each_to_its_page_alone() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let mut addresses = Vec::new();
    for _ in 0..6 {
        to_the_password_page(&mut browser, "ada").await;
        addresses.push(browser.at.clone());
    }
    assert_eq!(browser.path_cookies.len(), 4);
    assert!(browser.path_cookies.values().all(|value| value.len() <= 1536));
    let paths: Vec<_> = addresses[2..].iter().map(|at| at.split('?').next().unwrap().to_owned()).collect();
    let mut kept: Vec<_> = browser.path_cookies.keys().map(|(path, _)| path.clone()).collect();
    kept.sort_by_key(|path| paths.iter().position(|one| one == path));
    assert_eq!(kept, paths);
}

#[tokio::test]
async fn what_is_too_long_for_a_cookie_is_kept_in_the_database_if_the_server_made_it() {
    let server = TestServer::start().await;
    let (_, ada, _) = with_passkey(&server, "ada").await;
    server
        .sql(
            "INSERT INTO webauthn_credentials SELECT (jsonb_populate_record(c, jsonb_build_object('credential_id',
                 '\\x' || encode(sha256(n::text::bytea), 'hex')))).* FROM webauthn_credentials c, generate_series(1, 19) n",
        )
        .await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let page = browser.submit(&page, "name", &[("username", &ada.username), ("webauthn", "1")]).await;
    assert_eq!(page.heading(), "Sign in with your passkey");
    assert_eq!(server.count("challenges WHERE kind = 'PAGE_STEP'").await, 1);
    assert!(browser.path_cookies.values().all(|value| value.len() <= 1536));
    let at = browser.at.clone();
    assert_eq!(browser.get(&at).await.heading(), "Sign in with your passkey");
}

#[tokio::test]
async fn strangers_do_not_fill_the_database_with_what_they_enter() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let address = format!("/signup?client_id={}", pages_client());
    let page = browser.get(&address).await;
    let long = "é".repeat(2000);
    let entered = [("username", "ada"), ("email", &long), ("password", "weak")];
    let refused = browser.submit(&page, "sign_up", &entered).await;
    assert!(refused.status == 400 && refused.text.contains("value=\"ada\""), "{}", refused.text);
    assert!(!refused.text.contains(&long), "what is too long is not repeated");
    let (_, mut fields) = page.form("sign_up");
    for (path, step) in [("/signup", "resend"), ("/forgot", "reset")] {
        fields.insert("step".into(), step.into());
        for name in ["username", "to", "session"] {
            fields.insert(name.into(), long.clone());
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let address = format!("{path}?client_id={}", pages_client());
        assert_eq!(browser.post_only(&address, &fields).await.status, 400, "{step}");
    }
    assert_eq!(server.count("challenges").await, 0);
}

#[tokio::test]
async fn a_passkey_whose_flag_changed_is_explained() {
    let server = TestServer::start().await;
    let (_, mut ada, _) = with_passkey(&server, "ada").await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&login()).await;
    let page = browser.submit(&page, "name", &[("username", "ada"), ("webauthn", "1")]).await;
    let options = page.text.split("data-options=\"").nth(1).unwrap().split('"').next().unwrap();
    let options: serde_json::Value = serde_json::from_str(&options.replace("&#34;", "\"")).unwrap();
    let spoil = keystead::dev::authenticator::Spoil {
        backup_eligible: Some(false),
        backup_state: Some(false),
        ..Default::default()
    };
    let assertion = ada.authenticator.get(&options, ORIGIN, &spoil).unwrap().to_string();
    let refused = browser.submit(&page, "passkey", &[("credential", &assertion)]).await;
    assert!(refused.notice().starts_with("Your passkey manager has changed this passkey"), "{}", refused.notice());
}

#[tokio::test]
async fn no_session_code_or_name_is_in_an_address() {
    let server = TestServer::start().await;
    server
        .sql(r#"UPDATE user_pools SET configuration = configuration || '{"AutoVerifiedAttributes": ["email"]}'"#)
        .await;
    let mut browser = Browser::new(&server);
    let page = browser.get(&format!("/signup?client_id={}", pages_client())).await;
    let entered = [("username", "ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let page = browser.submit(&page, "sign_up", &entered).await;
    let (_, hidden) = page.form("confirm");
    let code = server.code("ada@example.com", 1).await;
    let wrong = browser.submit(&page, "confirm", &[("code", "000000")]).await;
    browser.submit(&wrong, "confirm", &[("code", &code)]).await;
    let mut other = Browser::new(&server);
    let page = to_the_password_page(&mut other, "ada").await;
    let (_, carried) = page.form("password");
    let page = other.submit(&page, "password", &[("password", "wrong")]).await;
    let done = other.submit(&page, "password", &[("password", PASSWORD)]).await;
    assert_eq!(done.headers["referrer-policy"], "no-referrer");
    let visited: Vec<_> = browser.visited.iter().chain(&other.visited).collect();
    assert!(visited.len() > 8);
    for secret in [&*hidden["session"], &*carried["session"], &*code, PASSWORD, "000000", "ada@example.com"] {
        assert!(!secret.is_empty());
        assert!(visited.iter().all(|address| !address.contains(secret)), "{secret} {visited:?}");
    }
}

#[tokio::test]
async fn a_host_on_which_passkeys_do_not_work_is_named_on_a_server_for_development() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let said = "Passkeys of this user pool work on localhost only.";
    let page = browser.get(&login()).await;
    let port = server.url.rsplit(':').next().unwrap();
    let there = format!("href=\"http://localhost:{port}/login?client_id={}\"", pages_client());
    assert!(page.text.contains(said) && page.text.contains(&there), "{}", page.text);
    browser.headers.push(("host", format!("localhost:{port}")));
    assert!(!browser.get(&login()).await.text.contains(said));
    let public = TestServer::with(&["--public-url=https://id.example.com"]).await;
    assert!(!Browser::new(&public).get(&login()).await.text.contains(said));
}

#[tokio::test]
async fn a_step_that_was_answered_in_a_copy_of_the_tab_leads_to_where_the_person_is() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let page = to_the_password_page(&mut browser, "ada").await;
    let wrong = browser.submit(&page, "password", &[("password", "wrong")]).await;
    let at = browser.at.clone();
    // The same form again, from before: nothing is tried, and the newest page is shown.
    let again = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    assert_eq!((again.status, again.notice(), &browser.at), (400, wrong.notice(), &at));
    assert!(browser.submit(&again, "password", &[("password", PASSWORD)]).await.sent("code").is_some());
}

#[tokio::test]
async fn other_pages_go_on_too_for_whoever_is_signed_in_elsewhere() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let query = format!("response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid", pages_client());
    let sign_up = browser.get(&format!("/signup?{query}")).await;
    let forgot = browser.get(&format!("/forgot?{query}")).await;
    browser.sign_in(&format!("/login?{query}"), "ada").await;
    let entered = [("username", "eve"), ("email", "eve@example.com"), ("password", PASSWORD)];
    assert!(browser.submit(&sign_up, "sign_up", &entered).await.sent("code").is_some());
    assert!(browser.submit(&forgot, "forgot", &[("username", "ada")]).await.sent("code").is_some());
}
