//! More than the server can do: it refuses at once, goes on answering, and recovers by itself.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::{
    admission,
    database::{ClusterSettings, PrivateCluster},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    self, Browser, CALLBACK, Person, TestServer, all, client, eventually, initiate, pool_with, scratch_directory,
};

fn tally(outcomes: Vec<String>) -> BTreeMap<String, usize> {
    outcomes.into_iter().fold(BTreeMap::new(), |mut tally, outcome| {
        *tally.entry(outcome).or_default() += 1;
        tally
    })
}

async fn health(server: &TestServer) -> u16 {
    server.http.get(format!("{}/health/ready", server.url)).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn requests_over_the_bound_are_refused_and_the_others_answered() {
    let server =
        TestServer::with(&["--max-requests-in-flight=4", "--max-requests-waiting=8", "--password-memory-kib=8192"])
            .await;
    let ada = server.user("ada").await;
    let flooding = ada.clone();
    let flood = all((0..120).map(move |_| {
        let ada = flooding.clone();
        async move { ada.password_sign_in(client(), support::PASSWORD).await.outcome() }
    }));
    let flood = tokio::spawn(flood);
    for _ in 0..10 {
        assert_eq!(health(&server).await, 200);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let outcomes = tally(flood.await.unwrap());
    assert!(outcomes["OK"] >= 4 && outcomes["TooManyRequestsException"] > 20, "{outcomes:?}");
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    // Every place was given back.
    let metrics = server.metrics().await;
    assert!(metrics.contains("keystead_requests_in_flight 0"), "{metrics}");
    assert_eq!(ada.password_sign_in(client(), support::PASSWORD).await.outcome(), "OK");
    let unbound = TestServer::with(&["--max-requests-in-flight=0"]).await;
    let eve = unbound.user("eve").await;
    assert_eq!(eve.password_sign_in(client(), support::PASSWORD).await.outcome(), "OK");
}

/// Sends the head of a request and some of its body.
async fn half_a_request(server: &TestServer, announced: usize, sent: usize) -> TcpStream {
    half_a_request_from("192.0.2.1", server, announced, sent).await
}

/// The same in the name of an address, where the proxy is trusted.
async fn half_a_request_from(from: &str, server: &TestServer, announced: usize, sent: usize) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AWSCognitoIdentityProviderService.GetUser\r\n\
         X-Forwarded-For: {from}\r\nContent-Length: {announced}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; sent]).await.unwrap();
    stream
}

/// Keeps a connection. One whose bytes arrive beside those of a whole request may itself be the one that is refused, so
/// another follows until none fits in.
fn hold(held: &Mutex<Vec<TcpStream>>, half: TcpStream) {
    held.lock().unwrap().push(half);
}

#[tokio::test]
async fn bytes_of_bodies_are_bounded_and_given_back() {
    let server = TestServer::with(&["--max-body-bytes=262144", "--max-body-bytes-in-flight=300000"]).await;
    let large = || server.call("GetUser", json!({"AccessToken": "a".repeat(200_000)}));
    assert_eq!(large().await.outcome(), "NotAuthorizedException");
    let outcome = async || large().await.outcome();
    let held = Mutex::default();
    eventually("a large body is taken", async || {
        hold(&held, half_a_request(&server, 200_000, 150_000).await);
        outcome().await == "TooManyRequestsException"
    })
    .await;
    // Small requests go on.
    assert_eq!(server.call("GetUser", json!({"AccessToken": "a"})).await.outcome(), "NotAuthorizedException");
    drop(held);
    eventually("a large body is refused", async || outcome().await == "NotAuthorizedException").await;
}

