//! Faults with a checker: many clients use passkeys while Keystead, PostgreSQL, both and the network between them are
//! killed, paused, cut and slowed down; then every passkey's and every session's history must be one that could have
//! happened one call after another.
//!
//! The bounded run and the broken builds run with every `cargo test`. The long one, with its progress shown:
//! `FAULTS=200 OPERATIONS=1000000 cargo test --release --test faults -- --ignored --nocapture`
#![expect(clippy::disallowed_methods, reason = "tests may ask the system for the time and random names")]
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod history;
mod life;
#[expect(dead_code, reason = "other tests use the rest")]
mod proxy;
mod system;
mod workload;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use self::{
    history::{Findings, Recorder},
    system::{Fault, System},
    workload::{Client, User, dice},
};

/// How long a run is: until it has all of these. A slow machine takes longer; it does not see less.
struct Length {
    operations: u64,
    faults: usize,
    /// So many passkeys, and so many sessions.
    lives: usize,
}

struct Report {
    findings: Findings,
    faults: BTreeMap<Fault, usize>,
}

/// Runs clients against a binary through faults, and checks.
async fn run(binary: &Path, variables: &[(&str, &str)], length: Length, faults: &[Fault]) -> Report {
    let mut system = System::start(binary, variables).await;
    let recorder = Recorder::new();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let (mut users, mut clients) = (Vec::new(), Vec::new());
    for n in 0..8 {
        let user = Arc::new(User::new(&system, n % 2, &recorder).await);
        for _ in 0..3 {
            let urls = vec![system.url(0), system.url(1)];
            let client = Client { user: user.clone(), urls, recorder: recorder.clone(), http: http.clone() };
            clients.push(tokio::spawn(client.work(over.clone())));
        }
        users.push(user);
    }
    let mut suffered: BTreeMap<Fault, usize> = BTreeMap::new();
    let mut told = 0;
    loop {
        let count: usize = suffered.values().sum();
        let enough = recorder.operations() >= length.operations && recorder.lives() >= length.lives;
        if enough && count >= length.faults {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200 + dice(400) as u64)).await;
        if count < length.faults {
            // Each kind in turn, so that a short run has them all.
            let fault = faults[count % faults.len()];
            system.suffer(fault, dice(2), Duration::from_millis(100 + dice(900) as u64)).await;
            *suffered.entry(fault).or_default() += 1;
        }
        if recorder.operations() / 20_000 > told {
            told = recorder.operations() / 20_000;
            eprintln!("{} operations, {count} faults", recorder.operations());
        }
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no client fails");
    }
    for user in &users {
        user.record_ended_sessions(&recorder);
    }
    let counted = "SELECT (SELECT count(*) FROM audit_events WHERE event = 'passkey.deleted'),
                          (SELECT count(*) FROM outbox WHERE kind = 'passkey.deleted'),
                          (SELECT count(*) FROM audit_events WHERE event = 'passkey.registered') + $1,
                          (SELECT count(*) FROM webauthn_credentials)";
    let query = sqlx::query_as(counted).bind(users.len() as i64);
    let (deleted, told, registered, left): (i64, i64, i64, i64) =
        query.fetch_one(&mut system.look().await).await.unwrap();
    let mut findings = recorder.check();
    if (deleted, deleted) != (told, registered - left) {
        findings.violations.push(format!(
            "{registered} passkeys were registered and {left} are left, with {deleted} audit rows and {told} outbox rows of deletions"
        ));
    }
    let stray = system.stray_transactions().await;
    if stray > 0 {
        findings.violations.push(format!("{stray} transactions are open that belong to nobody"));
    }
    system.stop().await;
    eprintln!(
        "{} operations on {} passkeys and in {} sessions, {} faults {suffered:?}, {} violations",
        findings.operations,
        findings.passkeys,
        findings.sessions,
        suffered.values().sum::<usize>(),
        findings.violations.len()
    );
    for violation in findings.violations.iter().take(5) {
        eprintln!("violation: {violation}");
    }
    Report { findings, faults: suffered }
}

