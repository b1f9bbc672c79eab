//! Keystead with more than it can do: a flood of passwords, five times its rate of everything, ten thousand idle and slow
//! connections. What it answers meanwhile, how fast, with how much memory, and how soon it is itself again. Then what strangers
//! can do to others: see [`honest`].
//!
//! `cargo bench --bench overload`, or with `-- --honest` the last part alone. The flood comes from this process, on the same cores as Keystead and PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

mod honest;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use keystead::{config::Config, operations, random};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle};

use self::support::{
    client::{call, connect},
    load::{self, Target},
    measure::Measured,
    process::Served,
    stage::{Database, Stage},
};

#[derive(Parser)]
struct Options {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Parallel password sign-ins.
    #[arg(long, default_value_t = 500)]
    passwords: usize,
    /// Connections that ask for all they can get, without a pause.
    #[arg(long, default_value_t = 2_000)]
    flood: usize,
    /// Idle and slow connections.
    #[arg(long, default_value_t = 9_900)]
    idle: usize,
    /// Only what strangers do to honest callers.
    #[arg(long)]
    honest: bool,
    #[arg(long, hide = true)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let stage = Stage::start().await;
    let database = stage.database("bench", &options.config).await;
    let targets = load::load(&database.app, &database.pool, &database.client, 20_000, 1_000).await;
    if !options.honest {
        with_more_than_it_can_do(&options, &stage, &database, &targets).await;
    }
    honest::beside_strangers(&stage, &database, &targets, Duration::from_secs(options.seconds)).await;
    database.app.close_connections().await;
    stage.stop().await;
}

