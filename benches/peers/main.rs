//! Keystead beside what a user would pick instead, in one run, on one PostgreSQL: better-auth with its passkey plugin on
//! Node, and moto's server, which has no passkeys, so that GetUser stands in.
//!
//! `cargo bench --bench peers` installs both, at the versions pinned here, under `target/peers`. Needs Node 20 and Python.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

#[path = "../support/mod.rs"]
mod support;

use std::{
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Parser;
use keystead::config::Config;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use self::support::{
    client::{self, Connection},
    load,
    measure::{Measured, UsedUp, measure},
    process::{Served, free_address},
    stage::{Database, Stage},
};

const USERS: usize = 5_000;

#[derive(Parser)]
struct Options {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections that send requests.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    #[arg(long, hide = true)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

/// What a server came to.
struct Row {
    server: &'static str,
    what: &'static str,
    measured: Measured,
    memory: f64,
    first_answer: Duration,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    install(&work, &here);
    let stage = Stage::start().await;
    let database = stage.database("bench", &options.config).await;
    let outcome = measure_all(&stage, &database, &work, &options).await;
    database.app.close_connections().await;
    stage.stop().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(used_up) => {
            eprintln!("{used_up}; lower --seconds");
            ExitCode::FAILURE
        }
    }
}

async fn measure_all(stage: &Stage, database: &Database, work: &Path, options: &Options) -> Result<(), UsedUp> {
    let better_auth = better_auth(stage, work, options).await?;
    let keystead = keystead(stage, database, options).await?;
    let moto = moto(work, options).await?;
    println!("| server | what | connections | per second | p50 ms | p99 ms | memory MiB | first answer ms |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in better_auth.iter().chain(&moto).chain(&keystead) {
        let Row { server, what, measured: Measured { rate, p50, p99, .. }, memory, first_answer } = row;
        let (connections, first) = (options.connections, first_answer.as_secs_f64() * 1e3);
        println!("| {server} | {what} | {connections} | {rate:.0} | {p50:.2} | {p99:.2} | {memory:.0} | {first:.0} |");
    }
    for (what, peer) in [("delete", &better_auth[0]), ("list", &better_auth[1]), ("GetUser", &moto[0])] {
        let ours = keystead.iter().find(|row| row.what == what).unwrap();
        println!(
            "\n{what}: {:.1} times {}'s rate, p99 {:.1} times lower, memory {:.1} times lower, first answer {:.1} times sooner",
            ours.measured.rate / peer.measured.rate,
            peer.server,
            peer.measured.p99 / ours.measured.p99,
            peer.memory / ours.memory,
            peer.first_answer.as_secs_f64() / ours.first_answer.as_secs_f64(),
        );
    }
    Ok(())
}

fn run(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn install(work: &Path, here: &Path) {
    eprintln!("installing better-auth and moto");
    let node = work.join("better-auth");
    std::fs::create_dir_all(&node).unwrap();
    for file in ["package.json", "package-lock.json", "config.mjs", "server.mjs", "seed.mjs"] {
        std::fs::copy(here.join("better-auth").join(file), node.join(file)).unwrap();
    }
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--silent"]).current_dir(&node));
    let moto = work.join("moto");
    if !moto.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&moto));
    }
    run(Command::new(moto.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(here.join("moto/requirements.txt")));
}

async fn keystead(stage: &Stage, database: &Database, options: &Options) -> Result<Vec<Row>, UsedUp> {
    let Database { app, pool, client, .. } = database;
    eprintln!("measuring Keystead");
    let credentials = USERS * load::PER_USER;
    let mut targets = load::load(app, pool, client, credentials, USERS).await;
    let served = stage.serve(database, &[]).await;
    let time = Duration::from_secs(options.seconds);
    let mut rows = Vec::new();
    for (what, operation) in
        [("GetUser", "GetUser"), ("list", "ListWebAuthnCredentials"), ("delete", "DeleteWebAuthnCredential")]
    {
        let mut requests: Vec<String> = targets
            .iter()
            .map(|target| {
                let mut input = json!({"AccessToken": &*target.token});
                if what == "delete" {
                    input["CredentialId"] = json!(BASE64_URL_SAFE_NO_PAD.encode(&target.id));
                }
                client::cognito_request(operation, &input)
            })
            .collect();
        let measured = drive(&served, options.connections, time, &mut requests, true).await?;
        rows.push(row("Keystead", what, measured, &served));
    }
    targets.clear();
    served.stop().await;
    Ok(rows)
}