/// A rolling upgrade and its way back, while people sign in across replicas of both releases. `KEYSTEAD_BEFORE` is the
/// binary of the release before; `tests/upgrade/run` builds it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the binary of the release before: tests/upgrade/run"]
async fn replicas_of_two_releases_answer_each_others_sign_ins() {
    let before = PathBuf::from(std::env::var_os("KEYSTEAD_BEFORE").expect("tests/upgrade/run sets it"));
    let mut system = System::start(&keystead(), &[]).await;
    let recorder = Recorder::new();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let mut users = Vec::new();
    for n in 0..8 {
        users.push(Arc::new(User::new(&system, n % 2, &recorder).await));
    }
    let name = users[0].name.clone();
    system.seal_states(false, &name).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for user in &users {
        for _ in 0..3 {
            let urls = vec![system.url(0), system.url(1)];
            let client = Client { user: user.clone(), urls, recorder: recorder.clone(), http: http.clone() };
            clients.push(tokio::spawn(client.work(over.clone())));
        }
    }
    // Each step is followed by many calls at both replicas.
    let go_on = async |what: &str| {
        let until = recorder.operations() + 1_500;
        let wait = async {
            while recorder.operations() < until {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(300), wait).await.unwrap_or_else(|_| panic!("{what}: no answers"));
        eprintln!("{what}: {} operations", recorder.operations());
    };
    system.replace(0, &before).await;
    system.replace(1, &before).await;
    go_on("the release before").await;
    system.replace(1, &keystead()).await;
    go_on("both releases").await;
    system.replace(0, &keystead()).await;
    go_on("this release, with rows").await;
    system.seal_states(true, &name).await;
    go_on("this release, with sealed states").await;
    system.seal_states(false, &name).await;
    // The clients give up a call after five seconds, so no sealed string is on its way any more.
    tokio::time::sleep(Duration::from_secs(5)).await;
    system.replace(0, &before).await;
    go_on("both releases, on the way back").await;
    system.replace(1, &before).await;
    go_on("the release before again").await;
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no client fails");
    }
    for user in &users {
        user.record_ended_sessions(&recorder);
    }
    let findings = recorder.check();
    system.stop().await;
    eprintln!(
        "{} passkeys, {} sessions, {} violations",
        findings.passkeys,
        findings.sessions,
        findings.violations.len()
    );
    assert_eq!(findings.violations, Vec::<String>::new());
}

fn keystead() -> PathBuf {
    env!("CARGO_BIN_EXE_keystead").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_run_through_every_fault_has_no_violation() {
    let report = run(&keystead(), &[], Length { operations: 2_000, faults: 22, lives: 50 }, &Fault::ALL).await;
    assert!(report.findings.violations.is_empty());
    assert_eq!(report.faults.len(), Fault::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes as long as it is told to"]
async fn a_long_run_has_no_violation() {
    let number = |name: &str, or: u64| std::env::var(name).map_or(or, |text| text.parse().expect("a number"));
    let (operations, faults) = (number("OPERATIONS", 100_000), number("FAULTS", 50) as usize);
    let length = Length { operations, faults, lives: 0 };
    let report = run(&keystead(), &[], length, &Fault::ALL).await;
    assert!(report.findings.violations.is_empty());
}

/// Keystead with what it does wrong built in: the feature `broken`.
fn broken_keystead() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--features", "broken", "--example", "keystead-broken"])
        .env("SQLX_OFFLINE", "true")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success());
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join("debug/examples/keystead-broken")
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_builds_are_caught() {
    let binary = tokio::task::spawn_blocking(broken_keystead).await.unwrap();
    for (what, faults) in [
        // Answered 200 before COMMIT.
        ("answers-early", &[Fault::KeysteadKilled][..]),
        // A session opened without holding the passkey that opened it.
        ("opens-without-lock", &[]),
        // The use of a passkey noted by an upsert.
        ("puts-back", &[]),
        // A sign-in's state that is not marked as used.
        ("forgets-mark", &[]),
        // A connection given back in the middle of its conversation.
        ("keeps-dirty", &[Fault::BeginsHeld]),
    ] {
        // What goes wrong only in a race may take more than one run to show.
        let mut caught = false;
        for longer in 1..=4 {
            let length = Length { operations: 1_500 * longer, faults: faults.len() * longer as usize, lives: 0 };
            // Otherwise the database itself would end what is left open.
            let limit = if what == "keeps-dirty" { "60" } else { "2" };
            let variables = [("KEYSTEAD_BROKEN", what), ("KEYSTEAD_STATEMENT_TIMEOUT_SECONDS", limit)];
            let report = run(&binary, &variables, length, faults).await;
            caught = !report.findings.violations.is_empty();
            if caught {
                break;
            }
        }
        assert!(caught, "{what} was not caught");
    }
}
