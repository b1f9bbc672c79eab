//! The server under test: the real one, on a port of its own, with its own database and a clock that can be moved.

use std::{
    net::TcpListener,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use keystead::{
    app::App,
    clock::{Clock, MovableClock},
    config::Config,
    http,
    jobs::Job,
    operations,
    sealing::SealingKey,
    secret::Secret,
    store,
};
use serde_json::{Value, json};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Answer, Person, database, seeds, target};

/// What every database starts with.
struct Template {
    pool: String,
    client: String,
    second_client: String,
    pages_client: String,
}

static TEMPLATE: OnceLock<Template> = OnceLock::new();

/// The pool that every database starts with: passkeys on, RP ID localhost.
pub fn pool() -> &'static str {
    &TEMPLATE.get().expect("a database was made").pool
}

/// Its public client: every flow that is built, existence hidden.
pub fn client() -> &'static str {
    &TEMPLATE.get().expect("a database was made").client
}

/// Its other client: refresh-token rotation with 10 seconds of grace, existence not hidden.
pub fn second_client() -> &'static str {
    &TEMPLATE.get().expect("a database was made").second_client
}

/// Its client with sign-in pages: public, code and implicit flow, every scope but those of resource servers.
pub fn pages_client() -> &'static str {
    &TEMPLATE.get().expect("a database was made").pages_client
}

/// Where that client's answers go.
pub const CALLBACK: &str = "http://localhost:3000/callback";

/// The password of every test user.
pub const PASSWORD: &str = "Passw0rd!";

const ACCESS_KEY: &str = "AKIATESTTESTTESTTEST";
const OTHER_SECRET: &str = "another-secret-0123456789";
const SECRET_KEY: &str = "test-secret-access-key-0123456789abcdefgh";

/// The settings of a test server: cheap hashes, no per-user budgets, then what the test says.
pub fn config(args: &[&str]) -> Config {
    let defaults = [
        "--password-memory-kib=64",
        "--password-iterations=1",
        "--user-reads-per-second=0",
        "--user-writes-per-second=0",
        "--database-connections=20",
        "--public-url=http://localhost:9229",
        "--password-queue=1000",
        "--address-forms-per-minute=0",
        "--address-sign-ins-per-minute=0",
    ];
    let mut all: Vec<String> = Vec::new();
    for arg in defaults.iter().chain(args) {
        // The last one wins.
        let name = arg.split('=').next().unwrap_or_default();
        all.retain(|other| other.split('=').next() != Some(name));
        all.push((*arg).to_owned());
    }
    Config::of(all)
}

pub struct TestServer {
    pub url: String,
    pub clock: Arc<MovableClock>,
    pub db: PgPool,
    /// What the server runs with, for running jobs by hand.
    pub app: Arc<App>,
    pub http: reqwest::Client,
    options: PgConnectOptions,
    config: Config,
    handle: actix_web::dev::ServerHandle,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with settings, as flags such as `--max-nesting=10`.
    pub async fn with(args: &[&str]) -> Self {
        Self::on(database().await, config(args), Arc::default()).await
    }

