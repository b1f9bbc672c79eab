//! Statements that do the work of many requests at once, for group commit (see [`crate::group_commit`]).
//!
//! Each batch is one statement over arrays, and so one transaction. It skips rows that another transaction has locked,
//! instead of waiting for them. So a stalled replica does not delay the requests of other replicas, and batches of
//! several replicas never wait for each other in a circle. If a statement returns nothing for a request, it did nothing
//! for that request. The caller then runs the plain statement, which waits for locks and returns either the result or
//! the exact reason why there is none.
//!
//! `unnest((SELECT $1), …)` hides each array in a subquery. So the planner does not see how long the array is, and one
//! plan serves all lengths.

mod begin_sign_ins;
mod complete_sign_ins;
mod delete_passkeys;
mod find_clients;
mod insert_challenges;
mod list_passkeys;
mod resume_sign_ins;

pub use begin_sign_ins::{BeginSignIns, SignInToBegin};
pub use complete_sign_ins::{CompleteSignIns, CompletedSignIn};
pub use delete_passkeys::{DeletePasskeys, PasskeyToDelete};
pub use find_clients::{ClientToFind, FindClients};
pub use insert_challenges::{InsertChallenges, NewChallenge};
pub use list_passkeys::{ListPasskeys, PasskeysToList};
pub use resume_sign_ins::{ResumeSignIns, SignInToResume};

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

/// Returns the index of a row's request, from the request's ordinal (counted from 1).
fn index(ordinal: i64) -> Option<usize> {
    usize::try_from(ordinal - 1).ok()
}

/// Returns the failure for a batch that got no connection, so that nothing was begun.
///
/// If the database refused a new connection, for example because it has too many, the plain statement may still get a
/// connection that is already open. If the database did not respond, the plain statement would only wait in vain.
fn not_begun(cause: sqlx::Error) -> Failure {
    if cause.as_database_error().is_some() { Failure::RolledBack(cause) } else { Failure::Unknown(cause) }
}

/// Returns the failure for a batch that only reads. Whatever the cause, nothing was changed, so its requests may run
/// one by one. The exception is a locked table, because each request would wait for the table as long again.
fn unread(cause: sqlx::Error) -> Failure {
    if is_locked(&cause) { Failure::Unknown(cause) } else { Failure::RolledBack(cause) }
}
