//! Sign-ins on the pages of Keystead, as a browser does them, and the codes that an application exchanges for tokens.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use keystead::{app::App, operations, sealing::sha256};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    sign_in::Person,
    support::client::{Answer, exchange_whole, request},
};

const CALLBACK: &str = "http://localhost:3000/callback";
const VERIFIER: &str = "a-verifier-of-this-benchmark-with-more-than-43-characters";

/// A client that has sign-in pages.
pub async fn make_client(app: &App, pool: &str) -> String {
    let request = json!({"UserPoolId": pool, "ClientName": "pages", "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    operations::create_client(app, request.as_object().unwrap().clone()).await.unwrap().id
}

/// A person's browser.
pub struct Browser {
    person: Person,
    client: String,
    cookies: BTreeMap<String, String>,
    /// Codes that were not exchanged yet.
    codes: Vec<String>,
}

pub fn browsers(people: Vec<Person>, client: &str) -> Vec<Browser> {
    let browser = |person| Browser { person, client: client.to_owned(), cookies: BTreeMap::new(), codes: Vec::new() };
    people.into_iter().map(browser).collect()
}

impl Browser {
    /// Signs in with a passkey that names its user, in a browser that was never here: gets the page, then the options
    /// for the passkey, then sends its answer.
    pub async fn sign_in(&mut self) -> Option<Duration> {
        self.cookies.clear();
        let address = self.address("/login");
        let at = Instant::now();
        let page = self.send("GET", &address, &[]).await;
        let mut took = at.elapsed();
        let form_token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let at = Instant::now();
        let made = self.send("POST", &address, &[("form_token", form_token), ("step", "options")]).await;
        took += at.elapsed();
        let made: Value = made.body.parse().unwrap();
        let credential = self.person.assertion(&made["options"]);
        let session = made["session"].as_str().unwrap();
        let fields =
            [("form_token", form_token), ("step", "passkey"), ("session", session), ("credential", &*credential)];
        let at = Instant::now();
        let done = self.send("POST", &address, &fields).await;
        assert!(done.body.contains("code=") || code(&done).is_some(), "{} {}", done.status, done.body);
        Some(took + at.elapsed())
    }

    async fn send(&mut self, method: &str, address: &str, fields: &[(&str, &str)]) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        if !cookies.is_empty() {
            headers = format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if !fields.is_empty() {
            headers.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = request(&format!("{method} {address}"), &headers, &body);
        let answer = exchange_whole(&mut self.person.connection, &request).await;
        assert!(answer.status < 400, "{method} {address}: {} {}", answer.status, answer.body);
        for cookie in answer.header("set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }

    /// The address of a page or of the authorization endpoint, for this client.
    fn address(&self, path: &str) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", &*self.client),
                ("redirect_uri", CALLBACK),
                ("scope", "openid"),
                ("code_challenge", &*challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        format!("{path}?{query}")
    }
}

/// The code in an address that the browser is sent to.
fn code(answer: &Answer) -> Option<String> {
    let location = answer.header("location").next()?;
    Some(location.split("code=").nth(1)?.split('&').next()?.to_owned())
}

/// Gets so many codes for each: a browser that is signed in gets one at once.
pub async fn get_codes(browsers: &mut Vec<Browser>, count: usize) {
    let get = |mut browser: Browser| {
        tokio::spawn(async move {
            browser.sign_in().await;
            let address = browser.address("/oauth2/authorize");
            browser.codes.clear();
            for _ in 0..count {
                let answer = browser.send("GET", &address, &[]).await;
                browser.codes.push(code(&answer).unwrap());
            }
            browser
        })
    };
    let tasks: Vec<_> = browsers.drain(..).map(get).collect();
    for task in tasks {
        browsers.push(task.await.unwrap());
    }
}

/// Exchanges a code for tokens, as the application does; `None` if none is left.
pub async fn exchange_code(browser: &mut Browser) -> Option<Duration> {
    let code = browser.codes.pop()?;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "authorization_code"),
            ("client_id", &*browser.client),
            ("redirect_uri", CALLBACK),
            ("code", &*code),
            ("code_verifier", VERIFIER),
        ])
        .finish();
    let request = request("POST /oauth2/token", "Content-Type: application/x-www-form-urlencoded\r\n", &body);
    let at = Instant::now();
    let answer = exchange_whole(&mut browser.person.connection, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Some(at.elapsed())
}
