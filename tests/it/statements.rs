//! How many statements and round trips each operation costs. The table in `docs/performance.md` has the numbers.

use std::collections::BTreeMap;

use keystead::dev::authenticator::Spoil;
use serde_json::json;
use time::Duration;
use totp_rs::{Builder, Secret};

use crate::support::{
    self, Browser, CALLBACK, Counter, ORIGIN, PASSWORD, Person, TestServer, client, config, database,
    functions::{Functions, Reply, arn},
    initiate, pages_client, pool_with, scratch_directory, second_client,
    srp_client::{Client, verifier},
};

/// A server whose statements are counted, and the rows of the table so far.
struct Counted {
    server: TestServer,
    counter: Counter,
    rows: BTreeMap<String, String>,
}

impl Counted {
    async fn start(name: &str, settings: &[&str]) -> Self {
        let options = database().await;
        let directory = scratch_directory(name);
        let counter = Counter::start(&directory, options.get_socket().unwrap(), options.get_port());
        // Fast jobs of others would be counted, too.
        let server = TestServer::on(options.socket(directory), config(settings), std::sync::Arc::default()).await;
        Self { server, counter, rows: BTreeMap::new() }
    }

    /// Notes what was sent since the last call as one step of an operation.
    fn note(&mut self, operation: &str) {
        let sent = self.counter.take();
        let own: Vec<_> = sent.statements.iter().filter(|sql| !is_of_another(sql)).collect();
        if std::env::var_os("SHOW_STATEMENTS").is_some() {
            for sql in &own {
                let words: Vec<_> = sql.split_whitespace().collect();
                eprintln!("{operation}: {}", words.join(" ").chars().take(150).collect::<String>());
            }
        }
        let count = own.len().to_string();
        let known = self.rows.entry(operation.to_owned()).or_default();
        *known = if known.is_empty() { count } else { format!("{known} + {count}") };
    }

    /// Runs something that is not counted.
    fn forget(&self) {
        self.counter.take();
    }
}

/// Whether a statement has nothing to do with a call: it is a job's, or it makes a connection ready that was opened or
/// has been idle, which depends on how busy the machine is.
fn is_of_another(sql: &str) -> bool {
    let jobs = ["FROM outbox", "UPDATE outbox", "user_import_jobs", "upgrade_steps", "job_locks", "auth_events"];
    let connections = ["SHOW transaction_read_only", "SET lock_timeout"];
    jobs.iter().chain(&connections).any(|part| sql.contains(part))
}

fn synced() -> Spoil {
    Spoil { sign_count: Some(0), ..Spoil::default() }
}

async fn passkey_sign_in(counted: &mut Counted, person: &mut Person, row: &str, spoil: &Spoil) -> String {
    counted.forget();
    let (session, options) = person.passkey_challenge().await;
    counted.note(row);
    let credential = person.authenticator.get(&options, ORIGIN, spoil).unwrap();
    counted.forget();
    let answer = person.respond(&session, &credential).await;
    counted.note(row);
    answer.outcome()
}

/// The rows that the document has under a heading: the first cell and the second.
fn documented() -> BTreeMap<String, String> {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md")).unwrap();
    let section = document.split("## Statements").nth(1).expect("a section about statements");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = rows.map(|line| line.split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>());
    cells.filter(|cells| !cells[1].starts_with("--")).map(|cells| (cells[1].clone(), cells[2].clone())).collect()
}