async fn better_auth(stage: &Stage, work: &Path, options: &Options) -> Result<Vec<Row>, UsedUp> {
    eprintln!("measuring better-auth");
    let folder = work.join("better-auth");
    let mut db = PgConnection::connect_with(&stage.cluster.connect_options("postgres")).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE better_auth").execute(&mut db).await.unwrap();
    let address = free_address();
    let node = |arguments: &[&str]| {
        let mut command = Command::new("node");
        command
            .args(arguments)
            .current_dir(&folder)
            .env("NODE_ENV", "production")
            .env("DATABASE_URL", stage.url("better_auth"))
            .env("BETTER_AUTH_SECRET", "only-for-this-benchmark-0123456789-abcdefghij")
            .env("BETTER_AUTH_URL", "http://localhost:3000")
            .env("PORT", address.port().to_string());
        command
    };
    run(&mut node(&["server.mjs", "migrate"]));
    let seeded = run(&mut node(&["seed.mjs", &USERS.to_string(), &load::PER_USER.to_string()]));
    let people: Vec<Value> = seeded.lines().map(|line| line.parse().unwrap()).collect();
    let probe = client::request("GET /api/auth/ok", "", "");
    let served = Served::of(node(&["server.mjs"]), address, &probe).await;
    let time = Duration::from_secs(options.seconds);
    let list = |cookie: &str| {
        let headers = format!("Cookie: {cookie}\r\n");
        client::request("GET /api/auth/passkey/list-user-passkeys", &headers, "")
    };
    let delete = |cookie: &str, id: &str| {
        let headers =
            format!("Cookie: {cookie}\r\nOrigin: http://localhost:3000\r\nContent-Type: application/json\r\n");
        client::request("POST /api/auth/passkey/delete-passkey", &headers, &json!({"id": id}).to_string())
    };
    let cookie = |person: &Value| person["cookie"].as_str().unwrap().to_owned();
    let mut lists: Vec<String> = people.iter().cycle().take(200_000).map(|person| list(&cookie(person))).collect();
    let mut deletes: Vec<String> = (0..load::PER_USER)
        .flat_map(|n| people.iter().map(move |person| (person, n)))
        .map(|(person, n)| delete(&cookie(person), person["passkeys"][n].as_str().unwrap()))
        .collect();
    // Its first requests compile its code: they are not counted.
    drive(&served, options.connections, Duration::from_secs(2), &mut lists, true).await?;
    let listed = drive(&served, options.connections, time, &mut lists, true).await?;
    let deleted = drive(&served, options.connections, time, &mut deletes, true).await?;
    let rows = vec![row("better-auth", "delete", deleted, &served), row("better-auth", "list", listed, &served)];
    served.stop().await;
    Ok(rows)
}

async fn moto(work: &Path, options: &Options) -> Result<Vec<Row>, UsedUp> {
    eprintln!("measuring moto");
    let address = free_address();
    let mut command = Command::new(work.join("moto/bin/moto_server"));
    command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]).stderr(Stdio::null());
    let served = Served::of(command, address, &client::request("GET /moto-api/", "", "")).await;
    let call = async |operation: &str, input: Value| -> Value {
        let mut connection = client::connect(address).await;
        let (status, body) = client::exchange(&mut connection, &moto_request(operation, &input)).await;
        assert_eq!(status, 200, "{body}");
        body.parse().unwrap()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pool = text(&call("CreateUserPool", json!({"PoolName": "bench"})).await["UserPool"]["Id"]);
    let flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    let input = json!({"UserPoolId": pool, "ClientName": "bench", "ExplicitAuthFlows": flows});
    let client_id = text(&call("CreateUserPoolClient", input).await["UserPoolClient"]["ClientId"]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"});
    call("AdminCreateUser", input).await;
    let input = json!({"UserPoolId": pool, "Username": "ada", "Password": "Correct-Horse-1", "Permanent": true});
    call("AdminSetUserPassword", input).await;
    let input = json!({"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": "Correct-Horse-1"}});
    let token = text(&call("InitiateAuth", input).await["AuthenticationResult"]["AccessToken"]);
    let mut requests = vec![moto_request("GetUser", &json!({"AccessToken": token})); 100_000];
    // It closes every connection after an answer.
    let measured =
        drive(&served, options.connections, Duration::from_secs(options.seconds), &mut requests, false).await?;
    let rows = vec![row("moto", "GetUser", measured, &served)];
    served.stop().await;
    Ok(rows)
}

fn moto_request(operation: &str, input: &Value) -> String {
    let request = client::cognito_request(operation, input);
    let signature = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, \
                     SignedHeaders=host;x-amz-date;x-amz-target, Signature=0\r\n";
    request.replacen("Content-Type", &format!("{signature}Content-Type"), 1)
}

fn row(server: &'static str, what: &'static str, measured: Measured, served: &Served) -> Row {
    Row { server, what, measured, memory: served.memory("VmHWM"), first_answer: served.first_answer }
}

/// Sends requests, each once, on as many connections; kept ones, or a new one for each request.
async fn drive(
    served: &Served,
    connections: usize,
    time: Duration,
    requests: &mut Vec<String>,
    kept: bool,
) -> Result<Measured, UsedUp> {
    let address = served.address;
    let open = async |_| (client::connect(address).await, address, kept);
    measure(connections, time, requests, open, |(connection, address, kept): &mut (Connection, _, bool), request| {
        Box::pin(async move {
            if !*kept {
                *connection = client::connect(*address).await;
            }
            let (status, body) = client::exchange(connection, request).await;
            assert_eq!(status, 200, "{body}");
        })
    })
    .await
}
