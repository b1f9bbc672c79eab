//! Another pool floods the mail: what the calls of an honest pool take meanwhile, and how long its codes are on their way.
//!
//! `cargo bench --bench mail`. The mail server is a part of this process, on the same cores as Keystead and PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use clap::Parser;
use keystead::{
    app::App,
    config::Config,
    context::{Context, Door},
    factor::AddressAttribute,
    flows::{
        messages::{
            self,
            addresses::Address,
            templates::{MessageContent, Occasion},
        },
        pool_context::PoolContext,
    },
    operations, store,
};
use serde_json::{Map, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use self::support::{
    client::{call, connect},
    load::{self, Signing, Target},
    measure::Measured,
    process::Served,
    stage::Stage,
};

#[derive(Parser)]
struct Options {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Messages of the other pool that wait.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// Milliseconds that the mail server takes for each.
    #[arg(long, default_value_t = 50)]
    mail_milliseconds: u64,
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
    let app = &database.app;
    let targets = load::load(app, &database.pool, &database.client, 20_000, 1_000).await;
    let (smtp, mut arrived) = mail_server(Duration::from_millis(options.mail_milliseconds)).await;
    let served = stage.serve(&database, &[&format!("--smtp-url={smtp}")]).await;
    let honest = verifying_client(app).await;
    let time = Duration::from_secs(options.seconds);
    println!(
        "Token-authorised calls are GetUser on 8 connections, without a pause; codes are those of sign-ups, one by one.\n"
    );
    println!("| while | calls per second | p50 ms | p99 ms | of its usual | a code's way, ms | the longest |");
    println!("|---|---|---|---|---|---|---|");
    let usual = look("nothing else", (&served, &honest, &targets), &mut arrived, time, None).await;
    write_messages(app, options.messages).await;
    let what = format!("{} mails of another pool wait, each takes {} ms", options.messages, options.mail_milliseconds);
    look(&what, (&served, &honest, &targets), &mut arrived, time, Some(usual)).await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").fetch_one(&app.db).await.unwrap();
    println!("\n{left} of them still waited at the end.");
    served.stop().await;
    app.close_connections().await;
    stage.stop().await;
}

/// Token-authorised calls on a few connections, and codes, while something else goes on. Returns the calls' p99.
async fn look(
    what: &str,
    (served, client, targets): (&Served, &str, &[Target]),
    arrived: &mut mpsc::UnboundedReceiver<String>,
    time: Duration,
    usual: Option<f64>,
) -> f64 {
    let started = Instant::now();
    let tasks = load::get_user_calls(served.address, targets, time, false);
    let mut connection = connect(served.address).await;
    let mut ways = Vec::new();
    while started.elapsed() < time {
        let name = format!("honest-{}", keystead::random::uuid());
        let to = format!("{name}@example.com");
        let input = json!({"ClientId": client, "Username": name, "Password": "Passw0rd!",
            "UserAttributes": [{"Name": "email", "Value": to}]});
        let (status, body) = call(&mut connection, "SignUp", &input).await;
        assert_eq!(status, 200, "{body}");
        let at = Instant::now();
        while arrived.recv().await.unwrap() != to {}
        ways.push(at.elapsed().as_secs_f64() * 1e3);
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let Measured { rate, p50, p99, .. } = Measured::of(took, started.elapsed().as_secs_f64());
    let longest = ways.iter().copied().fold(0.0, f64::max);
    let way = Measured::of(ways, 1.0).p50;
    let ratio = usual.map(|usual| format!("{:.2}", p99 / usual)).unwrap_or_default();
    println!("| {what} | {rate:.0} | {p50:.2} | {p99:.2} | {ratio} | {way:.0} | {longest:.0} |");
    p99
}

/// The client of a new pool that verifies addresses.
async fn verifying_client(app: &App) -> String {
    let request = json!({"PoolName": "mail", "AutoVerifiedAttributes": ["email"]});
    let pool = operations::create_pool(app, serde_json::from_value(request).unwrap()).await.unwrap().id;
    let request = json!({"UserPoolId": pool, "ClientName": "mail"});
    operations::create_client(app, request.as_object().unwrap().clone()).await.unwrap().id
}

/// Messages of a pool of their own, as if so many people had signed up at once.
async fn write_messages(app: &App, count: usize) {
    let (pool_id, client) = load::make_pool(app, Signing::Rs256).await;
    load::load(app, &pool_id, &client, load::PER_USER, 0).await;
    let pool = store::pools::find(&app.db, &pool_id).await.unwrap().unwrap();
    let name = uuid::Uuid::from_u128(1).to_string();
    let user = store::users::find(&app.db, &pool_id, &name).await.unwrap().unwrap();
    let metadata = Map::new();
    let request = Context {
        request_id: keystead::random::uuid(),
        operation: "SignUp".into(),
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        door: Door::Api,
        browser: None,
        user_agent: None,
    };
    let context = PoolContext { app, request: &request, pool: &pool, client_id: &client, metadata: &metadata };
    let mut tx = app.db.begin().await.unwrap();
    for n in 0..count {
        let address = Address { attribute: AddressAttribute::Email, value: format!("flood{n}@example.com") };
        let (occasion, source) = (Occasion::Verification, "SignUp");
        let told = MessageContent { occasion, source, username: &name, secret: "123456", stored: None };
        messages::send(&context, &mut tx, &user, &address, told, app.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A mail server that takes so long for each mail; it tells to whom each went.
async fn mail_server(pause: Duration) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let _ = converse(stream, pause, tell).await;
            });
        }
    });
    (url, told)
}

async fn converse(stream: TcpStream, pause: Duration, tell: mpsc::UnboundedSender<String>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    let (mut line, mut to) = (String::new(), String::new());
    while stream.read_line(&mut line).await? > 0 {
        let answer: &[u8] = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 yes\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && stream.read_line(&mut mail).await? > 0 {}
                tokio::time::sleep(pause).await;
                let _ = tell.send(std::mem::take(&mut to));
                b"250 taken\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => b"250 yes\r\n",
        };
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}