async fn with_more_than_it_can_do(options: &Options, stage: &Stage, database: &Database, targets: &[Target]) {
    let served = stage.serve(database, &[]).await;
    let time = Duration::from_secs(options.seconds);
    println!("Token-authorised calls are GetUser on 8 connections, without a pause.\n");
    println!("| while | calls per second | p50 ms | p99 ms | health ms | resident MiB | answers to the flood |");
    println!("|---|---|---|---|---|---|---|");
    look("nothing else", &served, targets, time, None).await;

    // Of a client that hides who exists: every name costs a hash.
    let request = json!({"UserPoolId": database.pool, "ClientName": "flooded", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]});
    let client = operations::create_client(&database.app, request.as_object().unwrap().clone()).await.unwrap().id;
    let flood = Flood::start(served.address, options.passwords, move |n| {
        let parameters = json!({"USERNAME": format!("nobody{n}"), "PASSWORD": "Wrong-Passw0rd"});
        let input = json!({"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters});
        // Refused ones come back after as long as AWS's SDKs wait on average before their first retry.
        ("InitiateAuth", input, Duration::from_millis(500))
    });
    let what = format!("{} parallel password sign-ins", options.passwords);
    look(&what, &served, targets, time, Some(flood)).await;
    look("nothing else, just after", &served, targets, time, None).await;

    let tokens: Vec<Arc<str>> = targets.iter().map(|target| target.token.clone()).collect();
    let flood = Flood::start(served.address, options.flood, move |n| {
        ("ListWebAuthnCredentials", json!({"AccessToken": &*tokens[n % tokens.len()]}), Duration::ZERO)
    });
    let what = format!("{} connections that list without a pause", options.flood);
    look(&what, &served, targets, time, Some(flood)).await;
    println!(
        "\nAfter that flood an answer takes its usual time again {} ms later.\n",
        recovery(&served, targets).await
    );
    look("nothing else, after that", &served, targets, time, None).await;

    let held = hold(served.address, options.idle).await;
    look(&format!("{} idle and slow connections", held.len()), &served, targets, time, None).await;
    drop(held);
    served.stop().await;
}

/// Connections that ask for something as often as they can.
struct Flood {
    over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<BTreeMap<String, usize>>>,
}

impl Flood {
    /// `ask` says what a connection asks for, and how long it waits after a refusal.
    fn start(
        address: SocketAddr,
        connections: usize,
        ask: impl Fn(usize) -> (&'static str, Value, Duration) + Send + Sync + 'static,
    ) -> Self {
        let (over, ask) = (Arc::new(AtomicBool::new(false)), Arc::new(ask));
        let spawn = |n| {
            let (over, ask) = (over.clone(), ask.clone());
            tokio::spawn(async move {
                let mut connection = connect(address).await;
                let (operation, input, pause) = ask(n);
                let mut answers = BTreeMap::new();
                while !over.load(Ordering::Relaxed) {
                    let (status, body) = call(&mut connection, operation, &input).await;
                    let body: Value = body.parse().unwrap_or_default();
                    let code = body["__type"].as_str().map_or_else(|| status.to_string(), ToOwned::to_owned);
                    let refused = code == "TooManyRequestsException";
                    *answers.entry(code).or_default() += 1;
                    if refused {
                        // Up to twice as long, at random, as AWS's SDKs do: not all at the same moment.
                        tokio::time::sleep(pause * u32::from(random::bytes::<1>()[0]) / 128).await;
                    }
                }
                answers
            })
        };
        let tasks = (0..connections).map(spawn).collect();
        Self { over, tasks }
    }

    /// Ends it; how often it was answered how.
    async fn stop(self) -> BTreeMap<String, usize> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        for task in self.tasks {
            for (code, count) in task.await.unwrap() {
                *all.entry(code).or_default() += count;
            }
        }
        all
    }
}

/// Token-authorised calls on a few connections, and health, while something else goes on.
async fn look(what: &str, served: &Served, targets: &[Target], time: Duration, flood: Option<Flood>) {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    let tasks = load::get_user_calls(served.address, targets, time, true);
    let health = health(served.address, time).await;
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let Measured { rate, p50, p99, .. } = Measured::of(took, started.elapsed().as_secs_f64());
    let memory = served.memory("VmRSS");
    let answers = match flood {
        Some(flood) => format!("{:?}", flood.stop().await),
        None => String::new(),
    };
    println!("| {what} | {rate:.0} | {p50:.2} | {p99:.2} | {health} | {memory:.0} | {answers} |");
}

/// The slowest of some looks at /health/ready, and how many of ten said no.
async fn health(address: SocketAddr, time: Duration) -> String {
    let request = support::client::request("GET /health/ready", "", "");
    let (mut slowest, mut no) = (0.0_f64, 0);
    for _ in 0..10 {
        tokio::time::sleep(time / 12).await;
        let mut connection = connect(address).await;
        let at = Instant::now();
        let (status, _) = support::client::exchange(&mut connection, &request).await;
        no += usize::from(status != 200);
        slowest = slowest.max(at.elapsed().as_secs_f64() * 1e3);
    }
    if no == 0 { format!("{slowest:.1}") } else { format!("{slowest:.1} ({no} of 10: not ready)") }
}

/// Milliseconds until ten calls in a row take less than five milliseconds each.
async fn recovery(served: &Served, targets: &[Target]) -> u128 {
    let started = Instant::now();
    let mut connection = connect(served.address).await;
    let mut quick = 0;
    while quick < 10 {
        let at = Instant::now();
        let (status, _) = call(&mut connection, "GetUser", &json!({"AccessToken": &*targets[0].token})).await;
        quick = if status == 200 && at.elapsed() < Duration::from_millis(5) { quick + 1 } else { 0 };
        assert!(started.elapsed() < Duration::from_secs(60), "it does not recover");
    }
    started.elapsed().as_millis()
}

/// Half of them say nothing; half have sent a head and some of a body, and send a byte now and then.
async fn hold(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for n in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if n % 2 == 0 {
            let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\n\
                        Content-Length: 4000\r\n\r\n{\"AccessToken\": \"";
            stream.write_all(head.as_bytes()).await.unwrap();
        }
        held.push(stream);
    }
    held
}
