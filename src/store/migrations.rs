//! The schema's migrations. The first replica that needs them applies them, while replicas of other releases keep
//! serving requests (`docs/decisions/0036-migrations-beside-running-replicas.md`).
//!
//! Comments at the top of a migration say how it runs, and which builds may run beside it:
//!
//! - `-- no-transaction`, as the first line: for an index on a table that grows. The index is built concurrently, so
//!   the migration must be a single statement.
//! - `-- compatible-with: <number>`: builds that know the migration with this number, or a later one, may run on the
//!   schema that this migration makes. Without the line, only builds that know this migration itself may.
//!
//! The queries here run before the tables exist, or on the library's own table. So most of them are not checked at
//! compile time.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgExecutor,
    migrate::{Migrate, MigrateError, Migration, Migrator},
    postgres::PgConnectOptions,
};

/// The migrations of this build.
///
/// [`migrate`] applies them itself instead of calling [`Migrator::run`], for two reasons. The library's lock belongs to
/// a connection: behind PgBouncer it would be taken on one connection and released on another. And the library refuses
/// a database that is newer than the build.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The table in which the library records which migrations were applied.
const TABLE: &str = "_sqlx_migrations";
/// The advisory lock that a replica holds while it applies migrations.
const LOCK: i64 = 0x6b73_0000;
/// How many times a migration is tried while other transactions hold a lock that it needs.
const ATTEMPTS: u32 = 20;
/// The pause between these attempts. In the pause, the statements that queued behind the migration run.
const PAUSE: Duration = Duration::from_secs(2);
/// The pause between two checks of whether another replica is done.
const LOOK: Duration = Duration::from_millis(250);

/// How the database's schema relates to a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// All migrations of the build are applied, and no others.
    Current,
    /// All migrations of the build are applied, and also migrations of a newer release. The build may run on the
    /// resulting schema. Holds the number of the newest migration.
    Newer(i64),
    /// Migrations that the build does not know are applied, and the build must not run on the resulting schema. Holds
    /// the reason, in words.
    TooNew(String),
    /// At least one migration of the build is not applied.
    Missing,
    /// A migration of the build was applied with different content. Holds the number of the migration.
    Changed(i64),
}

/// Why a database's schema was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it has tables of another program; give Keystead an empty one")]
    Foreign,
    #[error("the database's schema is too new for this build: {0}")]
    TooNew(String),
    #[error("migration {0} was changed after it had been applied")]
    Changed(i64),
    #[error(
        "migration {0} did not get its lock in {ATTEMPTS} attempts: a transaction holds a table that it changes (see \
         pg_stat_activity); end that one and start again"
    )]
    Locked(i64),
    #[error(
        "migration {0} builds an index and was cancelled, as by a statement_timeout: run `keystead migrate` with a \
         database-url that leads to PostgreSQL itself and not to a pooler"
    )]
    Cancelled(i64),
    #[error("migration {0}: {1}")]
    Failed(i64, #[source] sqlx::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// An applied migration, with what `schema_compatibility` says about other builds.
#[derive(sqlx::FromRow)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
    compatible_with: Option<i64>,
    release: Option<String>,
}

const APPLIED: &str = "SELECT version, checksum, compatible_with, release FROM _sqlx_migrations
                       LEFT JOIN schema_compatibility USING (version) WHERE success";

/// Returns how the database's schema relates to this build.
pub async fn state(db: impl PgExecutor<'_>) -> sqlx::Result<State> {
    let applied = sqlx::query_as(APPLIED).fetch_all(db).await;
    Ok(none_without_table(applied)?.map_or(State::Missing, |applied| judge(&MIGRATIONS, &applied)))
}

/// Whether this build may work on the database's schema. Fails if the database does not respond.
pub async fn is_current(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    Ok(matches!(state(db).await?, State::Current | State::Newer(_)))
}

/// Brings the database's schema up to date. Several replicas may do so at once, while replicas of the previous release
/// keep running.
///
/// The database of another program is left alone. Migrations begin only in an empty database: one without tables, apart
/// from those of extensions.
pub async fn migrate(options: &PgConnectOptions) -> Result<(), Error> {
    migrate_to(options, &MIGRATIONS).await
}

/// Like [`migrate`], for a build that has the migrations `own`.
pub async fn migrate_to(options: &PgConnectOptions, own: &Migrator) -> Result<(), Error> {
    let mut db = connect(options).await?;
    // Usually everything is done already. Then this does not wait for the lock: another replica may hold it for hours
    // while it builds an index.
    if !is_done(own, &applied(&mut db).await?)? {
        let mut holder = connect(options).await?;
        lock(&mut holder).await?;
        apply_missing(&mut db, own).await?;
        sqlx::raw_sql("COMMIT").execute(&mut holder).await?;
        holder.close().await?;
    }
    db.close().await?;
    Ok(())
}