#[tokio::test]
async fn bodies_that_do_not_end_refuse_no_small_ones_and_give_way_to_those_of_others() {
    let bounds = ["--max-body-bytes=262144", "--max-body-bytes-in-flight=300000", "--trusted-proxies=127.0.0.0/8"];
    let server = TestServer::with(&bounds).await;
    let held = Mutex::default();
    let half = || half_a_request_from("203.0.113.1", &server, 200_000, 25_000);
    for _ in 0..12 {
        hold(&held, half().await);
    }
    let sized = |from: &'static str, bytes: usize| {
        call_from(&server, from, "GetUser", json!({"AccessToken": "a".repeat(bytes)}))
    };
    eventually("a large body is taken", async || {
        hold(&held, half().await);
        sized("203.0.113.1", 30_000).await == "TooManyRequestsException"
    })
    .await;
    for from in ["203.0.113.1", "198.51.100.1"] {
        assert_eq!(sized(from, 8_000).await, "NotAuthorizedException", "a small one from {from}");
    }
    assert_eq!(sized("198.51.100.1", 100_000).await, "NotAuthorizedException", "a large one of somebody else");
    drop(held);
}

/// The outcome of a call in the name of an address, where the proxy is trusted.
async fn call_from(server: &TestServer, from: &str, operation: &str, input: Value) -> String {
    server.post(operation, input.to_string(), &[("x-forwarded-for", from)]).await.outcome()
}

/// What a password sign-in with a wrong password asks for.
fn guess(client_id: &str, username: &str) -> Value {
    initiate(client_id, "USER_PASSWORD_AUTH", json!({"USERNAME": username, "PASSWORD": "Wrong-Passw0rd"}))
}

/// A server behind a trusted proxy, whose hashes take a while and come one after another.
async fn slow_to_hash(bounds: &[&str]) -> Arc<TestServer> {
    let slow = [
        "--password-memory-kib=4096",
        "--password-threads=1",
        "--free-password-failures=0",
        "--trusted-proxies=127.0.0.0/8",
    ];
    Arc::new(TestServer::with(&[&slow, bounds].concat()).await)
}

/// Calls without a pause on so many connections, from when the first is answered until this is dropped.
struct Flood(Vec<tokio::task::JoinHandle<()>>);

impl Flood {
    async fn start(
        server: &Arc<TestServer>,
        connections: usize,
        ask: impl Fn(usize) -> (String, &'static str, Value) + Send + Sync + 'static,
    ) -> Self {
        let server = server.clone();
        Self::of(connections, move |n| {
            let (server, (from, operation, input)) = (server.clone(), ask(n));
            async move { drop(call_from(&server, &from, operation, input).await) }
        })
        .await
    }

    /// The same of anything that is asked.
    async fn of<F: Future<Output = ()> + Send + 'static>(
        connections: usize,
        ask: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Self {
        let (ask, (send, mut answered)) = (Arc::new(ask), tokio::sync::mpsc::channel(1));
        let tasks = (0..connections).map(|connection| {
            let (ask, send) = (ask.clone(), send.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    ask(connection + n * connections).await;
                    let _ = send.try_send(());
                }
            })
        });
        let flood = Self(tasks.collect());
        answered.recv().await;
        flood
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test]
async fn a_flood_of_strangers_refuses_no_call_with_a_token() {
    let server = slow_to_hash(&["--max-requests-in-flight=4", "--max-requests-waiting=8"]).await;
    let ada = server.signed_in("ada").await;
    let flood =
        Flood::start(&server, 40, |n| ("203.0.113.1".into(), "InitiateAuth", guess(client(), &format!("nobody{n}"))))
            .await;
    let mut outcomes = Vec::new();
    for _ in 0..10 {
        outcomes.push(ada.call("GetUser", json!({})).await.outcome());
        outcomes.push(ada.delete_passkey("AAAA").await.outcome());
    }
    drop(flood);
    let right = BTreeMap::from([("OK".to_owned(), 10), ("ResourceNotFoundException".to_owned(), 10)]);
    assert_eq!(tally(outcomes), right);
}

