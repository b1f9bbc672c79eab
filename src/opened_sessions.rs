//! Users who signed in recently, for the job that checks whether they have too many sessions.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

/// The most users that are kept until the job has checked them. The job finds any others when it goes through all
/// sessions.
const NOTED: usize = 100_000;

/// The users who signed in on this replica and have not been checked since.
#[derive(Default)]
pub struct OpenedSessions(Mutex<HashSet<(String, Uuid)>>);

impl OpenedSessions {
    /// Records that a session of a user was opened (and committed).
    pub fn note(&self, pool_id: &str, sub: Uuid) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < NOTED {
            noted.insert((pool_id.to_owned(), sub));
        }
    }

    /// Takes the users recorded since the last call, each as pool ID and subject.
    pub fn take(&self) -> HashSet<(String, Uuid)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
