//! Migrations beside replicas that run: builds older than the schema, locks that others hold, indexes half built.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::store::{
    migrate,
    migrations::{MIGRATIONS, State, migrate_to, state},
};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use crate::{
    cli::keystead,
    support::{TestServer, database, empty_database, eventually, scratch_directory},
};

/// The number of the next release's migration.
const NEXT: i64 = 9001;

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap()
}

/// The migrations of a next release: this build's, and one more.
pub fn next_release(sql: &str) -> Migrator {
    let mut all: Vec<_> = MIGRATIONS.iter().cloned().collect();
    let no_transaction = sql.starts_with("-- no-transaction");
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    all.push(Migration::new(NEXT, "next".into(), MigrationType::Simple, sql, no_transaction));
    Migrator::with_migrations(all)
}

/// The migrations of a release before: those up to this one.
fn release_before(last: i64) -> Migrator {
    Migrator::with_migrations(MIGRATIONS.iter().filter(|migration| migration.version <= last).cloned().collect())
}

pub async fn run(options: &PgConnectOptions, statement: &str) {
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut db).await.unwrap();
}

pub async fn ask<T>(options: &PgConnectOptions, query: &'static str) -> T
where
    T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
{
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut db).await.unwrap()
}

/// This build's binary with the settings of a deployment on this database.
fn deployed(options: &PgConnectOptions, command: &str) -> Command {
    let url = format!(
        "postgres://{}@localhost:{}/{}?host={}",
        options.get_username(),
        options.get_port(),
        options.get_database().unwrap(),
        options.get_socket().unwrap().display()
    );
    let mut binary = keystead();
    binary.arg(command).env("DATABASE_URL", url).env("KEYSTEAD_SEALING_KEY", BASE64_STANDARD.encode([7; 32]));
    binary.env("KEYSTEAD_PUBLIC_URL", "http://localhost:9229").arg("--data-dir").arg(scratch_directory("deployed"));
    binary
}

fn said(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_build_older_than_the_schema_starts_where_the_migrations_say_so() {
    let options = database().await;
    let newer = format!("-- compatible-with: {}\nALTER TABLE users ADD COLUMN of_the_next_release text", newest());
    migrate_to(&options, &next_release(&newer)).await.unwrap();
    let (fine, doctor) = said(deployed(&options, "doctor"));
    assert!(fine && doctor.contains("ok    migrations: are all applied, and newer ones up to 9001"), "{doctor}");
    let (fine, migrated) = said(deployed(&options, "migrate"));
    assert!(fine, "{migrated}");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut serve = deployed(&options, "serve");
    serve.arg(format!("--listen=127.0.0.1:{port}")).stdout(Stdio::null()).stderr(Stdio::null());
    let _serving = Serving(serve.spawn().unwrap());
    let url = format!("http://127.0.0.1:{port}/health/ready");
    let serves = async || reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200);
    eventually("the older build does not serve", serves).await;
    // The next release, started again, finds nothing to do either.
    migrate_to(&options, &next_release(&newer)).await.unwrap();
}

#[tokio::test]
async fn a_build_that_the_schema_is_too_new_for_says_so_everywhere() {
    let server = TestServer::start().await;
    let options = server.options();
    let newer = format!("-- compatible-with: {NEXT}\nALTER TABLE users ADD COLUMN of_the_next_release text");
    migrate_to(&options, &next_release(&newer)).await.unwrap();
    let why = format!(
        "release {} applied migration 9001, which only builds may run beside that know migration 9001; this one knows {}",
        env!("CARGO_PKG_VERSION"),
        newest()
    );
    for command in ["serve", "migrate", "doctor"] {
        let mut binary = deployed(&options, command);
        if command == "serve" {
            binary.arg("--listen=127.0.0.1:0");
        }
        let (fine, text) = said(binary);
        assert!(!fine && text.contains(&why) && text.contains("too new for this build"), "{command}: {text}");
    }
    let text = server.says_ready(503).await;
    assert!(text.contains("too new for this build"), "{text}");
    assert_eq!(ask::<i64>(&options, "SELECT count(*) FROM _sqlx_migrations WHERE version = 9001").await, 1);
}

#[tokio::test]
async fn a_migration_that_says_nothing_is_for_builds_that_know_it() {
    let options = database().await;
    migrate_to(&options, &next_release("CREATE TABLE later (user_pool_id text PRIMARY KEY)")).await.unwrap();
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    assert!(matches!(state(&mut db).await.unwrap(), State::TooNew(_)));
    // Nor is one that nobody wrote down.
    sqlx::raw_sql("DELETE FROM schema_compatibility WHERE version = 9001").execute(&mut db).await.unwrap();
    assert!(matches!(state(&mut db).await.unwrap(), State::TooNew(_)));
    let refusal = migrate(&options).await.unwrap_err().to_string();
    assert!(refusal.contains("it has migration 9001, which this build does not know"), "{refusal}");
}

#[tokio::test]
async fn an_applied_migration_that_was_edited_is_refused() {
    let options = database().await;
    migrate_to(&options, &next_release("CREATE TABLE later (user_pool_id text PRIMARY KEY)")).await.unwrap();
    let edited = next_release("CREATE TABLE later (user_pool_id text PRIMARY KEY, more text)");
    let refusal = migrate_to(&options, &edited).await.unwrap_err().to_string();
    assert!(refusal.contains("migration 9001 was changed after it had been applied"), "{refusal}");
}

