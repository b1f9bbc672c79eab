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
pub mod connection;
pub mod devices;
pub mod domains;
pub mod groups;
pub mod keys;
pub mod login_attempts;
pub mod look;
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

use sqlx::{Connection as _, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

pub use connection::{Connection, Connections, Limits, Transaction};

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
pub async fn migrate(options: &PgConnectOptions) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut holder = PgConnection::connect_with(options).await?;
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
    MIGRATIONS.run(&mut PgConnection::connect_with(options).await?).await?;
    lock.commit().await?;
    holder.close().await?;
    Ok(())
}

/// Whether the database answers and has every migration of this build.
pub async fn is_current(db: &Connections) -> sqlx::Result<bool> {
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
