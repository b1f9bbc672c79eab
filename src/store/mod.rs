//! The SQL, mostly with one file for each table. The statements in `batches` do the work of many requests at once. Some
//! SQL is elsewhere: in `jobs::remove_expired`, and in a few commands (`cli`). Where the pool is known, queries are
//! limited to it. Statements that need the present time get it as an argument.
//!
//! Locks are taken in this order, so that transactions do not wait for each other in a circle: user, then sessions,
//! then passkeys, then challenges, then names and codes. One exception is left: if two users take addresses from each
//! other at the same time, they deadlock, and PostgreSQL ends one of the transactions (`flows::accounts::names`).

pub(crate) mod account;
pub(crate) mod aliases;
pub mod audit;
pub(crate) mod auth_events;
pub(crate) mod authorization_codes;
pub(crate) mod batches;
#[cfg(feature = "broken")]
pub(crate) mod broken;
pub(crate) mod challenges;
pub(crate) mod clients;
pub(crate) mod codes;
pub(crate) mod connections;
pub(crate) mod deleted_clients;
pub mod deleted_pools;
pub(crate) mod devices;
pub(crate) mod domains;
pub(crate) mod groups;
pub(crate) mod job_locks;
pub mod keys;
pub(crate) mod login_attempts;
pub(crate) mod look;
pub mod migrations;
pub mod operators;
pub(crate) mod outbox;
pub(crate) mod page_settings;
pub mod passkeys;
pub mod pools;
pub(crate) mod refresh_tokens;
pub(crate) mod resource_servers;
pub(crate) mod risk_configurations;
pub(crate) mod sessions;
pub(crate) mod software_tokens;
mod statement;
mod stored;
pub mod upgrade_steps;
pub(crate) mod user_imports;
pub mod users;
pub(crate) mod visits;

pub use connections::{Connection, Connections, Transaction};
pub use migrations::{is_current, migrate};
use statement::statement;
use stored::Stored;

/// Returns the error for a string in the database that this release does not know. Perhaps a newer release wrote it.
/// `column` includes the name of the table.
fn unknown_text(column: &str, row: impl std::fmt::Display, text: &str) -> sqlx::Error {
    let said = format!("{column} of {row} is {text:?}, which this release does not know; see `keystead doctor`");
    sqlx::Error::Decode(said.into())
}
