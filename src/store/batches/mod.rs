//! Statements that do the work of many requests at once, for group commit (see [`crate::group_commit`]).
//!
//! Each is one statement over arrays, which is one transaction. It waits for nobody: rows that another transaction holds
//! are skipped, so that a replica that stands still holds up nobody else's requests, and batches of several replicas
//! never wait for each other in a circle. A request that a statement does not report as done was not touched: whoever
//! asked runs the plain statement, which waits, decides and explains.
//!
//! `unnest((SELECT $1), …)`: hidden in a subquery, an array's length tells the planner nothing, so that the plan is made
//! once for all lengths.

mod complete_sign_ins;
mod delete_passkeys;
mod insert_challenges;

pub use complete_sign_ins::{CompleteSignIns, CompletedSignIn};
pub use delete_passkeys::{DeletePasskeys, PasskeyToDelete};
pub use insert_challenges::{InsertChallenges, NewChallenge};

/// Which requests were done, from the ordinals (from 1) of those that were.
fn done(requests: usize, ordinals: &[i64]) -> Vec<bool> {
    let mut done = vec![false; requests];
    for ordinal in ordinals {
        if let Some(one) = usize::try_from(ordinal - 1).ok().and_then(|n| done.get_mut(n)) {
            *one = true;
        }
    }
    done
}
