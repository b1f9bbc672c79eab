//! One private PostgreSQL for the whole test program, with a migrated template that is cloned per test.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use keystead::database::{ClusterSettings, Error, PrivateCluster};
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
    std::env::temp_dir().join(format!("keystead-test-{}-{name}", uuid::Uuid::new_v4().simple()))
}

/// The cluster's directory is kept for the next run, which then needs no `initdb`; parallel runs take the next one.
async fn start() -> PrivateCluster {
    // What the servers under test log is shown for failed tests; KEYSTEAD_LOG changes how much.
    let _ = keystead::telemetry::start(&std::env::var("KEYSTEAD_LOG").unwrap_or_else(|_| "error".into()), false);
    for number in 0.. {
        let settings = ClusterSettings {
            directory: std::env::temp_dir()
                .join(format!("keystead-tests-{}-{number}", rustix::process::getuid().as_raw())),
            binaries: None,
            fsync: false,
            max_connections: 400,
            extra: vec![("autovacuum".into(), "off".into())],
        };
        match PrivateCluster::start(settings).await {
            Ok(cluster) => {
                prepare(&cluster).await;
                return cluster;
            }
            Err(Error::InUse { .. }) if number < 8 => {}
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("the loop returns or panics")
}

async fn prepare(cluster: &PrivateCluster) {
    let mut db = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
    let old: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 't\\_%' OR datname = $1")
            .bind(TEMPLATE)
            .fetch_all(&mut db)
            .await
            .unwrap();
    for name in old {
        db.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    }
    db.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}"))).await.unwrap();
    server::fill_template(cluster.connect_options(TEMPLATE)).await;
}