#[tokio::test]
async fn each_operation_costs_the_statements_in_the_document() {
    let (functions, settings) = Functions::listen();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let mut counted = Counted::start("statements", &settings).await;
    let c = &mut counted;
    let mut ada = c.server.signed_in("ada").await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(ada.add_passkey().await);
        ada.authenticator = keystead::dev::authenticator::Authenticator::new();
    }
    let id = ada.add_passkey().await;
    // Everything is done twice: the first time, statements are prepared and what is remembered is read.
    for counts in [false, true] {
        if counts {
            c.rows.clear();
        }
        passkey_sign_in(c, &mut ada, "sign-in with a passkey", &Spoil::default()).await;
        let absent = Spoil { user_present: Some(false), ..synced() };
        passkey_sign_in(c, &mut ada, "sign-in with a passkey, wrong answer", &absent).await;
        c.forget();
        ada.call("ListWebAuthnCredentials", json!({})).await.ok();
        c.note("ListWebAuthnCredentials");
        ada.call("GetUser", json!({})).await.ok();
        c.note("GetUser");
        ada.delete_passkey(&ids.pop().unwrap()).await.ok();
        c.note("DeleteWebAuthnCredential");
        ada.delete_passkey("bm90IHRoZXJl").await.refused();
        c.note("DeleteWebAuthnCredential, no such passkey");
        let tokens = ada.password_sign_in(client(), PASSWORD).await.ok();
        c.note("USER_PASSWORD_AUTH");
        ada.password_sign_in(client(), "Wr0ng-Passw0rd!").await.refused();
        c.note("USER_PASSWORD_AUTH, wrong password");
        ada.password_sign_in(client(), PASSWORD).await.ok();
        c.note("USER_PASSWORD_AUTH after a wrong password");
        let refresh = json!({"REFRESH_TOKEN": tokens["AuthenticationResult"]["RefreshToken"]});
        c.server.call("InitiateAuth", initiate(client(), "REFRESH_TOKEN_AUTH", refresh)).await.ok();
        c.note("REFRESH_TOKEN_AUTH");
        let tokens = ada.password_sign_in(second_client(), PASSWORD).await.ok();
        c.forget();
        let refresh =
            json!({"ClientId": second_client(), "RefreshToken": tokens["AuthenticationResult"]["RefreshToken"]});
        c.server.call("GetTokensFromRefreshToken", refresh).await.ok();
        c.note("GetTokensFromRefreshToken, with rotation");
    }
    for _ in 0..2 {
        for _ in 0..6 {
            ada.password_sign_in(client(), "Wr0ng-Passw0rd!").await.refused();
        }
        c.rows.remove("USER_PASSWORD_AUTH, locked name");
        c.forget();
        ada.password_sign_in(client(), PASSWORD).await.refused();
        c.note("USER_PASSWORD_AUTH, locked name");
        c.server.clock.advance(Duration::hours(1));
        ada.sign_in().await;
    }
    c.server.sessions_on_delete("END_OTHERS").await;
    for _ in 0..2 {
        c.rows.remove("DeleteWebAuthnCredential, END_OTHERS");
        c.forget();
        ada.delete_passkey(&ids.pop().unwrap()).await.ok();
        c.note("DeleteWebAuthnCredential, END_OTHERS");
    }
    assert!(ada.listed().await.contains(&id));
    srp(c).await;
    second_factors(c).await;
    device(c).await;
    trigger(c, &functions).await;
    pages(c).await;
    assert_eq!(c.rows, documented(), "docs/performance.md, section Statements");
}

