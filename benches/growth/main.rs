//! What a delete costs as the table grows: from ten thousand to ten million credentials, in one run, in rounds, so that
//! a noisy moment does not fall on one size.
//!
//! `cargo bench --bench growth`; `-- --sizes 10000,100000` for a shorter run. `--picture` writes the curve as SVG.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

mod picture;
#[path = "../support/mod.rs"]
mod support;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Parser;
use keystead::config::Config;
use serde_json::json;

use self::support::{
    client,
    load::{self, Target},
    process::{Served, postgres_cpu_seconds},
    stage::{Database, Stage},
};

#[derive(Parser)]
struct Options {
    /// Credentials in the table, of each measurement.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000,10000000")]
    sizes: Vec<usize>,
    /// Times that every size is measured.
    #[arg(long, default_value_t = 8)]
    rounds: usize,
    /// Deletes of one measurement.
    #[arg(long, default_value_t = 1_200)]
    deletes: usize,
    /// Connections that delete.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Where to write the curve.
    #[arg(long)]
    picture: Option<PathBuf>,
    #[arg(long, hide = true)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

/// One size: its database, its server, what may be deleted, and what was measured.
struct Size {
    credentials: usize,
    database: Database,
    served: Served,
    targets: Vec<Target>,
    /// Per delete: microseconds of the clock and of all CPUs in Keystead and PostgreSQL together.
    took: Vec<f64>,
    cpu: Vec<f64>,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let stage = Stage::start().await;
    let mut sizes = Vec::new();
    for credentials in options.sizes {
        eprintln!("loading {credentials} credentials");
        let database = stage.database(&format!("of_{credentials}"), &options.config).await;
        let signed_in = options.rounds * options.deletes / load::PER_USER + 1;
        let served = stage.serve(&database, &[]).await;
        let targets = load::load(&database.app, &database.pool, &database.client, credentials, signed_in).await;
        assert!(targets.len() >= options.rounds * options.deletes, "more deletes than credentials");
        sizes.push(Size { credentials, database, served, targets, took: Vec::new(), cpu: Vec::new() });
    }
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        for size in &mut sizes {
            let batch: Vec<Target> = size.targets.drain(..options.deletes).collect();
            let measured = delete(&stage, &size.served, batch, options.connections).await;
            // The first round opens connections and fills caches.
            if round > 0 {
                size.took.push(measured.0);
                size.cpu.push(measured.1);
            }
        }
    }
    println!("| credentials | µs per delete | µs of CPU per delete | of the smallest |\n|---|---|---|---|");
    let mut points = Vec::new();
    for size in sizes {
        let (took, cpu) = (mean(&size.took), mean(&size.cpu));
        let first = points.first().map_or(cpu, |(_, cpu): &(usize, f64)| *cpu);
        println!("| {} | {took:.0} | {cpu:.0} | {:.2} |", size.credentials, cpu / first);
        points.push((size.credentials, cpu));
        size.served.stop().await;
        size.database.app.close_connections().await;
    }
    if let Some(file) = options.picture {
        std::fs::write(file, picture::curve(&points)).unwrap();
    }
    stage.stop().await;
}

/// The mean: the system counts CPU in hundredths of a second, which is coarse for one round.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Deletes all of these; microseconds per delete, of the clock and of CPU.
async fn delete(stage: &Stage, served: &Served, targets: Vec<Target>, connections: usize) -> (f64, f64) {
    let (targets, next) = (Arc::new(targets), Arc::new(AtomicUsize::new(0)));
    let mut opened = Vec::new();
    for _ in 0..connections {
        opened.push(client::connect(served.address).await);
    }
    let postgres = || postgres_cpu_seconds(stage.cluster.process_id());
    let (before, started) = (served.cpu_seconds() + postgres(), Instant::now());
    let tasks: Vec<_> = opened
        .into_iter()
        .map(|mut connection| {
            let (targets, next) = (targets.clone(), next.clone());
            tokio::spawn(async move {
                while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let id = BASE64_URL_SAFE_NO_PAD.encode(&target.id);
                    let input = json!({"AccessToken": &*target.token, "CredentialId": id});
                    let (status, body) = client::call(&mut connection, "DeleteWebAuthnCredential", &input).await;
                    assert_eq!(status, 200, "{body}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no request fails");
    }
    let per = 1e6 / targets.len() as f64;
    (started.elapsed().as_secs_f64() * per, (served.cpu_seconds() + postgres() - before) * per)
}
