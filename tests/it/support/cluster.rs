//! One private PostgreSQL for the whole test program, with a migrated template that is cloned per test.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use keystead::database::{ClusterSettings, PrivateCluster};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use super::server;

static CLUSTER: OnceCell<PrivateCluster> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

const TEMPLATE: &str = "keystead_template";

/// A fresh database with the test pool in it.
pub async fn database() -> PgConnectOptions {
    let cluster = CLUSTER.get_or_init(start).await;
    let name = format!("t_{}", NEXT.fetch_add(1, Ordering::SeqCst));
    let mut db = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
    let strategy = if db.server_version_num().unwrap() >= 150_000 { "STRATEGY FILE_COPY" } else { "" };
    db.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} {strategy}"))).await.unwrap();
    cluster.connect_options(&name)
}

/// A database without tables.
pub async fn empty_database() -> PgConnectOptions {
    let options = database().await;
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    options
}

/// PostgreSQL's programs.
pub async fn binaries() -> PathBuf {
    CLUSTER.get_or_init(start).await.binaries().to_owned()
}

/// A directory that a private PostgreSQL can use, whoever runs the tests. Not there yet.
pub fn scratch_directory(name: &str) -> PathBuf {
    run_directory().join(format!("{}-{name}", uuid::Uuid::new_v4().simple()))
}

/// Where all runs of this user have their files.
fn base() -> PathBuf {
    std::env::temp_dir().join(format!("keystead-tests-{}", rustix::process::getuid().as_raw()))
}

/// This run's directory. Its lock tells later runs that it is in use; they remove those that are not, beside their tests.
fn run_directory() -> &'static Path {
    static RUN: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (directory, _) = RUN.get_or_init(|| {
        std::thread::spawn(remove_left_behind);
        let id = uuid::Uuid::new_v4().simple().to_string();
        let directory = base().join(format!("run-{}", &id[..8]));
        fs::create_dir_all(&directory).unwrap();
        // Locked before a later run can see it.
        let lock = File::create(directory.join("new-lock")).unwrap();
        lock.lock().unwrap();
        fs::rename(directory.join("new-lock"), directory.join("lock")).unwrap();
        (directory, lock)
    });
    directory
}

/// Removes what runs left behind that have ended.
fn remove_left_behind() {
    for run in fs::read_dir(base()).into_iter().flatten().flatten().map(|entry| entry.path()) {
        // Without a lock it is one that only begins.
        let Ok(lock) = File::open(run.join("lock")) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(&run);
        }
    }
}

fn settings(directory: PathBuf) -> ClusterSettings {
    ClusterSettings {
        directory,
        binaries: None,
        fsync: false,
        max_connections: 400,
        extra: vec![("autovacuum".into(), "off".into())],
    }
}

async fn start() -> PrivateCluster {
    // What the servers under test log is shown for failed tests; KEYSTEAD_LOG changes how much.
    let _ = keystead::telemetry::start(&std::env::var("KEYSTEAD_LOG").unwrap_or_else(|_| "error".into()), false);
    let directory = run_directory().join("cluster");
    fs::create_dir(&directory).unwrap();
    copy(&empty_cluster().await, &directory.join("postgres"));
    let cluster = PrivateCluster::start(settings(directory)).await.unwrap();
    let mut db = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
    db.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}"))).await.unwrap();
    server::fill_template(cluster.connect_options(TEMPLATE)).await;
    cluster
}

/// The files of a cluster that has no databases yet, kept for later runs, which then need no `initdb`.
async fn empty_cluster() -> PathBuf {
    let kept = base().join("empty-cluster");
    if !kept.exists() {
        let made = run_directory().join("new");
        PrivateCluster::start(settings(made.clone())).await.unwrap().stop().await.unwrap();
        // Another run may be first.
        let _ = fs::rename(made.join("postgres"), &kept);
    }
    kept
}

/// Copies a directory with its owners.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(done.success(), "cp: {done}");
}
