//! Statements that do the work of many requests at once, for group commit (see [`crate::group_commit`]).
//!
//! Each batch is one statement over arrays, and so one transaction. A batch that changes or deletes rows skips those
//! that another transaction has locked, instead of waiting for them. So a stalled replica does not delay the requests
//! of other replicas, and batches of several replicas never wait for each other in a circle. If a batch has no result
//! for a request, it did nothing for that request. The caller then runs the request alone, with plain statements, which
//! wait for locks and return either the result or the exact reason why there is none.
//!
//! `unnest((SELECT $1), …)` hides each array in a subquery. So the planner does not see how long the array is, and one
//! plan serves all lengths.

mod delete_passkeys;
mod find_clients;
mod find_people;
mod list_passkeys;
mod open_sessions;

pub use delete_passkeys::{DeletePasskeys, PasskeyToDelete};
pub use find_clients::{ClientToFind, FindClients};
pub use find_people::{FindPeople, FoundPasskey, PersonToFind};
pub use list_passkeys::{ListPasskeys, PasskeysToList};
pub use open_sessions::{OpenSessions, SessionToOpen, UsedPasskey};

/// A batch whose statement writes the audit row of each request that it carries out.
pub trait WritesAudit {}

impl WritesAudit for DeletePasskeys {}

use crate::{error::is_locked, group_commit::Failure};

/// Returns one entry for each request: `Some` if the request was done. `ordinals` are the numbers, from 1, of the
/// requests that were done.
fn done(requests: usize, ordinals: &[i64]) -> Vec<Option<()>> {
    let mut done = vec![None; requests];
    for ordinal in ordinals {
        if let Some(one) = index(*ordinal).and_then(|n| done.get_mut(n)) {
            *one = Some(());
        }
    }
    done
}

/// Returns the index, counted from 0, of the request with this ordinal, counted from 1.
fn index(ordinal: i64) -> Option<usize> {
    usize::try_from(ordinal - 1).ok()
}

/// Returns the failure for a batch that got no connection, so nothing was begun.
///
/// If the database refused a new connection, for example because it has too many, the requests run alone, because they
/// may still get a connection that is already open. In all other cases, for example if the database did not respond,
/// they would only wait in vain.
fn not_begun(cause: sqlx::Error) -> Failure {
    if cause.as_database_error().is_some() { Failure::RolledBack(cause) } else { Failure::Unknown(cause) }
}

/// Returns the failure for a batch that only reads. Whatever the cause, nothing was changed, so the batch's requests
/// may run one by one. They must not if a table is locked, because each would wait for the table as long again.
fn unread(cause: sqlx::Error) -> Failure {
    if is_locked(&cause) { Failure::Unknown(cause) } else { Failure::RolledBack(cause) }
}