#[tokio::test]
async fn waiting_for_a_name_takes_no_place() {
    let server = slow_to_hash(&["--max-requests-in-flight=4", "--max-user-requests-at-work=1"]).await;
    let (ada, eve) = (server.user("ada").await, server.signed_in("eve").await);
    let flood =
        Flood::start(&server, 40, move |_| ("203.0.113.1".into(), "InitiateAuth", guess(client(), &ada.username)))
            .await;
    let mut least = 99.0_f64;
    let mut outcomes = Vec::new();
    for n in 0..10 {
        outcomes.push(eve.call("GetUser", json!({})).await.outcome());
        // Another stranger too, who names somebody else.
        let nobody = guess(client(), &format!("nobody{n}"));
        outcomes.push(call_from(&server, "198.51.100.1", "InitiateAuth", nobody).await);
        let metrics = server.metrics().await;
        let in_flight = metrics.lines().find_map(|line| line.strip_prefix("keystead_requests_in_flight "));
        least = least.min(in_flight.unwrap().parse().unwrap());
    }
    drop(flood);
    let right = BTreeMap::from([("OK".to_owned(), 10), ("NotAuthorizedException".to_owned(), 10)]);
    assert_eq!(tally(outcomes), right);
    assert!(least <= 2.0, "the one whose turn it is, and one that comes or goes: {least}");
}

#[tokio::test]
async fn strangers_who_name_a_subject_do_not_keep_that_user_waiting() {
    let server = slow_to_hash(&["--max-user-requests-at-work=1"]).await;
    let ada = server.signed_in("ada").await;
    let sub = ada.sub.clone();
    let flood =
        Flood::start(&server, 160, move |_| ("203.0.113.1".into(), "InitiateAuth", guess(client(), &sub))).await;
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        outcomes.push(ada.delete_passkey("AAAA").await.outcome());
    }
    // Ada at another address is not yet known, and has to wait, but only for the one in front.
    let password =
        initiate(client(), "USER_PASSWORD_AUTH", json!({"USERNAME": ada.sub, "PASSWORD": support::PASSWORD}));
    for _ in 0..3 {
        outcomes.push(call_from(&server, "198.51.100.1", "InitiateAuth", password.clone()).await);
    }
    drop(flood);
    let right = BTreeMap::from([("OK".to_owned(), 3), ("ResourceNotFoundException".to_owned(), 20)]);
    assert_eq!(tally(outcomes), right);
}

#[tokio::test]
async fn a_flood_of_hashes_refuses_no_sign_in_of_another_pool_or_address() {
    let server = slow_to_hash(&["--password-queue=8"]).await;
    let (pool, other) = support::make_pool(&server).await;
    server.user_in(&pool, "ada").await;
    server.user("eve").await;
    let flood =
        Flood::start(&server, 80, |n| ("203.0.113.1".into(), "InitiateAuth", guess(client(), &format!("nobody{n}"))))
            .await;
    let right = |client: &str, username: &str| {
        initiate(client, "USER_PASSWORD_AUTH", json!({"USERNAME": username, "PASSWORD": support::PASSWORD}))
    };
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(call_from(&server, "203.0.113.1", "InitiateAuth", right(&other, "ada")).await);
        outcomes.push(call_from(&server, "198.51.100.1", "InitiateAuth", right(client(), "eve")).await);
    }
    drop(flood);
    assert_eq!(tally(outcomes), BTreeMap::from([("OK".to_owned(), 10)]));
}

