//! Turns: of one user, only a few requests that change something are at work at the same time; the others wait here, where
//! waiting costs nothing. In the database each would wait for the user's rows with a connection that others need.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who is at work and who waits, by user.
pub struct Turns {
    limit: usize,
    users: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
pub struct Turn<'a> {
    turns: &'a Turns,
    user: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// So many at the same time for each user; 0: no bound.
    pub fn new(limit: usize) -> Self {
        Self { limit, users: Mutex::default() }
    }

    /// Waits for a turn of this user of a pool: a subject or a name.
    pub async fn take(&self, pool_id: &str, user: &str) -> Turn<'_> {
        let user = format!("{pool_id}/{user}");
        if self.limit == 0 {
            return Turn { turns: self, user, permit: None };
        }
        let turns = self.users().entry(user.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.limit))).clone();
        // Never closed.
        let permit = turns.acquire_owned().await.ok();
        Turn { turns: self, user, permit }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.permit.take().is_none() {
            return;
        }
        let mut users = self.turns.users();
        // Nobody else works or waits: the map holds only users with something going on.
        if users.get(&self.user).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            users.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_third_waits_others_do_not_and_nothing_is_left_behind() {
        let turns = Turns::new(2);
        let soon = Duration::from_millis(10);
        let (first, _second) = (turns.take("pool", "ada").await, turns.take("pool", "ada").await);
        assert!(tokio::time::timeout(soon, turns.take("pool", "ada")).await.is_err());
        let _other = turns.take("pool", "eve").await;
        let _elsewhere = turns.take("other pool", "ada").await;
        drop(first);
        let third = tokio::time::timeout(soon, turns.take("pool", "ada")).await.expect("a turn is free");
        drop((third, _second, _other, _elsewhere));
        assert!(turns.users().is_empty());
    }
}
