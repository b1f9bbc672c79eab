//! What strangers can do to others: calls of honest people that are refused while a flood of one address runs. A trusted proxy
//! names the addresses.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use keystead::{operations, secret::Secret};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Mutex, task::JoinHandle, time::Interval};

use crate::support::{
    client::{call_from, connect},
    load::Target,
    measure::Measured,
    stage::{Database, Stage},
};

/// The address of the flood, and the network of everybody else.
const FLOOD: &str = "203.0.113.1";
const HONEST: &str = "198.51.100";
const PASSWORD: &str = "Right-Passw0rd";

/// A flood: its connections, how many calls a second they make together (`None`: as many as they can), and what they ask for.
struct Flood {
    what: &'static str,
    connections: usize,
    rate: Option<f64>,
    ask: Arc<dyn Fn(usize) -> (&'static str, Value) + Send + Sync>,
}

pub async fn beside_strangers(stage: &Stage, database: &Database, targets: &[Target], time: Duration) {
    // Of a client that hides who exists: every name costs a hash.
    let request = json!({"UserPoolId": database.pool, "ClientName": "honest", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]});
    let client = operations::create_client(&database.app, request.as_object().unwrap().clone()).await.unwrap().id;
    let hash = database.app.passwords.hash(Secret::from(PASSWORD.to_owned())).await.unwrap();
    sqlx::query("UPDATE users SET password_hash = $1, password_set_at = now()")
        .bind(hash)
        .execute(&database.app.db)
        .await
        .unwrap();
    let served = stage.serve(database, &["--trusted-proxies=127.0.0.0/8", "--address-sign-ins-per-minute=0"]).await;
    println!(
        "\nHonest are 8 users with tokens (GetUser and DeleteWebAuthnCredential by turns) and 4 who sign in with passwords.\n"
    );
    println!(
        "| while one address sends | of calls with a token refused | p99 ms | of password sign-ins refused | p99 ms | answers to the flood |"
    );
    println!("|---|---|---|---|---|---|");
    let victim = targets[0].sub.to_string();
    for flood in floods(&client, &victim) {
        let over = Arc::new(AtomicBool::new(false));
        let tasks = start(served.address, &flood, &over);
        look(flood.what, served.address, &client, targets, time, &over, tasks).await;
    }
    let mut held = Vec::new();
    for _ in 0..407 {
        held.push(half_a_body(served.address).await);
    }
    look("407 bodies of 200 KB that do not end", served.address, &client, targets, time, &Arc::default(), Vec::new())
        .await;
    drop(held);
    served.stop().await;
}