/// Makes a connection whose settings switch time limits off. If the connection is refused, because a pooler cannot pass
/// on such settings, makes one without these settings; each transaction sets its own limits anyway.
async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let limits = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"].map(|name| (name, "0"));
    match PgConnection::connect_with(&options.clone().application_name("keystead migrate").options(limits)).await {
        Err(sqlx::Error::Database(cause)) => {
            tracing::debug!(%cause, "connecting for migrations again, without settings");
            PgConnection::connect_with(options).await
        }
        other => other,
    }
}

/// Takes the lock of migrations, in a transaction that stays open.
///
/// Polls for the lock instead of waiting for it in one statement, because building an index concurrently waits for all
/// statements that began before. The replica that builds an index would wait for the statement of the replica that
/// waits for the lock, and neither would continue.
async fn lock(holder: &mut PgConnection) -> sqlx::Result<()> {
    for look in 0_u32.. {
        sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *holder).await?;
        let locked =
            sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(LOCK).fetch_one(&mut *holder).await?;
        if locked {
            break;
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut *holder).await?;
        if look.is_multiple_of(120) {
            tracing::info!("another replica migrates the database; waiting for it");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Applies the migrations that are missing. The caller holds the lock.
async fn apply_missing(db: &mut PgConnection, own: &Migrator) -> Result<(), Error> {
    let foreign = sqlx::query_scalar!(
        r#"SELECT to_regclass('_sqlx_migrations') IS NULL AND EXISTS
             (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')) AS "foreign!""#
    );
    if foreign.fetch_one(&mut *db).await? {
        return Err(Error::Foreign);
    }
    db.ensure_migrations_table(TABLE).await.map_err(cause_of)?;
    let applied = applied(db).await?;
    if is_done(own, &applied)? {
        return Ok(());
    }
    // The rows of `schema_compatibility` are written before the migrations are applied, so that an older build never
    // finds a migration without its row. They are written again afterwards, because a migration may have created that
    // table.
    say_who_may_run(db, own).await?;
    for migration in own.iter().filter(|one| !applied.iter().any(|applied| applied.version == one.version)) {
        apply(db, migration).await?;
    }
    Ok(say_who_may_run(db, own).await?)
}

/// Applies one migration. If other transactions hold a lock that it needs, tries up to `ATTEMPTS` times.
async fn apply(db: &mut PgConnection, migration: &Migration) -> Result<(), Error> {
    let version = migration.version;
    for attempt in 1..=ATTEMPTS {
        let done = if migration.no_tx { build(db, migration).await } else { change(db, migration).await };
        let Err(cause) = done else { return Ok(()) };
        match cause.as_database_error().and_then(|cause| cause.code()).as_deref() {
            // The lock was not obtained in time, or there was a deadlock.
            Some("55P03" | "40P01") => {
                tracing::warn!(version, attempt, "a migration waits for a lock that others hold; they go first");
                tokio::time::sleep(PAUSE).await;
            }
            Some("57014") if migration.no_tx => return Err(Error::Cancelled(version)),
            _ => return Err(Error::Failed(version, cause)),
        }
    }
    Err(Error::Locked(version))
}

/// Applies a migration in a transaction without a time limit. But the migration waits for a lock for one second only,
/// because all statements that need the table queue behind it, and requests wait for a lock for two seconds at most.
async fn change(db: &mut PgConnection, migration: &Migration) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let limits = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1s';
                  SET LOCAL idle_in_transaction_session_timeout = 0";
    sqlx::raw_sql(limits).execute(&mut *tx).await?;
    match tx.apply(TABLE, migration).await {
        Ok(_) => tx.commit().await,
        Err(cause) => {
            tx.rollback().await?;
            Err(cause_of(cause))
        }
    }
}

/// Builds an index concurrently. If an interrupted build has left an invalid index behind, drops that index first.
async fn build(db: &mut PgConnection, migration: &Migration) -> sqlx::Result<()> {
    if let Some(index) = index_name(migration.sql.as_str()) {
        // If another replica was killed while it built the index, PostgreSQL may still be working on that replica's
        // statement. This waits until PostgreSQL has finished.
        let building =
            "SELECT EXISTS (SELECT 1 FROM pg_stat_progress_create_index WHERE index_relid = to_regclass($1))";
        while sqlx::query_scalar(building).bind(index).fetch_one(&mut *db).await? {
            tokio::time::sleep(LOOK).await;
        }
        let half = "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid)";
        if sqlx::query_scalar(half).bind(index).fetch_one(&mut *db).await? {
            tracing::info!(index, "an interrupted build left this index behind; it is dropped and built anew");
            // This is safe: the name comes from one of our own files.
            let drop = AssertSqlSafe(format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"));
            sqlx::raw_sql(drop).execute(&mut *db).await?;
        }
    }
    db.apply(TABLE, migration).await.map(drop).map_err(cause_of)
}

/// Returns the name of the index that a statement builds concurrently.
fn index_name(sql: &str) -> Option<&str> {
    sql.split_once("INDEX CONCURRENTLY IF NOT EXISTS ")?.1.split_whitespace().next()
}

/// Records for each migration which builds may run beside it.
async fn say_who_may_run(db: &mut PgConnection, own: &Migrator) -> sqlx::Result<()> {
    let there = "SELECT to_regclass('schema_compatibility') IS NOT NULL";
    if !sqlx::query_scalar(there).fetch_one(&mut *db).await? {
        return Ok(());
    }
    let (versions, oldest): (Vec<i64>, Vec<i64>) =
        own.iter().map(|migration| (migration.version, compatible_with(migration))).unzip();
    let insert = "INSERT INTO schema_compatibility (version, compatible_with, release)
                  SELECT version, oldest, $3 FROM unnest($1::bigint[], $2::bigint[]) AS own (version, oldest)
                  ON CONFLICT DO NOTHING";
    let release = env!("CARGO_PKG_VERSION");
    sqlx::query(insert).bind(versions).bind(oldest).bind(release).execute(db).await.map(drop)
}

/// Returns a number. A build may run beside the given migration if it knows the migration with this number or a later
/// one. A comment at the top of the given migration (`-- compatible-with: 45`) states the number. Without such a
/// comment, it is the given migration's own number.
pub fn compatible_with(migration: &Migration) -> i64 {
    let comment = migration.sql.as_str().lines().take_while(|line| line.starts_with("--"));
    let said = comment.filter_map(|line| line.strip_prefix("-- compatible-with:")).next();
    said.and_then(|number| number.trim().parse().ok()).unwrap_or(migration.version)
}

/// Returns the applied migrations, even if the database has no table `schema_compatibility` yet.
async fn applied(db: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    let alone = "SELECT version, checksum, NULL::bigint AS compatible_with, NULL::text AS release FROM _sqlx_migrations
                 WHERE success";
    if let Some(applied) = none_without_table(sqlx::query_as(APPLIED).fetch_all(&mut *db).await)? {
        return Ok(applied);
    }
    Ok(none_without_table(sqlx::query_as(alone).fetch_all(db).await)?.unwrap_or_default())
}

fn none_without_table<T>(result: sqlx::Result<T>) -> sqlx::Result<Option<T>> {
    match result {
        Ok(rows) => Ok(Some(rows)),
        // 42P01: no such table.
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("42P01") => Ok(None),
        Err(other) => Err(other),
    }
}

/// Whether all migrations of a build are applied. Fails if the build must not run on the database's schema.
fn is_done(own: &Migrator, applied: &[Applied]) -> Result<bool, Error> {
    match judge(own, applied) {
        State::Current => Ok(true),
        State::Newer(version) => {
            tracing::info!(version, "the database's schema is newer than this build, which may run beside it");
            Ok(true)
        }
        State::TooNew(why) => Err(Error::TooNew(why)),
        State::Missing => Ok(false),
        State::Changed(version) => Err(Error::Changed(version)),
    }
}

fn judge(own: &Migrator, applied: &[Applied]) -> State {
    let changed = own.iter().find(|migration| {
        let same = applied.iter().find(|one| one.version == migration.version);
        same.is_some_and(|one| one.checksum != *migration.checksum)
    });
    if let Some(changed) = changed {
        return State::Changed(changed.version);
    }
    let newest = own.iter().map(|migration| migration.version).max().unwrap_or(0);
    let others = || applied.iter().filter(|one| !own.version_exists(one.version));
    if let Some(one) = others().find(|one| one.compatible_with.is_none_or(|oldest| oldest > newest)) {
        let version = one.version;
        return State::TooNew(match (one.compatible_with, &one.release) {
            (Some(oldest), Some(release)) => format!(
                "release {release} applied migration {version}, which only builds may run beside that know migration \
                 {oldest}; this one knows {newest} at most. Start a newer release"
            ),
            _ => {
                format!("it has migration {version}, which this build does not know, and nothing says that it may run")
            }
        });
    }
    if own.iter().any(|migration| !applied.iter().any(|one| one.version == migration.version)) {
        return State::Missing;
    }
    others().map(|one| one.version).max().map_or(State::Current, State::Newer)
}

fn cause_of(error: MigrateError) -> sqlx::Error {
    match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => cause,
        other => other.into(),
    }
}
