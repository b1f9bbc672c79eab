//! All the SQL: a file per table. Every query is given the pool first and the time as an argument.
//!
//! Lock order, so that transactions never wait for each other in a circle: user, then sessions, then challenges, then
//! passkeys, then names and codes.

pub mod aliases;
pub mod audit;
pub mod auth_events;
pub mod authorization_codes;
pub mod batches;
#[cfg(feature = "broken")]
pub mod broken;
pub mod challenges;
pub mod clients;
pub mod codes;
pub mod deleted_clients;
pub mod deleted_pools;
pub mod devices;
pub mod domains;
pub mod groups;
pub mod kept;
pub mod keys;
pub mod login_attempts;
pub mod operators;
pub mod outbox;
pub mod passkeys;
pub mod pools;
pub mod resource_servers;
pub mod sessions;
pub mod software_tokens;
pub mod user_imports;
pub mod users;

use std::sync::LazyLock;

use sqlx::{Connection as _, PgConnection, PgPool, migrate::Migrator};

/// A connection to PostgreSQL, in use.
pub type Connection = PgConnection;
/// The connections that requests share.
pub type Connections = PgPool;

/// The migrations, compiled in. Without the library's lock, which belongs to a connection: behind PgBouncer it would be
/// taken on one connection and given back on another. [`migrate`] has its own.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!();
    migrations.set_locking(false);
    migrations
});

/// Advisory lock of migrations.
const LOCK: i64 = 0x6b73_0000;

/// Brings the database's schema up to date. Several replicas may do so at once. What is another program's is left alone: an
/// empty database is one without tables, but for those of extensions.
pub async fn migrate(db: &PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut holder = PgConnection::connect_with(&db.connect_options()).await?;
    let mut lock = holder.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", LOCK).execute(&mut *lock).await?;
    let foreign = sqlx::query_scalar!(
        r#"SELECT to_regclass('_sqlx_migrations') IS NULL AND EXISTS
             (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                 AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')) AS "foreign!""#
    );
    if foreign.fetch_one(&mut *lock).await? {
        return Err("it has tables of another program; give Keystead an empty one".into());
    }
    MIGRATIONS.run(db).await?;
    lock.commit().await?;
    holder.close().await?;
    Ok(())
}

/// What every connection is told when it is made. (Behind PgBouncer it holds for the connections that it happens to reach,
/// which all are Keystead's.)
///
/// - The longest wait for another's lock. Requests for one user wait for each other; those that wait longer are refused,
///   so that they do not use up the connections of everybody else.
/// - Rows are found by index. Every query names its rows by key, but while a table is small the planner likes to read all
///   of it, keeps that plan, and goes on reading what deleted rows leave behind: a table of a thousand challenges that
///   come and go had hundreds of pages. Without JIT, which takes the forbidden plan's made-up cost for a reason to compile.
pub async fn set_up(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("SET lock_timeout = '2s'; SET enable_seqscan = off; SET jit = off").execute(db).await.map(drop)
}

/// Whether the database answers and has every migration of this build.
pub async fn is_current(db: &PgPool) -> sqlx::Result<bool> {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let applied = sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(db)
        .await;
    match applied {
        Ok(version) => Ok(version.unwrap_or(0) >= newest),
        // 42P01: no such table; nothing was migrated yet.
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("42P01") => Ok(false),
        Err(other) => Err(other),
    }
}
