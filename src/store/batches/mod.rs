//! Statements that do the work of many requests at once, for group commit (see [`crate::group_commit`]).
//!
//! Each is one statement over arrays, which is one transaction. It waits for nobody: it skips rows that another
//! transaction holds. So a replica that stands still does not hold up anybody else's requests, and batches of several
//! replicas never wait for each other in a circle. If a statement does not answer a request, it did nothing for it; the
//! caller then runs the plain statement, which waits, decides and explains.
//!
//! `unnest((SELECT $1), …)` hides each array in a subquery, so that its length tells the planner nothing and one plan
//! serves all lengths.

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

/// A batch whose statement writes the audit row of each request that it does.
pub trait WritesAudit {}

impl WritesAudit for DeletePasskeys {}

use crate::{error::is_locked, group_commit::Failure};

/// Which requests were done, from the ordinals (from 1) of those that were.
fn done(requests: usize, ordinals: &[i64]) -> Vec<Option<()>> {
    let mut done = vec![None; requests];
    for ordinal in ordinals {
        if let Some(one) = index(*ordinal).and_then(|n| done.get_mut(n)) {
            *one = Some(());
        }
    }
    done
}

/// The index of a row's request, from its ordinal (from 1).
fn index(ordinal: i64) -> Option<usize> {
    usize::try_from(ordinal - 1).ok()
}

/// The failure when no connection could be had, so that nothing began. If the database answered that it has none to
/// give, the plain statement may find one that is open. If nobody answered, it would only wait.
fn not_begun(cause: sqlx::Error) -> Failure {
    if cause.as_database_error().is_some() { Failure::RolledBack(cause) } else { Failure::Unknown(cause) }
}

/// The failure of a read. It changed nothing, whatever the cause, so its requests may run one by one. The exception is
/// a locked table: each request would wait for it as long again.
fn unread(cause: sqlx::Error) -> Failure {
    if is_locked(&cause) { Failure::Unknown(cause) } else { Failure::RolledBack(cause) }
}
