//! What a passkey sign-in takes far from the database.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    sync::mpsc,
};

use crate::{
    sign_in::{Person, UNLIMITED},
    support::{
        measure::Measured,
        stage::{Database, Stage},
    },
};

/// What the proxy adds in each direction.
const DELAY: Duration = Duration::from_millis(5);
/// Sign-ins that prepare the statements, and those that are measured.
const FIRST: usize = 20;
const MEASURED: usize = 50;

/// Prints how long the two calls of a sign-in take with PostgreSQL 10 ms away, in milliseconds and in round trips.
pub async fn print(stage: &Stage, database: &Database) {
    let turns = Arc::<AtomicUsize>::default();
    let port = proxy(stage, turns.clone()).await;
    let user = stage.cluster.connect_options("bench").get_username().to_owned();
    let url = format!("postgres://{user}@127.0.0.1:{port}/{}?sslmode=disable", database.name);
    let round_trip = round_trip(&url).await;
    let served = stage.serve_at(&url, database, UNLIMITED).await;
    let Database { app, pool, client, .. } = database;
    let mut person = Person::new(app, pool, 9_000, client, served.address).await;
    let (mut firsts, mut seconds, mut both) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = 0;
    for n in 0..FIRST + MEASURED {
        if n == FIRST {
            before = turns.load(Ordering::Relaxed);
        }
        let (first, second, _) = person.two_calls().await;
        if n >= FIRST {
            firsts.push(first.as_secs_f64() * 1e3);
            seconds.push(second.as_secs_f64() * 1e3);
            both.push((first + second).as_secs_f64() * 1e3);
        }
    }
    let counted = (turns.load(Ordering::Relaxed) - before) as f64 / MEASURED as f64;
    served.stop().await;
    println!("\nWith a round trip to PostgreSQL of {round_trip:.1} ms (median):\n");
    println!("| call | p50 ms | p99 ms | p50 in round trips |\n|---|---|---|---|");
    for (what, took) in [("InitiateAuth", firsts), ("RespondToAuthChallenge", seconds), ("both", both)] {
        let Measured { p50, p99, .. } = Measured::of(took, 1.0);
        println!("| {what} | {p50:.1} | {p99:.1} | {:.2} |", p50 / round_trip);
    }
    println!("\nThe proxy saw {counted:.1} round trips for each sign-in, with those that no caller waits for.");
}

/// The median of what the smallest statement takes, in milliseconds.
async fn round_trip(url: &str) -> f64 {
    let mut db = PgConnection::connect(url).await.unwrap();
    let mut took = Vec::new();
    for _ in 0..20 {
        let at = Instant::now();
        db.execute(sqlx::raw_sql("SELECT 1")).await.unwrap();
        took.push(at.elapsed().as_secs_f64() * 1e3);
    }
    Measured::of(took, 1.0).p50
}

/// A proxy on loopback that leads to PostgreSQL's socket; its port. What it forwards arrives a moment later, without
/// waiting for what was forwarded before. `turns` counts how often a client spoke after an answer.
async fn proxy(stage: &Stage, turns: Arc<AtomicUsize>) -> u16 {
    let options = stage.cluster.connect_options("bench");
    let socket = options.get_socket().unwrap().join(format!(".s.PGSQL.{}", options.get_port()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            client.set_nodelay(true).unwrap();
            tokio::spawn(connect(client, socket.clone(), turns.clone()));
        }
    });
    port
}

async fn connect(client: tokio::net::TcpStream, socket: PathBuf, turns: Arc<AtomicUsize>) {
    let Ok(server) = UnixStream::connect(socket).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let asked = AtomicBool::new(false);
    let asks = || {
        if !asked.swap(true, Ordering::Relaxed) {
            turns.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = forward(from_client, to_server, asks) => {}
        () = forward(from_server, to_client, || asked.store(false, Ordering::Relaxed)) => {}
    }
}

/// `heard` is called with each piece that is read.
async fn forward(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, heard: impl Fn()) {
    let (sent, mut due) = mpsc::unbounded_channel::<(tokio::time::Instant, Vec<u8>)>();
    let read = async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            heard();
            if sent.send((tokio::time::Instant::now() + DELAY, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((at, bytes)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(read, write);
}
