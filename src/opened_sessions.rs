//! Who signed in, for the job that looks whether that was one session too many.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

/// Users noted at most, until the job has looked; the job finds those beyond in its turn.
const NOTED: usize = 100_000;

/// The users that signed in on this replica and were not looked at since.
#[derive(Default)]
pub struct OpenedSessions(Mutex<HashSet<(String, Uuid)>>);

impl OpenedSessions {
    /// Notes that a session of a user was opened (and committed).
    pub fn note(&self, pool_id: &str, sub: Uuid) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < NOTED {
            noted.insert((pool_id.to_owned(), sub));
        }
    }

    /// Who was noted since the last call: (pool, user).
    pub fn take(&self) -> HashSet<(String, Uuid)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