    /// A server with settings that only the settings file can say.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&[]);
        change(&mut config);
        Self::on(database().await, config, Arc::default()).await
    }

    /// Another replica: the same database and clock.
    pub async fn replica(&self) -> Self {
        Self::on(self.options.clone(), self.config.clone(), self.clock.clone()).await
    }

    pub async fn on(options: PgConnectOptions, config: Config, clock: Arc<MovableClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send, started) = tokio::sync::oneshot::channel();
        let (server_options, server_config, server_clock) = (options.clone(), config.clone(), clock.clone());
        // A thread of its own: when the test ends, the server's runtime does not end under it.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let db = keystead::cli::connect(&server_config, server_options).await.unwrap();
                let app = Arc::new(App::new(db, server_clock, server_config, sealing()).unwrap());
                app.consult_database().await.unwrap();
                // Tests call the other jobs themselves, at the time that they choose.
                let jobs = [Job::Deliver, Job::DeliverLogs, Job::ImportUsers, Job::WriteAuthEvents];
                let served = app.clone();
                tokio::spawn(async move { keystead::jobs::run(&served, jobs).await });
                let server = http::server(app.clone(), listener).unwrap();
                let _ = send.send((server.handle(), app.clone()));
                server.await.unwrap();
                app.close_connections().await;
            });
        });
        let (handle, app) = started.await.expect("the server starts");
        let db = PgPoolOptions::new().max_connections(4).connect_lazy_with(options.clone());
        Self { url, clock, db, app, http: reqwest::Client::new(), options, config, handle }
    }

    /// Where this server's database is.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// A call without a signature.
    pub async fn call(&self, operation: &str, input: Value) -> Answer {
        let body = input.to_string();
        seeds::keep(operation, &body);
        self.post(operation, body, &[]).await
    }

    /// A call with an operator's signature.
    pub async fn operator(&self, operation: &str, input: Value) -> Answer {
        self.operator_with(operation, input, ACCESS_KEY, SECRET_KEY).await
    }

    pub async fn operator_with(&self, operation: &str, input: Value, access_key: &str, secret: &str) -> Answer {
        let body = input.to_string();
        seeds::keep(operation, &body);
        let headers = signed_headers(&self.url, operation, &body, access_key, secret, self.clock.now().into());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(operation, body, &headers).await
    }

    /// Makes an operator's key of this ID and role, for one pool or for all.
    pub async fn key(&self, access_key: &str, role: &str, pool: Option<&str>) {
        let secret = Secret::from(OTHER_SECRET.to_owned());
        let now = self.clock.now();
        store::operators::put(&self.db, &sealing(), pool, access_key, &secret, role, now).await.unwrap();
    }

    /// A call signed with a key of [`Self::key`].
    pub async fn operator_as(&self, access_key: &str, operation: &str, input: Value) -> Answer {
        self.operator_with(operation, input, access_key, OTHER_SECRET).await
    }

    /// The headers of an operator's call.
    pub fn signed(&self, operation: &str, body: &str) -> Vec<(String, String)> {
        signed_headers(&self.url, operation, body, ACCESS_KEY, SECRET_KEY, self.clock.now().into())
    }

    /// Any body with any headers.
    pub async fn post(&self, operation: &str, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.post(&self.url).header("x-amz-target", target(operation));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/x-amz-json-1.1");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of_operation(operation, request.body(body).send().await.expect("an answer")).await
    }

    /// A confirmed user with a password, not signed in yet.
    pub async fn user(&self, username: &str) -> Person {
        let input = json!({"UserPoolId": pool(), "Username": username, "MessageAction": "SUPPRESS"});
        let sub = self.operator("AdminCreateUser", input).await.ok()["User"]["Attributes"][0]["Value"]
            .as_str()
            .unwrap()
            .to_owned();
        let input = json!({"UserPoolId": pool(), "Username": username, "Password": PASSWORD, "Permanent": true});
        self.operator("AdminSetUserPassword", input).await.ok();
        Person::new(self, username, &sub)
    }

    /// A confirmed user of another pool.
    pub async fn user_in(&self, pool_id: &str, username: &str) -> Person {
        let input = json!({"UserPoolId": pool_id, "Username": username, "MessageAction": "SUPPRESS"});
        self.operator("AdminCreateUser", input).await.ok();
        let input = json!({"UserPoolId": pool_id, "Username": username, "Password": PASSWORD, "Permanent": true});
        self.operator("AdminSetUserPassword", input).await.ok();
        Person::new(self, username, "")
    }

    /// A confirmed user who signed in with the password.
    pub async fn signed_in(&self, username: &str) -> Person {
        let mut person = self.user(username).await;
        person.sign_in().await;
        person
    }

    /// The `n`th message (from 1) that was sent to an address, once it is in the development inbox.
    pub async fn message(&self, to: &str, n: usize) -> String {
        for _ in 0..300 {
            let request = self.http.get(format!("{}/dev/inbox", self.url)).query(&[("to", to)]);
            let inbox: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
            let messages = inbox["messages"].as_array().unwrap();
            if let Some(index) = messages.len().checked_sub(n) {
                return messages[index]["body"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("message {n} to {to} did not come");
    }

    /// The code in the `n`th message (from 1) to an address.
    pub async fn code(&self, to: &str, n: usize) -> String {
        let message = self.message(to, n).await;
        let digits = |word: &&str| word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let words = message.split(|c: char| !c.is_ascii_alphanumeric());
        words.into_iter().find(digits).unwrap_or_else(|| panic!("no code in {message}")).to_owned()
    }

    /// Waits until `/health/ready` answers so, which it may look up a moment late, and returns what it says.
    pub async fn says_ready(&self, status: u16) -> String {
        for _ in 0..3_000 {
            let answer = self.http.get(format!("{}/health/ready", self.url)).send().await.unwrap();
            if answer.status().as_u16() == status {
                return answer.text().await.unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("/health/ready never answered {status}");
    }

    /// What the server counts, as Prometheus reads it.
    pub async fn metrics(&self) -> String {
        self.http.get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// From now on no statement changes or removes more than so many sessions, or removes more users.
    pub async fn allow_small_statements_only(&self, most: u32) {
        let body = "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF (SELECT count(*) FROM gone) > {most} THEN RAISE 'too many rows at once'; END IF; RETURN NULL; END $$;
                    CREATE TRIGGER few AFTER DELETE ON sessions REFERENCING OLD TABLE AS gone
                        FOR EACH STATEMENT EXECUTE FUNCTION few();
                    CREATE TRIGGER few_ended AFTER UPDATE ON sessions REFERENCING OLD TABLE AS gone
                        FOR EACH STATEMENT EXECUTE FUNCTION few();
                    CREATE TRIGGER few AFTER DELETE ON users REFERENCING OLD TABLE AS gone
                        FOR EACH STATEMENT EXECUTE FUNCTION few()";
        self.sql(&body.replace("{most}", &most.to_string())).await;
    }

    /// Runs the job that removes what is not needed any more.
    pub async fn remove_expired(&self) {
        keystead::jobs::remove_expired::once(&self.app).await.unwrap();
    }

    /// How many rows of a table fit a condition.
    pub async fn count(&self, from_where: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {from_where}")))
            .fetch_one(&self.db)
            .await
            .unwrap()
    }

    /// Sets what the deletion of a passkey does to the sessions of its user, in the first pool.
    pub async fn sessions_on_delete(&self, policy: &str) {
        let input = json!({"UserPoolId": pool(), "PasskeyPolicy": {"SessionsOnDelete": policy}});
        self.operator("SetUserPoolPasskeyPolicy", input).await.ok();
    }

    /// The one text that a query finds.
    pub async fn sql_text(&self, query: &str) -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&self.db).await.unwrap()
    }

    pub async fn sql(&self, statement: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&self.db).await.unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub fn sealing() -> SealingKey {
    SealingKey::new(&[7; 32])
}

/// Headers that sign a request as AWS's SDKs do.
pub fn signed_headers(
    url: &str,
    operation: &str,
    body: &str,
    access_key: &str,
    secret: &str,
    at: SystemTime,
) -> Vec<(String, String)> {
    let identity = aws_credential_types::Credentials::new(access_key, secret, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("cognito-idp")
        .time(at)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let target = target(operation);
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let request =
        SignableRequest::new("POST", format!("{url}/"), headers.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Migrates the template and makes the test pool through the server's own doors, then gives it fixed IDs.
pub async fn fill_template(options: PgConnectOptions) {
    store::migrate(&options).await.unwrap();
    let db = PgPoolOptions::new().connect_with(options.clone()).await.unwrap();
    let clock: Arc<MovableClock> = Arc::default();
    let secret = Secret::from(SECRET_KEY.to_owned());
    store::operators::put(&db, &sealing(), None, ACCESS_KEY, &secret, "administrator", clock.now()).await.unwrap();
    let connections = keystead::cli::connect(&config(&[]), options).await.unwrap();
    let app = App::new(connections.clone(), clock, config(&[]), sealing()).unwrap();
    let request = json!({"PoolName": "template",
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}});
    let pool = operations::create_pool(&app, serde_json::from_value(request).unwrap()).await.unwrap().id;
    let make =
        async |request: Value| operations::create_client(&app, request.as_object().unwrap().clone()).await.unwrap().id;
    let client = make(json!({"UserPoolId": pool, "ClientName": "first", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH"]}))
    .await;
    let second_client = make(json!({"UserPoolId": pool, "ClientName": "second",
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}}))
    .await;
    let pages_client = make(json!({"UserPoolId": pool, "ClientName": "pages", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code", "implicit"],
        "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
        "CallbackURLs": [CALLBACK, "http://localhost:3000/other?a=1", "app.example:/done"],
        "LogoutURLs": ["http://localhost:3000/signed-out"]}))
    .await;
    sqlx::query("UPDATE user_pools SET configuration = configuration || $1")
        .bind(json!({"WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "preferred",
            "FactorConfiguration": "SINGLE_FACTOR"}}))
        .execute(&db)
        .await
        .unwrap();
    let template = Template { pool, client, second_client, pages_client };
    assert!(TEMPLATE.set(template).is_ok(), "the template is made once");
    app.close_connections().await;
    db.close().await;
}

/// Migrates an empty database and adds the test operator; no pool.
pub async fn fill_own(options: PgConnectOptions) {
    store::migrate(&options).await.unwrap();
    let db = PgPoolOptions::new().connect_with(options).await.unwrap();
    let secret = Secret::from(SECRET_KEY.to_owned());
    let now = MovableClock::default().now();
    store::operators::put(&db, &sealing(), None, ACCESS_KEY, &secret, "administrator", now).await.unwrap();
    db.close().await;
}

/// A pool with these members, and a public client with these.
pub async fn pool_with(server: &TestServer, mut pool: Value, mut client: Value) -> (String, String) {
    pool["PoolName"] = json!("own");
    let made = server.operator("CreateUserPool", pool).await.ok();
    client["UserPoolId"] = made["UserPool"]["Id"].clone();
    client["ClientName"] = json!("own");
    if client["ExplicitAuthFlows"].is_null() {
        client["ExplicitAuthFlows"] =
            json!(["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    }
    let pool_id = client["UserPoolId"].as_str().unwrap().to_owned();
    let made = server.operator("CreateUserPoolClient", client).await.ok();
    (pool_id, made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned())
}

/// A pool with passkeys and a public client, through the API.
pub async fn make_pool(server: &TestServer) -> (String, String) {
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
    let made = server.operator("CreateUserPool", json!({"PoolName": "own", "Policies": factors})).await.ok();
    let pool = made["UserPool"]["Id"].as_str().unwrap().to_owned();
    let web_authn = json!({"RelyingPartyId": "localhost"});
    let input = json!({"UserPoolId": pool, "WebAuthnConfiguration": web_authn});
    server.operator("SetUserPoolMfaConfig", input).await.ok();
    let flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"];
    let input = json!({"UserPoolId": pool, "ClientName": "own", "ExplicitAuthFlows": flows});
    let made = server.operator("CreateUserPoolClient", input).await.ok();
    (pool, made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned())
}
