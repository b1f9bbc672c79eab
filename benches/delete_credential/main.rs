//! Keystead over HTTP against the same work straight, side by side in one run: deleting and listing passkeys against the
//! same SQL, signing in against its cryptography alone.
//!
//! `cargo bench --bench delete_credential`; `-- --credentials 100000` for a shorter run. Everything is on one machine:
//! load, Keystead (a process of its own) and PostgreSQL share its cores.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

mod sign_in;
#[path = "../support/mod.rs"]
mod support;

use std::{path::Path, pin::Pin, time::Duration};

use base64::{Engine, prelude::*};
use clap::Parser;
use keystead::{
    clock::{Clock, SystemClock},
    config::Config,
    database::PrivateCluster,
    random,
    store::{self, Connections, audit::Trail},
};
use serde_json::json;

use self::support::{
    client::{Connection, call, connect},
    load::{self, Target},
    measure::{Measured, measure},
    process::Served,
    stage::{Database, Stage},
};

const CONNECTIONS: [usize; 4] = [1, 8, 32, 128];

#[derive(Parser)]
struct Options {
    /// Credentials in the table.
    #[arg(long, default_value_t = 1_000_000)]
    credentials: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Times that each pair is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure one part only.
    #[arg(long)]
    only: Option<Part>,
    #[arg(long, hide = true)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Starts,
    Deletes,
    Lists,
    SignIns,
}

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(options));
}

async fn run(options: Options) {
    let stage = Stage::start().await;
    let time = Duration::from_secs(options.seconds);
    let wanted = |part| options.only.is_none_or(|only| only == part);
    if wanted(Part::Starts) {
        first_answers(&stage.directory.join("first")).await;
    }
    let database = stage.database("bench", &options.config).await;
    let Database { app, pool, client, .. } = &database;
    let cluster = &stage.cluster;
    let connections = options.config.database_connections;
    eprintln!("loading {} credentials", options.credentials);
    let mut targets =
        load::load(app, pool, client, options.credentials, 6_000 * options.seconds as usize * options.rounds).await;
    let served = stage.serve(&database, &[]).await;
    println!(
        "first answer on an existing database: {:.0} ms; resident memory idle: {:.0} MiB\n",
        served.first_answer.as_secs_f64() * 1e3,
        served.memory("VmRSS")
    );
    println!(
        "| what | connections | per second | p50 ms | p99 ms | Keystead's CPU ms | ratio |\n|---|---|---|---|---|---|---|"
    );
    for count in CONNECTIONS.into_iter().filter(|_| wanted(Part::Deletes)) {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            let bare = straight(cluster, count as u32, pool, count, time, &mut targets, delete_straight).await;
            let (over, cpu) = over_http(&served, count, time, &mut targets, delete_served).await;
            rounds.add(bare, over, cpu);
        }
        rounds.print("DELETE straight", "DeleteWebAuthnCredential", count);
    }
    for count in CONNECTIONS.into_iter().filter(|_| wanted(Part::Lists)) {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            // Through one pool, of as many connections as Keystead's.
            let bare = straight(cluster, connections, pool, count, time, &mut targets.clone(), list_straight).await;
            let (over, cpu) = over_http(&served, count, time, &mut targets.clone(), list_served).await;
            rounds.add(bare, over, cpu);
        }
        rounds.print("SELECT straight", "ListWebAuthnCredentials", count);
    }
    let mut people = Vec::new();
    for count in [1, 8, 32].into_iter().filter(|_| wanted(Part::SignIns)) {
        while people.len() < count {
            people.push(sign_in::Person::new(app, pool, people.len()).await);
        }
        let bare = sign_in::cryptography_alone(time / 2);
        println!("| two RSA signatures and one ECDSA verification | | {bare:.0} | | | | |");
        let before = served.cpu_seconds();
        let signed_in = sign_in::measure(&mut people, served.address, client, time).await;
        let cpu = (served.cpu_seconds() - before) * 1e3 / (signed_in.rate * time.as_secs_f64());
        row(
            "sign-in with a passkey (two calls)",
            count,
            &signed_in,
            Some(cpu),
            Some(format!("{:.2}", signed_in.rate / bare)),
        );
    }
    println!("\nresident memory at most: {:.0} MiB", served.memory("VmHWM"));
    served.stop().await;
    app.close_connections().await;
    stage.stop().await;
}

