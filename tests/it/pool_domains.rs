//! Pages and endpoints under the domains of pools.

use serde_json::json;

use crate::support::{Browser, CALLBACK, TestServer, pages_client, pool, pool_with};

fn login() -> String {
    format!("/login?client_id={}", pages_client())
}

/// The code that an application gets when ada signs in.
async fn code_of(browser: &mut Browser) -> String {
    let asked = format!(
        "/oauth2/authorize?client_id={}&response_type=code&redirect_uri={CALLBACK}&scope=openid",
        pages_client()
    );
    browser.sign_in(&asked, "ada").await.sent("code").unwrap()
}

/// What the application exchanges it by.
fn exchange_of(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("client_id", pages_client()), ("redirect_uri", CALLBACK), ("code", code)]
}

#[tokio::test]
async fn a_pools_domain_is_for_its_own_clients() {
    let server = TestServer::start().await;
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    for (pool, domain) in [(pool(), "mine"), (&other, "theirs")] {
        server.operator("CreateUserPoolDomain", json!({"UserPoolId": pool, "Domain": domain})).await.ok();
    }
    for (host, status) in
        [("mine.localhost:9229", 200), ("theirs.localhost:9229", 400), ("localhost:9229", 200), ("x.example", 200)]
    {
        let mut browser = Browser::new(&server);
        browser.headers.push(("host", host.into()));
        assert_eq!(browser.get(&login()).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn another_pools_domain_gives_no_tokens_and_ends_no_sign_in() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    server.operator("CreateUserPoolDomain", json!({"UserPoolId": other, "Domain": "theirs"})).await.ok();
    let mut browser = Browser::new(&server);
    let code = code_of(&mut browser).await;
    let exchange = exchange_of(&code);
    let signed_out = "http://localhost:3000/signed-out";
    let logout = format!("/logout?client_id={}&logout_uri={signed_out}", pages_client());
    let theirs = ("host", "theirs.localhost:9229".to_owned());
    browser.headers.push(theirs.clone());
    assert_eq!(browser.post("/oauth2/token", &exchange).await.json()["error"], "invalid_client");
    assert_eq!(browser.get(&logout).await.status, 400);
    browser.headers.clear();
    let tokens = browser.post("/oauth2/token", &exchange).await.json();
    let bearer = ("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()));
    browser.headers = vec![bearer.clone(), theirs];
    assert_eq!(browser.get("/oauth2/userInfo").await.status, 401);
    browser.headers = vec![bearer];
    assert_eq!(browser.get("/oauth2/userInfo").await.status, 200);
    browser.headers.clear();
    assert_eq!(browser.get(&logout).await.location(), signed_out);
}

#[tokio::test]
async fn the_whole_flow_works_under_the_pools_own_domain() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    server.operator("CreateUserPoolDomain", json!({"UserPoolId": pool(), "Domain": "mine"})).await.ok();
    let mut browser = Browser::new(&server);
    browser.headers.push(("host", "mine.localhost:9229".into()));
    let code = code_of(&mut browser).await;
    let exchange = exchange_of(&code);
    let tokens = browser.post("/oauth2/token", &exchange).await.json();
    browser.headers.push(("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap())));
    assert_eq!(browser.get("/oauth2/userInfo").await.json()["username"], "ada");
    browser.headers.pop();
    // A passkey, whose relying party is the server's host, there too.
    let address = format!("/passkeys/add?client_id={}", pages_client());
    let page = browser.get(&address).await;
    let (_, fields) = page.form("passkey");
    let options = browser.post(&address, &[("form_token", &fields["form_token"]), ("step", "options")]).await.json();
    let origin = "http://mine.localhost:9229";
    let credential = ada.authenticator.create(&options["options"], origin, &Default::default()).unwrap();
    let done = browser.submit(&page, "passkey", &[("credential", &credential.to_string())]).await;
    assert!(done.location().contains("done=passkey-added"), "{} {}", done.status, done.text);
}

#[tokio::test]
async fn a_pools_domain_redirects_to_nobody_elses_application() {
    let server = TestServer::start().await;
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    server.operator("CreateUserPoolDomain", json!({"UserPoolId": other, "Domain": "theirs"})).await.ok();
    let broken = format!("client_id={}&redirect_uri={CALLBACK}&response_type=x", pages_client());
    let mut browser = Browser::new(&server);
    for path in ["/oauth2/authorize", "/login", "/signup", "/forgot", "/passkeys/add"] {
        let address = format!("{path}?{broken}");
        browser.headers = vec![];
        assert!(browser.get(&address).await.location().starts_with(CALLBACK), "{path}");
        browser.headers = vec![("host", "theirs.localhost:9229".into())];
        let refused = browser.get(&address).await;
        assert_eq!((refused.status, refused.location()), (400, ""), "{path}");
    }
}