#[tokio::test]
async fn a_schema_of_another_text_than_the_builds_is_told_by_whoever_looks() {
    let server = TestServer::start().await;
    let changed = format!("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = {}", newest());
    server.sql(&changed).await;
    let why = format!("migration {} was changed after it had been applied", newest());
    for command in ["serve", "doctor"] {
        let (fine, text) = said(deployed(&server.options(), command));
        assert!(!fine && text.contains(&why), "{command}: {text}");
    }
    assert!(server.says_ready(503).await.contains("a migration was changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_a_table_lets_requests_pass() {
    let options = empty_database().await;
    migrate_to(&options, &release_before(15)).await.unwrap();
    // A report of an operator's reads users for four seconds.
    let mut report = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM users").execute(&mut report).await.unwrap();
    let started = Instant::now();
    let migrating = tokio::spawn({
        let options = options.clone();
        async move { migrate(&options).await }
    });
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass)";
    eventually("the migration does not wait", async || ask::<bool>(&options, waits).await).await;
    // A request that comes while the migration stands in line for the table. It would wait 2 s at most.
    let request = options.clone().options([("lock_timeout", "2s")]);
    assert_eq!(ask::<i64>(&request, "SELECT count(*) FROM users").await, 0);
    assert!(!migrating.is_finished());
    tokio::time::sleep(Duration::from_secs(4).saturating_sub(started.elapsed())).await;
    report.close().await.unwrap();
    migrating.await.unwrap().unwrap();
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    assert_eq!(state(&mut db).await.unwrap(), State::Current);
}

#[tokio::test]
async fn a_migration_takes_longer_than_statements_may() {
    let options = database().await;
    let name = options.get_database().unwrap();
    run(&options, &format!("ALTER DATABASE {name} SET statement_timeout = '200ms'")).await;
    let longer = "CREATE TABLE later AS SELECT pg_sleep(0.6)::text AS user_pool_id";
    migrate_to(&options, &next_release(longer)).await.unwrap();
}

/// Of a table that grows.
pub const INDEX: &str =
    "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS users_by_next ON users (user_pool_id, status);";
/// Whether it is being built in this database, and can be seen.
const BUILDING: &str = "SELECT EXISTS (SELECT 1 FROM pg_stat_progress_create_index
    WHERE index_relid <> 0 AND datname = current_database())";
pub const VALID: &str = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_by_next'::regclass";

#[tokio::test]
async fn an_index_that_was_half_built_is_dropped_and_built_anew() {
    let options = database().await;
    // A build that waits for an older transaction is cancelled.
    let mut older = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE").execute(&mut older).await.unwrap();
    let mut builder = PgConnection::connect_with(&options).await.unwrap();
    let building = tokio::spawn(async move { sqlx::raw_sql(INDEX).execute(&mut builder).await.map(drop) });
    eventually("it is not built", async || ask::<bool>(&options, BUILDING).await).await;
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index WHERE datname = current_database()";
    run(&options, cancel).await;
    building.await.unwrap().unwrap_err();
    older.close().await.unwrap();
    assert!(!ask::<bool>(&options, VALID).await);
    migrate_to(&options, &next_release(INDEX)).await.unwrap();
    assert!(ask::<bool>(&options, VALID).await);
}

#[tokio::test]
async fn an_index_that_a_killed_replica_still_builds_is_waited_for() {
    let options = database().await;
    let mut older = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE").execute(&mut older).await.unwrap();
    let mut killed = PgConnection::connect_with(&options).await.unwrap();
    let building = tokio::spawn(async move { sqlx::raw_sql(INDEX).execute(&mut killed).await.map(drop) });
    eventually("it is not built", async || ask::<bool>(&options, BUILDING).await).await;
    let migrating = tokio::spawn({
        let options = options.clone();
        async move { migrate_to(&options, &next_release(INDEX)).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    older.close().await.unwrap();
    building.await.unwrap().unwrap();
    let built: i64 = ask(&options, "SELECT 'users_by_next'::regclass::oid::bigint").await;
    migrating.await.unwrap().unwrap();
    assert!(ask::<bool>(&options, VALID).await);
    assert_eq!(ask::<i64>(&options, "SELECT 'users_by_next'::regclass::oid::bigint").await, built);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_built_while_other_replicas_wait_to_migrate() {
    let options = database().await;
    let mut older = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE").execute(&mut older).await.unwrap();
    let replicas: Vec<_> = (0..4)
        .map(|_| {
            let options = options.clone();
            tokio::spawn(async move { migrate_to(&options, &next_release(INDEX)).await })
        })
        .collect();
    // Long enough that all of them want to migrate while the index waits for the older transaction.
    tokio::time::sleep(Duration::from_secs(1)).await;
    older.close().await.unwrap();
    for replica in replicas {
        // They would wait for each other without an end that PostgreSQL sees.
        tokio::time::timeout(Duration::from_secs(20), replica).await.expect("they end").unwrap().unwrap();
    }
    assert!(ask::<bool>(&options, VALID).await);
}

#[tokio::test]
async fn a_replica_that_needs_no_migration_does_not_wait_for_one_that_migrates() {
    let options = database().await;
    let mut other = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT pg_advisory_xact_lock(1802698752)").execute(&mut other).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), migrate(&options)).await.expect("it goes on").unwrap();
    other.close().await.unwrap();
}