/// The very first start, with a private database to make, and the second.
async fn first_answers(data_dir: &Path) {
    for what in ["very first start (private database made)", "second start (private database started)"] {
        let served = Served::start(data_dir, &[]).await;
        println!("{what}: first answer after {:.0} ms", served.first_answer.as_secs_f64() * 1e3);
        served.stop().await;
    }
}

type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Work on a pool of connections of its own. As many as are used: a pool hands them out in turn, and idle ones have cold
/// caches.
async fn straight(
    cluster: &PrivateCluster,
    pool_size: u32,
    pool: &str,
    connections: usize,
    time: Duration,
    targets: &mut Vec<Target>,
    work: impl for<'a> Fn(&'a mut (Connections, String), &'a Target) -> Work<'a> + Copy + Send + 'static,
) -> Measured {
    let limits = Options::parse().config.database_limits();
    let db = Connections::new(cluster.connect_options("bench"), limits, pool_size);
    let measured = measure(connections, time, targets, async |_| (db.clone(), pool.to_owned()), work).await;
    db.close_all().await;
    measured
}

/// Work over HTTP, and the CPU milliseconds of Keystead for each.
async fn over_http(
    served: &Served,
    connections: usize,
    time: Duration,
    targets: &mut Vec<Target>,
    work: impl for<'a> Fn(&'a mut Connection, &'a Target) -> Work<'a> + Copy + Send + 'static,
) -> (Measured, f64) {
    let before = served.cpu_seconds();
    let measured = measure(connections, time, targets, async |_| connect(served.address).await, work).await;
    let cpu = (served.cpu_seconds() - before) * 1e3 / (measured.rate * time.as_secs_f64());
    (measured, cpu)
}

/// The same measured straight and over HTTP by turns, so that a noisy moment falls on both.
#[derive(Default)]
struct Rounds(Vec<(Measured, Measured, f64)>);

impl Rounds {
    fn add(&mut self, bare: Measured, over_http: Measured, cpu: f64) {
        self.0.push((bare, over_http, cpu));
    }

    /// The round whose ratio is the middle one, and the smallest and the largest ratio.
    fn print(mut self, bare: &str, over_http: &str, connections: usize) {
        let ratio = |(bare, over, _): &(Measured, Measured, f64)| over.rate / bare.rate;
        self.0.sort_unstable_by(|one, other| ratio(one).total_cmp(&ratio(other)));
        let (least, most) = (ratio(&self.0[0]), ratio(&self.0[self.0.len() - 1]));
        let middle = &self.0[self.0.len() / 2];
        row(bare, connections, &middle.0, None, None);
        let range = format!("{:.2} ({least:.2} to {most:.2})", ratio(middle));
        row(over_http, connections, &middle.1, Some(middle.2), Some(range));
    }
}

fn row(what: &str, connections: usize, measured: &Measured, cpu: Option<f64>, ratio: Option<String>) {
    let ratio = ratio.unwrap_or_default();
    let cpu = cpu.map_or_else(String::new, |cpu| format!("{cpu:.3}"));
    let Measured { rate, p50, p99 } = measured;
    println!("| {what} | {connections} | {rate:.0} | {p50:.2} | {p99:.2} | {cpu} | {ratio} |");
}

fn delete_straight<'a>((db, pool): &'a mut (Connections, String), target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let trail = Trail::by_user(SystemClock.now(), random::uuid());
        let mut db = db.acquire().await.unwrap();
        let done =
            store::passkeys::delete(&mut db, pool, target.sub, target.origin_jti, &target.id, &trail).await.unwrap();
        assert!(matches!(done, store::passkeys::Deletion::Done(_)), "{done:?}");
    })
}

fn delete_served<'a>(connection: &'a mut Connection, target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let id = BASE64_URL_SAFE_NO_PAD.encode(&target.id);
        let input = json!({"AccessToken": &*target.token, "CredentialId": id});
        let (status, body) = call(connection, "DeleteWebAuthnCredential", &input).await;
        assert_eq!(status, 200, "{body}");
    })
}

fn list_straight<'a>((db, pool): &'a mut (Connections, String), target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let mut db = db.acquire().await.unwrap();
        let listed = store::passkeys::list_live(&mut db, pool, target.sub, target.origin_jti, None, 21).await.unwrap();
        assert!(listed.is_some());
    })
}

fn list_served<'a>(connection: &'a mut Connection, target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let (status, body) = call(connection, "ListWebAuthnCredentials", &json!({"AccessToken": &*target.token})).await;
        assert_eq!(status, 200, "{body}");
    })
}
