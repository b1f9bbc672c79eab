//! Conversations with the database that are left in the middle: what was answered stays, and nobody inherits them.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use keystead::{
    app::App,
    call::{Call, Head},
    clock::MovableClock,
    context::{Context, Door},
    dev::authenticator::Authenticator,
    operations,
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{self, Person, Proxy, TestServer, config, database, eventually, scratch_directory, sealing};

/// Polls a future so many times at most, then drops it. What it came to, if it ended.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    std::future::poll_fn(move |context| match (left, future.as_mut().poll(context)) {
        (_, Poll::Ready(output)) => Poll::Ready(Some(output)),
        (0, Poll::Pending) => Poll::Ready(None),
        (_, Poll::Pending) => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn call_of(person: &Person, operation: &str, mut input: Value) -> Call {
    input["AccessToken"] = json!(person.access_token);
    Call {
        context: Context {
            request_id: uuid::Uuid::new_v4(),
            operation: operation.into(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            door: Door::Api,
            browser: None,
            user_agent: None,
        },
        access: keystead::operations::access(operation),
        head: Head { method: "POST".into(), uri: "/".into(), headers: Vec::new() },
        body: input.to_string().into(),
        max_nesting: 64,
    }
}

/// No transaction stays open in which nobody says anything.
async fn no_stray_transaction(server: &TestServer) {
    let idle =
        "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%'";
    eventually("a transaction belongs to nobody", async || server.count(idle).await == 0).await;
}

/// Drops an operation at each of its awaits in turn, on a single connection; whatever comes next on it must be kept.
async fn drop_everywhere(make: impl AsyncFn(&mut Person) -> (String, Value)) {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let id = ada.add_passkey().await;
    // One connection for all requests.
    let alone = config(&["--database-connections=10", "--statement-timeout-seconds=60"]);
    let db = keystead::cli::connect(&alone, server.options()).await.unwrap();
    let app = App::new(db, Arc::<MovableClock>::default(), alone, sealing()).unwrap();
    for polls in 0.. {
        assert!(polls < 1_000, "it never ends");
        let (operation, input) = make(&mut ada).await;
        let call = call_of(&ada, &operation, input);
        let ended = dropped_after(polls, operations::call(&app, &call)).await;
        let name = format!("after {polls}");
        let next =
            call_of(&ada, "UpdateWebAuthnCredential", json!({"CredentialId": id, "FriendlyCredentialName": name}));
        operations::call(&app, &next).await.unwrap_or_else(|error| panic!("after {polls} polls: {error:?}"));
        assert_eq!(
            server.count(&format!("webauthn_credentials WHERE friendly_name = '{name}'")).await,
            1,
            "{operation}"
        );
        no_stray_transaction(&server).await;
        if let Some(ended) = ended {
            ended.unwrap();
            assert!(polls > 0, "{operation} awaited nothing");
            break;
        }
    }
    app.close_connections().await;
}

#[tokio::test]
async fn a_deletion_dropped_at_any_await_leaves_nothing_to_the_next() {
    drop_everywhere(async |ada| {
        ada.authenticator = Authenticator::new();
        let id = ada.add_passkey().await;
        ("DeleteWebAuthnCredential".into(), json!({"CredentialId": id}))
    })
    .await;
}

#[tokio::test]
async fn a_transaction_dropped_at_any_await_leaves_nothing_to_the_next() {
    drop_everywhere(async |_| {
        let name = uuid::Uuid::new_v4().simple().to_string();
        ("UpdateUserAttributes".into(), json!({"UserAttributes": [{"Name": "name", "Value": name}]}))
    })
    .await;
}

/// A server whose way to PostgreSQL is a proxy, with one connection for all requests.
struct Behind {
    proxy: Proxy,
    server: TestServer,
    /// Two people with a passkey each, who talk to that server.
    people: [(Person, String); 2],
    /// A way past the proxy.
    db: PgConnection,
}

async fn behind_proxy(name: &str, settings: &[&str]) -> Behind {
    let usual = TestServer::start().await;
    let options = usual.options();
    let directory = scratch_directory(name);
    let proxy = Proxy::start(directory.clone(), options.get_socket().unwrap(), options.get_port());
    let settings: Vec<&str> = settings.iter().copied().chain(["--database-connections=10"]).collect();
    let server = TestServer::on(options.clone().socket(directory), config(&settings), Arc::default()).await;
    let mut people = Vec::new();
    for name in ["ada", "eve"] {
        let mut person = usual.signed_in(name).await;
        let id = person.add_passkey().await;
        people.push((person.at(&server), id));
    }
    let db = PgConnection::connect_with(&options).await.unwrap();
    Behind { proxy, server, people: people.try_into().unwrap_or_else(|_| unreachable!()), db }
}

async fn name_of(db: &mut PgConnection, id: &str) -> String {
    let id = BASE64_URL_SAFE_NO_PAD.decode(id).unwrap();
    let query = "SELECT friendly_name FROM webauthn_credentials WHERE credential_id = $1";
    sqlx::query_scalar(query).bind(id).fetch_one(db).await.unwrap()
}

fn rename(person: &Person, id: &str, name: &str) -> impl Future<Output = support::Answer> + use<> {
    let (person, input) = (person.clone(), json!({"CredentialId": id, "FriendlyCredentialName": name}));
    async move { person.call("UpdateWebAuthnCredential", input).await }
}

#[tokio::test]
async fn work_that_outlives_its_caller_runs_to_its_end_and_lends_nobody_its_transaction() {
    let Behind { proxy, server: _server, people, mut db } =
        behind_proxy("late", &["--request-timeout-seconds=3"]).await;
    let [(ada, of_ada), (eve, of_eve)] = people;
    proxy.hold(&["BEGIN"], Duration::from_secs(6), 1);
    let late = rename(&ada, &of_ada, "late").await;
    assert_eq!((late.outcome().as_str(), proxy.left_to_hold()), ("InternalErrorException", 0));
    // On the same connection, as soon as it is free.
    eventually("eve is not answered", async || rename(&eve, &of_eve, "answered").await.outcome() == "OK").await;
    assert_eq!(name_of(&mut db, &of_eve).await, "answered");
    // A refusal rolls its transaction back: nothing of anybody else.
    rename(&ada, "bm9uZQ", "refused").await.refused();
    assert_eq!(name_of(&mut db, &of_eve).await, "answered");
    assert_eq!(name_of(&mut db, &of_ada).await, "late");
}

#[tokio::test]
async fn work_that_does_not_end_is_given_up_with_its_connection() {
    let limits = ["--request-timeout-seconds=1", "--statement-timeout-seconds=1"];
    let Behind { proxy, server, people, mut db } = behind_proxy("stuck", &limits).await;
    let [(ada, of_ada), (eve, of_eve)] = people;
    for words in [&["BEGIN"], &["COMMIT"]] {
        proxy.hold(words, Duration::from_secs(60), 1);
        assert_eq!(rename(&ada, &of_ada, "stuck").await.outcome(), "InternalErrorException");
        eventually("eve is not answered", async || rename(&eve, &of_eve, words[0]).await.outcome() == "OK").await;
        assert_eq!(name_of(&mut db, &of_eve).await, words[0]);
        rename(&eve, "bm9uZQ", "refused").await.refused();
        assert_eq!(name_of(&mut db, &of_eve).await, words[0]);
        no_stray_transaction(&server).await;
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_of_begin_lends_nobody_its_transaction() {
    let Behind { proxy, server: _server, people, mut db } = behind_proxy("hung-up", &[]).await;
    let [(ada, of_ada), (eve, of_eve)] = people;
    proxy.hold(&["BEGIN"], Duration::from_secs(2), 1);
    let caller = tokio::spawn(rename(&ada, &of_ada, "hung up"));
    eventually("it does not begin", async || proxy.left_to_hold() == 0).await;
    caller.abort();
    rename(&eve, &of_eve, "answered").await.ok();
    rename(&eve, "bm9uZQ", "refused").await.refused();
    assert_eq!(name_of(&mut db, &of_eve).await, "answered");
    assert_eq!(name_of(&mut db, &of_ada).await, "hung up");
}

#[tokio::test]
async fn when_one_connection_falls_silent_none_that_waits_is_believed() {
    let options = database().await;
    let directory = scratch_directory("silent");
    let proxy = Proxy::start(directory.clone(), options.get_socket().unwrap(), options.get_port());
    let server = TestServer::on(options.socket(directory), config(&[]), Arc::default()).await;
    let ada = server.signed_in("ada").await;
    // Every connection of requests is open.
    support::all((0..30).map(|_| {
        let ada = ada.clone();
        async move { ada.call("GetUser", json!({})).await.ok() }
    }))
    .await;
    assert!(server.app.db.idle() > 5, "only {} wait", server.app.db.idle());
    // Longer than a connection is believed without a test.
    tokio::time::sleep(Duration::from_millis(200)).await;
    proxy.fall_silent();
    // One who asks alone would find out each of them in turn, a second apiece.
    let started = std::time::Instant::now();
    ada.call("GetUser", json!({})).await.ok();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_machine_that_vanishes_before_commit_does_not_hold_a_user_s_rows() {
    let Behind { proxy, server, people, .. } = behind_proxy("vanished", &["--statement-timeout-seconds=1"]).await;
    let [(ada, of_ada), _] = people;
    proxy.hold(&["UPDATE webauthn_credentials"], Duration::from_secs(5), 1);
    let last_words = tokio::spawn(rename(&ada, &of_ada, "never"));
    eventually("it is not sent", async || proxy.left_to_hold() == 0).await;
    // The server has done it, and hears no more of it.
    proxy.vanish();
    let replica =
        TestServer::on(server.options().socket(database().await.get_socket().unwrap()), config(&[]), Arc::default())
            .await;
    let ada = ada.at(&replica);
    eventually("its rows are still held", async || ada.delete_passkey(&of_ada).await.outcome() == "OK").await;
    last_words.abort();
}