fn floods(client: &str, victim: &str) -> Vec<Flood> {
    let guess = |client: &str, name: &str| {
        let parameters = json!({"USERNAME": name, "PASSWORD": "Wrong-Passw0rd"});
        ("InitiateAuth", json!({"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}))
    };
    let (of_victim, name) = (client.to_owned(), victim.to_owned());
    let victims: Arc<dyn Fn(usize) -> (&'static str, Value) + Send + Sync> =
        Arc::new(move |_| guess(&of_victim, &name));
    let (of_many, of_codes) = (client.to_owned(), client.to_owned());
    vec![
        Flood { what: "nothing", connections: 0, rate: None, ask: victims.clone() },
        Flood {
            what: "54 sign-ins per second that name one user",
            connections: 200,
            rate: Some(54.0),
            ask: victims.clone(),
        },
        Flood { what: "23 per second that name a subject", connections: 160, rate: Some(23.0), ask: victims.clone() },
        Flood { what: "sign-ins that name one user, on 300 connections", connections: 300, rate: None, ask: victims },
        Flood {
            what: "sign-ins with random names, on 80 connections",
            connections: 80,
            rate: None,
            ask: Arc::new(move |n| guess(&of_many, &format!("nobody{n}"))),
        },
        Flood {
            what: "ConfirmForgotPassword with random names, on 80 connections",
            connections: 80,
            rate: None,
            ask: Arc::new(move |n| {
                let input = json!({"ClientId": of_codes, "Username": format!("nobody{n}"), "ConfirmationCode": "123456",
                    "Password": "Wrong-Passw0rd"});
                ("ConfirmForgotPassword", input)
            }),
        },
    ]
}

fn start(address: SocketAddr, flood: &Flood, over: &Arc<AtomicBool>) -> Vec<JoinHandle<BTreeMap<String, usize>>> {
    let pace: Option<Arc<Mutex<Interval>>> =
        flood.rate.map(|rate| Arc::new(Mutex::new(tokio::time::interval(Duration::from_secs_f64(1.0 / rate)))));
    let spawn = |connection: usize| {
        let (over, ask, pace, connections) = (over.clone(), flood.ask.clone(), pace.clone(), flood.connections);
        tokio::spawn(async move {
            let mut stream = connect(address).await;
            let mut answers = BTreeMap::new();
            let mut n = connection;
            while !over.load(Ordering::Relaxed) {
                if let Some(pace) = &pace {
                    pace.lock().await.tick().await;
                }
                let (operation, input) = ask(n);
                n += connections;
                let (status, body) = call_from(&mut stream, FLOOD, operation, &input).await;
                *answers.entry(code(status, &body)).or_default() += 1;
            }
            answers
        })
    };
    (0..flood.connections).map(spawn).collect()
}

fn code(status: u16, body: &str) -> String {
    let body: Value = body.parse().unwrap_or_default();
    body["__type"].as_str().map_or_else(|| status.to_string(), ToOwned::to_owned)
}

/// Honest callers for a while: one of them on each connection and at each address.
async fn look(
    what: &str,
    address: SocketAddr,
    client: &str,
    targets: &[Target],
    time: Duration,
    over: &Arc<AtomicBool>,
    flood: Vec<JoinHandle<BTreeMap<String, usize>>>,
) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    let honest = |n: usize, pause: Duration, ask: Box<dyn Fn(usize) -> (&'static str, Value, &'static str) + Send>| {
        tokio::spawn(async move {
            let mut stream = connect(address).await;
            let (mut took, mut refused) = (Vec::new(), 0);
            for turn in 0.. {
                if started.elapsed() >= time {
                    break;
                }
                let (operation, input, right) = ask(turn);
                let at = Instant::now();
                let (status, body) = call_from(&mut stream, &format!("{HONEST}.{n}"), operation, &input).await;
                took.push(at.elapsed().as_secs_f64() * 1e3);
                let code = code(status, &body);
                refused += usize::from(code != right);
                tokio::time::sleep(pause).await;
            }
            (took, refused)
        })
    };
    let with_tokens = (0..8).map(|n| {
        let token = targets[n].token.clone();
        honest(
            n,
            Duration::from_millis(20),
            Box::new(move |turn| match turn % 2 {
                0 => ("GetUser", json!({"AccessToken": &*token}), "200"),
                _ => {
                    let input = json!({"AccessToken": &*token, "CredentialId": "AAAA"});
                    ("DeleteWebAuthnCredential", input, "ResourceNotFoundException")
                }
            }),
        )
    });
    let with_passwords = (8..12).map(|n| {
        let (client, name) = (client.to_owned(), targets[n].sub.to_string());
        honest(
            n,
            Duration::from_millis(250),
            Box::new(move |_| {
                let parameters = json!({"USERNAME": name, "PASSWORD": PASSWORD});
                let input = json!({"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters});
                ("InitiateAuth", input, "200")
            }),
        )
    });
    let (with_tokens, with_passwords): (Vec<_>, Vec<_>) = (with_tokens.collect(), with_passwords.collect());
    let mut cells = Vec::new();
    for tasks in [with_tokens, with_passwords] {
        let (mut took, mut refused) = (Vec::new(), 0);
        for task in tasks {
            let one = task.await.unwrap();
            took.extend(one.0);
            refused += one.1;
        }
        let count = took.len();
        let measured = Measured::of(took, started.elapsed().as_secs_f64());
        cells.push(format!("{refused} of {count} | {:.1}", measured.p99));
    }
    over.store(true, Ordering::Relaxed);
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for task in flood {
        for (code, count) in task.await.unwrap() {
            *answers.entry(code).or_default() += count;
        }
    }
    let answers = if answers.is_empty() { String::new() } else { format!("{answers:?}") };
    println!("| {what} | {} | {answers} |", cells.join(" | "));
}

/// A request whose body stops after four fifths of 200 KB.
async fn half_a_body(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {FLOOD}\r\n\
         X-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\nContent-Length: 200000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Those that are refused are closed.
    let _ = stream.write_all(&vec![b' '; 160_000]).await;
    stream
}
