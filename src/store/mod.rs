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
pub mod devices;
pub mod domains;
pub mod groups;
pub mod kept;
pub mod keys;
pub mod login_attempts;
pub mod migrations;
pub mod operators;
pub mod outbox;
pub mod passkeys;
pub mod pools;
pub mod resource_servers;
pub mod sessions;
pub mod software_tokens;
pub mod user_imports;
pub mod users;

pub use migrations::{is_current, migrate};
use sqlx::{PgConnection, PgPool};

/// A connection to PostgreSQL, in use.
pub type Connection = PgConnection;
/// The connections that requests share.
pub type Connections = PgPool;

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