#[tokio::test]
async fn a_flood_of_forms_at_the_pages_of_a_client_with_a_secret_refuses_no_call_of_its_server() {
    let server = slow_to_hash(&["--password-queue=8", "--address-sign-ups-per-minute=0"]).await;
    let settings = json!({"GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let (pool, client) = pool_with(&server, json!({}), settings).await;
    server.user_in(&pool, "ada").await;
    let named = json!({"UserPoolId": pool, "ClientId": client});
    let made = server.operator("DescribeUserPoolClient", named).await.ok();
    let secret = made["UserPoolClient"]["ClientSecret"].as_str().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let hash = BASE64_STANDARD.encode(hmac::sign(&key, format!("ada{client}").as_bytes()));
    let right = initiate(
        &client,
        "USER_PASSWORD_AUTH",
        json!({"USERNAME": "ada", "PASSWORD": support::PASSWORD, "SECRET_HASH": hash}),
    );
    let mut browser = Browser::new(&server);
    browser.headers.push(("x-forwarded-for", "203.0.113.1".into()));
    let page = browser.get(&format!("/signup?client_id={client}")).await;
    let flood = Flood::of(80, move |n| {
        let (mut browser, page) = (browser.clone(), page.clone());
        async move {
            let name = format!("nobody{n}");
            browser.submit(&page, "sign_up", &[("username", name.as_str()), ("password", support::PASSWORD)]).await;
        }
    })
    .await;
    let mut outcomes = Vec::new();
    for _ in 0..10 {
        outcomes.push(call_from(&server, "198.51.100.1", "InitiateAuth", right.clone()).await);
    }
    drop(flood);
    assert!(server.count("users").await > 1, "people sign up by the form");
    assert_eq!(tally(outcomes), BTreeMap::from([("OK".to_owned(), 10)]));
}

#[tokio::test]
async fn a_server_that_refuses_everybody_is_not_ready_until_it_does_no_more() {
    let server = slow_to_hash(&["--max-requests-in-flight=1", "--max-requests-waiting=0"]).await;
    server.user("ada").await;
    assert_eq!(health(&server).await, 200);
    let flood = Flood::start(&server, 20, |n| {
        (format!("10.{}.0.1", n % 200), "InitiateAuth", guess(client(), &format!("nobody{n}")))
    })
    .await;
    let ready = server.says_ready(503).await;
    assert!(ready.contains("every place is taken"), "{ready}");
    let live = server.http.get(format!("{}/health/live", server.url)).send().await.unwrap();
    assert_eq!(live.status(), 200);
    drop(flood);
    assert_eq!(health(&server).await, 503, "not over with the first quiet moment");
    server.says_ready(200).await;
}

#[tokio::test]
async fn who_invents_pools_turns_nobody_away_at_a_pool_that_is_there() {
    let bounds = ["--trusted-proxies=127.0.0.0/8", "--max-requests-in-flight=1", "--max-requests-waiting=8"];
    let server = TestServer::with(&bounds).await;
    let seat = |address: String| server.app.admission.seat(address.parse().unwrap(), "GetUser");
    let answered = seat("192.0.2.1".into());
    answered.clone().scope(admission::sit()).await.unwrap();
    let people: Vec<_> = (1..=8)
        .map(|n| {
            tokio::spawn(seat(format!("198.{n}.0.1")).scope(async {
                admission::concerns_pool(support::pool());
                admission::sit().await
            }))
        })
        .collect();
    support::eventually("all of them wait", async || server.app.admission.waiting() == 8).await;
    let invented: Vec<_> = (0..40)
        .map(|n| {
            let url = format!("{}/us-east-1_Invented{n}/.well-known/jwks.json", server.url);
            let request = server.http.get(url).header("x-forwarded-for", format!("203.{n}.0.1"));
            tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
        })
        .collect();
    let at_once = || invented.iter().filter(|one| one.is_finished()).count();
    support::eventually("those who find no room are refused", async || at_once() >= 32).await;
    // Half the room is for the pool, half for all who ask at none that is known.
    let waiting = people.iter().filter(|one| !one.is_finished()).count();
    assert!(waiting >= 3, "{waiting}");
    drop(answered);
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_seen() {
    let seen = async |server: &TestServer| {
        for n in 0..110 {
            call_from(server, &format!("203.0.113.{n}"), "GetUser", json!({"AccessToken": "a"})).await;
        }
        server.metrics().await
    };
    let documents = TestServer::start().await;
    for n in 0..110 {
        let request = documents.http.get(format!("{}/.well-known/webauthn", documents.url));
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.unwrap();
    }
    let metrics = documents.metrics().await;
    assert!(metrics.contains("\nkeystead_untrusted_proxy 1\n"), "who reads documents comes through it too: {metrics}");
    let metrics = seen(&TestServer::start().await).await;
    assert!(metrics.contains("\nkeystead_untrusted_proxy 1\n"), "{metrics}");
    let metrics = seen(&TestServer::with(&["--trusted-proxies=127.0.0.0/8"]).await).await;
    assert!(metrics.contains("\nkeystead_untrusted_proxy 0\n"), "{metrics}");
}

#[tokio::test]
async fn idle_and_slow_connections_keep_nobody_out() {
    let server = TestServer::with(&["--max-requests-in-flight=2"]).await;
    let ada = server.signed_in("ada").await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let mut held = Vec::new();
    for n in 0..1_500 {
        held.push(match n % 3 {
            0 => TcpStream::connect(&address).await.unwrap(),
            1 => half_a_request(&server, 100, 10).await,
            _ => {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.write_all(b"POST / HTTP/1.1\r\nHost: loc").await.unwrap();
                stream
            }
        });
    }
    for _ in 0..20 {
        ada.call("GetUser", json!({})).await.ok();
    }
    assert_eq!(health(&server).await, 200);
    drop(held);
}

/// A server on a PostgreSQL of its own, and someone signed in.
async fn own_postgres(
    directory: &Path,
    max_connections: u16,
    extra: &[(&str, &str)],
) -> (PrivateCluster, TestServer, Person) {
    let extra = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings =
        ClusterSettings { directory: directory.to_owned(), binaries: None, fsync: true, max_connections, extra };
    let cluster = PrivateCluster::start(settings).await.unwrap();
    let options = cluster.connect_options("postgres");
    support::fill_own(options.clone()).await;
    let config = support::config(&["--database-connections=11", "--request-timeout-seconds=6"]);
    let server = TestServer::on(options, config, Arc::default()).await;
    let (pool, client) = support::make_pool(&server).await;
    let mut ada = server.user_in(&pool, "ada").await;
    ada.sign_in_to(&client).await;
    (cluster, server, ada)
}

#[tokio::test]
async fn a_postgres_without_free_connections_makes_errors_until_it_has_some() {
    let directory = scratch_directory("slots");
    let (cluster, server, ada) = own_postgres(&directory, 16, &[]).await;
    // Keystead's connections are cut and others take their places.
    let options = cluster.connect_options("postgres");
    let mut first = PgConnection::connect_with(&options).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keystead'";
    sqlx::query(cut).execute(&mut first).await.unwrap();
    let mut others = vec![first];
    while let Ok(other) = PgConnection::connect_with(&options).await {
        others.push(other);
    }
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(ada.call("GetUser", json!({})).await.refused());
    }
    let sentence = "500 InternalErrorException: Keystead could not complete the request. Try again; the request ID \
                    finds the cause in the server's log.";
    assert_eq!(outcomes, [sentence; 3]);
    assert_eq!(health(&server).await, 503);
    drop(others);
    let mut outcome = String::new();
    for _ in 0..200 {
        outcome = ada.call("GetUser", json!({})).await.outcome();
        if outcome == "OK" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(outcome, "OK");
    drop(server);
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_postgres_that_stands_still_holds_nobody_for_ever() {
    let directory = scratch_directory("still");
    let (cluster, server, ada) = own_postgres(&directory, 40, &[]).await;
    let signal = |name: &str| {
        let postmaster = cluster.process_id();
        let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(postmaster.to_string()).args(children.split_whitespace());
        assert!(kill.status().unwrap().success());
    };
    signal("STOP");
    let outcomes = all((0..30).map(|_| {
        let ada = ada.clone();
        async move { ada.call("GetUser", json!({})).await.outcome() }
    }));
    let outcomes = tokio::time::timeout(Duration::from_secs(25), outcomes).await;
    signal("CONT");
    assert_eq!(tally(outcomes.expect("all are answered")), BTreeMap::from([("InternalErrorException".into(), 30)]));
    ada.call("GetUser", json!({})).await.ok();
    drop(server);
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

/// Connections that wait for a lock, of this server's database.
const WAIT_FOR_A_LOCK: &str = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[tokio::test]
async fn a_table_that_an_operator_locks_stops_no_call_that_does_not_touch_it() {
    let server = TestServer::with(&["--database-connections=12"]).await;
    let ada = server.signed_in("ada").await;
    let mut operator = PgConnection::connect_with(&server.options()).await.unwrap();
    // As VACUUM FULL and ALTER TABLE do.
    sqlx::raw_sql("BEGIN; LOCK TABLE webauthn_credentials IN ACCESS EXCLUSIVE MODE")
        .execute(&mut operator)
        .await
        .unwrap();
    let asking = ada.clone();
    let lists = tokio::spawn(all((0..40).map(move |_| {
        let ada = asking.clone();
        async move { ada.call("ListWebAuthnCredentials", json!({})).await.outcome() }
    })));
    // A batch waits for the table, and when it gives up its requests take no connection of anybody else.
    let mut most = 0;
    while !lists.is_finished() {
        most = most.max(server.count(WAIT_FOR_A_LOCK).await);
        ada.call("GetUser", json!({})).await.ok();
    }
    assert_eq!(most, 1, "nobody but the batch waits for the table");
    let lists = tally(lists.await.unwrap());
    assert_eq!(lists, BTreeMap::from([("TooManyRequestsException".into(), 40)]));
    sqlx::raw_sql("ROLLBACK").execute(&mut operator).await.unwrap();
    ada.listed().await;
}

#[tokio::test]
async fn calls_that_wait_for_a_locked_table_one_by_one_leave_connections_to_others() {
    let server = TestServer::with(&["--database-connections=12"]).await;
    let ada = server.signed_in("ada").await;
    let mut operator = PgConnection::connect_with(&server.options()).await.unwrap();
    // No batch does what ListDevices asks for: each call waits for the table, with a connection.
    sqlx::raw_sql("BEGIN; LOCK TABLE devices IN ACCESS EXCLUSIVE MODE").execute(&mut operator).await.unwrap();
    let list = || {
        let ada = ada.clone();
        tokio::spawn(async move { ada.call("ListDevices", json!({})).await.outcome() })
    };
    let lists: Vec<_> = (0..12).map(|_| list()).collect();
    eventually("two of three connections wait", async || server.count(WAIT_FOR_A_LOCK).await == 2).await;
    ada.call("GetUser", json!({})).await.ok();
    assert!(!lists.iter().any(|list| list.is_finished()), "it waited for the first of them to give up");
    sqlx::raw_sql("ROLLBACK").execute(&mut operator).await.unwrap();
    for list in lists {
        assert_eq!(list.await.unwrap(), "OK");
    }
}

#[tokio::test]
async fn operations_that_need_a_locked_table_are_refused_without_a_wait_once_it_is_known() {
    let server = TestServer::with(&["--database-connections=12"]).await;
    let ada = server.signed_in("ada").await;
    let mut operator = PgConnection::connect_with(&server.options()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE devices IN ACCESS EXCLUSIVE MODE").execute(&mut operator).await.unwrap();
    let ask = |operation: &'static str, input: Value| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.call(operation, input).await.outcome() })
    };
    let list = || ask("ListDevices", json!({}));
    let get = || ask("GetDevice", json!({ "DeviceKey": "eu_a-b" }));
    // It is known a moment after the first was refused. Until then the second waits, too, and outlasts the first.
    loop {
        let first = list();
        let waits = async || server.count(WAIT_FOR_A_LOCK).await > 0 || first.is_finished();
        eventually("a connection waits", waits).await;
        assert_eq!(get().await.unwrap(), "TooManyRequestsException");
        if !first.is_finished() {
            break;
        }
    }
    // One of the three connections goes on asking. Whoever comes beside it is refused, and GetUser has the others.
    let beside: Vec<_> = (0..6).flat_map(|_| [list(), get()]).collect();
    for call in beside {
        assert_eq!(call.await.unwrap(), "TooManyRequestsException");
        ada.call("GetUser", json!({})).await.ok();
    }
    assert!(server.count(WAIT_FOR_A_LOCK).await <= 1, "no other connection waits");
    sqlx::raw_sql("ROLLBACK").execute(&mut operator).await.unwrap();
    eventually("the table is locked still", async || ada.call("ListDevices", json!({})).await.outcome() == "OK").await;
}

#[tokio::test]
async fn a_users_row_that_is_held_refuses_nothing_of_others() {
    let server = Arc::new(TestServer::with(&["--database-connections=14"]).await);
    for name in ["ada", "eve"] {
        server.user(name).await;
    }
    let update = |name: &'static str| {
        let server = server.clone();
        tokio::spawn(async move {
            let attributes = json!([{"Name": "name", "Value": name}]);
            let input = json!({"UserPoolId": support::pool(), "Username": name, "UserAttributes": attributes});
            server.operator("AdminUpdateUserAttributes", input).await.outcome()
        })
    };
    let mut holder = PgConnection::connect_with(&server.options()).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT FROM users WHERE username = 'ada' FOR UPDATE").execute(&mut holder).await.unwrap();
    // Of those who wait behind others for a row, PostgreSQL does not say which it is, as of those who wait for a table.
    for outcome in [(); 3].map(|()| update("ada")) {
        assert_eq!(outcome.await.unwrap(), "TooManyRequestsException");
    }
    let others: Vec<_> = (0..12).map(|_| update("eve")).collect();
    for outcome in others {
        assert_eq!(outcome.await.unwrap(), "OK");
    }
}

#[tokio::test]
async fn a_database_that_turned_read_only_is_left_and_found_again_when_it_writes() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    assert_eq!(health(&server).await, 200);
    let mut operator = PgConnection::connect_with(&server.options()).await.unwrap();
    let mut turn = async |read_only: &str| {
        let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut operator).await.unwrap();
        let text = format!(
            "SET transaction_read_only = off; ALTER DATABASE {name} SET default_transaction_read_only = {read_only}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut operator).await.unwrap();
        // As a failover ends them.
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'keystead'";
        sqlx::query(cut).execute(&mut operator).await.unwrap();
    };
    turn("on").await;
    assert_eq!(ada.delete_passkey(&id).await.outcome(), "InternalErrorException");
    assert!(server.says_ready(503).await.contains("read-only"));
    assert_eq!(reqwest::get(format!("{}/health/live", server.url)).await.unwrap().status(), 200);
    turn("off").await;
    assert_eq!(ada.delete_passkey(&id).await.outcome(), "OK");
    server.says_ready(200).await;
}

#[tokio::test]
async fn a_postgres_on_a_full_disk_makes_errors_until_there_is_room() {
    if !rustix::process::getuid().is_root() {
        eprintln!("NOT RUN: a small file system to fill can be mounted by root only");
        return;
    }
    let directory = scratch_directory("full");
    std::fs::create_dir(&directory).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=160m", "tmpfs"]).arg(&directory).status();
    assert!(mounted.unwrap().success());
    let sizes = [("min_wal_size", "32MB"), ("max_wal_size", "48MB")];
    let (cluster, server, mut ada) = own_postgres(&directory.join("data"), 40, &sizes).await;
    let kept = ada.add_passkey().await;
    ada.authenticator = Default::default();
    let gone = ada.add_passkey().await;
    let filler = directory.join("filler");
    let fill = |blocks: &str| {
        let dd = Command::new("dd")
            .arg("if=/dev/zero")
            .arg(format!("of={}", filler.display()))
            .args([blocks, "status=none"])
            .output();
        dd.unwrap()
    };
    assert!(!fill("bs=64k").status.success(), "the disk is full now");
    // Something that needs room: the table grows until it cannot.
    let mut outcomes = Vec::new();
    for n in 0..400 {
        let input = json!({"UserPoolId": ada_pool(&server).await, "Username": format!("u{n}"), "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "profile", "Value": "x".repeat(1_900)}]});
        outcomes.push(server.operator("AdminCreateUser", input).await.outcome());
        if outcomes.last().unwrap() != "OK" {
            break;
        }
    }
    let outcomes = tally(outcomes);
    assert!(outcomes.contains_key("InternalErrorException"), "the disk was never felt: {outcomes:?}");
    assert!(outcomes.keys().all(|outcome| outcome == "OK" || outcome == "InternalErrorException"), "{outcomes:?}");
    std::fs::remove_file(&filler).unwrap();
    let mut outcome = String::new();
    for _ in 0..400 {
        outcome = ada.delete_passkey(&gone).await.outcome();
        if outcome != "InternalErrorException" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(outcome, "OK");
    assert_eq!(ada.listed().await, [kept]);
    drop(server);
    cluster.stop().await.unwrap();
    assert!(Command::new("umount").arg("-l").arg(&directory).status().unwrap().success());
    std::fs::remove_dir(directory).unwrap();
}

async fn ada_pool(server: &TestServer) -> String {
    sqlx::query_scalar("SELECT user_pool_id FROM user_pools").fetch_one(&server.db).await.unwrap()
}