async fn srp(c: &mut Counted) {
    let flows = json!(["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]);
    let (pool_id, client_id) = pool_with(&c.server, json!({}), json!({"ExplicitAuthFlows": flows})).await;
    c.server.user_in(&pool_id, "ada").await;
    for _ in 0..2 {
        c.rows.remove("USER_SRP_AUTH");
        let proof = Client::new();
        c.forget();
        let parameters = json!({"USERNAME": "ada", "SRP_A": proof.public().to_str_radix(16)});
        let asked = c.server.call("InitiateAuth", initiate(&client_id, "USER_SRP_AUTH", parameters)).await.ok();
        c.note("USER_SRP_AUTH");
        let responses = proof.answer_of(&pool_id, PASSWORD, &asked["ChallengeParameters"]);
        let input = support::respond(&client_id, "PASSWORD_VERIFIER", &asked["Session"], responses);
        c.forget();
        c.server.call("RespondToAuthChallenge", input).await.ok();
        c.note("USER_SRP_AUTH");
    }
}

async fn second_factors(c: &mut Counted) {
    let devices = json!({"ChallengeRequiredOnNewDevice": false, "DeviceOnlyRememberedOnUserPrompt": false});
    let (pool_id, client_id) = pool_with(&c.server, json!({"DeviceConfiguration": devices}), json!({})).await;
    let input = json!({"UserPoolId": pool_id, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    c.server.operator("SetUserPoolMfaConfig", input).await.ok();
    let mut ada = c.server.user_in(&pool_id, "ada").await;
    for _ in 0..2 {
        c.rows.remove("USER_PASSWORD_AUTH, pool with devices");
        c.forget();
        let tokens = ada.password_sign_in(&client_id, PASSWORD).await.ok();
        c.note("USER_PASSWORD_AUTH, pool with devices");
        ada.keep_tokens(&tokens);
    }
    let secret = ada.call("AssociateSoftwareToken", json!({})).await.ok()["SecretCode"].clone();
    let secret = Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let code = |c: &Counted| {
        use keystead::clock::Clock;
        app.generate(c.server.clock.now().unix_timestamp().unsigned_abs()).to_string()
    };
    ada.call("VerifySoftwareToken", json!({"UserCode": code(c)})).await.ok();
    let on = json!({"SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    ada.call("SetUserMFAPreference", on).await.ok();
    for _ in 0..2 {
        c.rows.remove("USER_PASSWORD_AUTH and SOFTWARE_TOKEN_MFA");
        // The code before was used. Then the keys are read again, which happens once a minute.
        c.server.clock.advance(Duration::minutes(1));
        ada.call("GetUser", json!({})).await.ok();
        c.forget();
        let asked = ada.password_sign_in(&client_id, PASSWORD).await.ok();
        c.note("USER_PASSWORD_AUTH and SOFTWARE_TOKEN_MFA");
        let responses = json!({"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": code(c)});
        let input = support::respond(&client_id, "SOFTWARE_TOKEN_MFA", &asked["Session"], responses);
        c.forget();
        c.server.call("RespondToAuthChallenge", input).await.ok();
        c.note("USER_PASSWORD_AUTH and SOFTWARE_TOKEN_MFA");
    }
}

async fn device(c: &mut Counted) {
    const SECRET: &str = "forty random bytes of the device";
    let devices = json!({"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": false});
    let (pool_id, client_id) = pool_with(&c.server, json!({"DeviceConfiguration": devices}), json!({})).await;
    let mut ada = c.server.user_in(&pool_id, "ada").await;
    let tokens = ada.password_sign_in(&client_id, PASSWORD).await.ok();
    ada.keep_tokens(&tokens);
    let metadata = &tokens["AuthenticationResult"]["NewDeviceMetadata"];
    let text = |member: &str| metadata[member].as_str().unwrap().to_owned();
    let (key, group) = (text("DeviceKey"), text("DeviceGroupKey"));
    let input = json!({"DeviceKey": key, "DeviceName": "phone",
        "DeviceSecretVerifierConfig": verifier((&group, &key), SECRET)});
    ada.call("ConfirmDevice", input).await.ok();
    const ROW: &str = "USER_PASSWORD_AUTH with a remembered device";
    for _ in 0..2 {
        c.rows.remove(ROW);
        c.forget();
        let parameters = json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "DEVICE_KEY": key});
        let asked = c.server.call("InitiateAuth", initiate(&client_id, "USER_PASSWORD_AUTH", parameters)).await.ok();
        c.note(ROW);
        let half = Client::new();
        let responses = json!({"USERNAME": "ada", "SRP_A": half.public().to_str_radix(16), "DEVICE_KEY": key});
        let input = support::respond(&client_id, "DEVICE_SRP_AUTH", &asked["Session"], responses);
        c.forget();
        let next = c.server.call("RespondToAuthChallenge", input).await.ok();
        c.note(ROW);
        let mut proof = half.answer((&group, &key), SECRET, &next["ChallengeParameters"]);
        proof["USERNAME"] = json!("ada");
        proof["DEVICE_KEY"] = json!(key);
        let input = support::respond(&client_id, "DEVICE_PASSWORD_VERIFIER", &next["Session"], proof);
        c.forget();
        c.server.call("RespondToAuthChallenge", input).await.ok();
        c.note(ROW);
    }
}

async fn trigger(c: &mut Counted, functions: &Functions) {
    functions.on("after", |_| Reply::Response(json!({})));
    let triggers = json!({"LambdaConfig": {"PostAuthentication": arn("after")}});
    let (pool_id, client_id) = pool_with(&c.server, triggers, json!({})).await;
    let ada = c.server.user_in(&pool_id, "ada").await;
    for _ in 0..2 {
        c.rows.remove("USER_PASSWORD_AUTH, pool with a trigger");
        c.forget();
        ada.password_sign_in(&client_id, PASSWORD).await.ok();
        c.note("USER_PASSWORD_AUTH, pool with a trigger");
    }
}

async fn pages(c: &mut Counted) {
    let query = format!("client_id={}&response_type=code&scope=openid&redirect_uri={CALLBACK}", pages_client());
    let authorize = format!("/oauth2/authorize?{query}");
    const SIGN_IN: &str = "/login: the page, the name, the password";
    for n in 0..2 {
        let name = format!("visitor{n}");
        c.server.user(&name).await;
        let mut browser = Browser::new(&c.server);
        for row in ["/oauth2/authorize, signed in", "/oauth2/token, authorization_code", "/account", SIGN_IN] {
            c.rows.remove(row);
        }
        let first = browser.get(&authorize).await;
        c.forget();
        let page = browser.follow(first).await;
        c.note(SIGN_IN);
        let page = browser.submit(&page, "name", &[("username", &name)]).await;
        c.note(SIGN_IN);
        browser.submit(&page, "password", &[("password", PASSWORD)]).await;
        c.note(SIGN_IN);
        c.forget();
        let code = browser.get(&authorize).await.sent("code").unwrap();
        c.note("/oauth2/authorize, signed in");
        c.forget();
        let answer = browser.exchange(&code).await;
        c.note("/oauth2/token, authorization_code");
        assert_eq!(answer.status, 200, "{}", answer.text);
        c.forget();
        let page = browser.get(&format!("/account?client_id={}", pages_client())).await;
        c.note("/account");
        assert_eq!(page.status, 200);
    }
}
