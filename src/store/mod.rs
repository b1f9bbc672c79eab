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
pub mod connections;
pub mod deleted_clients;
pub mod deleted_pools;
pub mod devices;
pub mod domains;
pub mod groups;
pub mod job_locks;
pub mod keys;
pub mod login_attempts;
pub mod look;
pub mod migrations;
pub mod operators;
pub mod outbox;
pub mod passkeys;
pub mod pools;
pub mod resource_servers;
pub mod sessions;
pub mod software_tokens;
mod statement;
mod stored;
pub mod user_imports;
pub mod users;

pub use connections::{Connection, Connections, Transaction};
pub use migrations::{is_current, migrate};
use statement::statement;
use stored::Stored;

/// A text in the database that this release does not know: one that is newer may have written it. `column`: with its table.
fn unknown_text(column: &str, row: impl std::fmt::Display, text: &str) -> sqlx::Error {
    let said = format!("{column} of {row} is {text:?}, which this release does not know; see `keystead doctor`");
    sqlx::Error::Decode(said.into())
}
