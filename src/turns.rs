//! Turns: of one user, only a few requests that change something are at work at the same time; the others wait here, where
//! waiting costs nothing. In the database each would wait for the user's rows with a connection that others need.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Requests of one user that wait. Further ones are refused at once: who waits here takes a place among the requests that
/// the replica answers.
const WAITING: usize = 128;

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

    /// Waits for a turn of this user of a pool: a subject or a name. `TooManyRequests` when too many wait already.
    pub async fn take(&self, pool_id: &str, user: &str) -> Result<Turn<'_>> {
        // Made before the wait: a caller who gives up cleans up as well.
        let mut turn = Turn { turns: self, user: format!("{pool_id}/{user}"), permit: None };
        if self.limit == 0 {
            return Ok(turn);
        }
        let places = {
            let mut users = self.users();
            let places = users.entry(turn.user.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.limit)));
            // Everybody at work or waiting holds one, and the map another.
            if Arc::strong_count(places) > self.limit + WAITING {
                drop(users);
                return Err(Error::TooManyRequests(
                    "Too many requests of this user wait; try again in a second.".into(),
                ));
            }
            places.clone()
        };
        // Never closed.
        turn.permit = places.acquire_owned().await.ok();
        Ok(turn)
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.permit = None;
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
        let (first, _second) = (turns.take("pool", "ada").await.unwrap(), turns.take("pool", "ada").await.unwrap());
        assert!(tokio::time::timeout(soon, turns.take("pool", "ada")).await.is_err());
        let _other = turns.take("pool", "eve").await.unwrap();
        let _elsewhere = turns.take("other pool", "ada").await.unwrap();
        drop(first);
        let third = tokio::time::timeout(soon, turns.take("pool", "ada")).await.expect("a turn is free").unwrap();
        drop((third, _second, _other, _elsewhere));
        assert!(turns.users().is_empty());
    }

    #[tokio::test]
    async fn too_many_that_wait_are_refused_at_once_and_who_gives_up_is_forgotten() {
        let turns = Arc::new(Turns::new(1));
        let first = turns.take("pool", "ada").await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take("pool", "ada").await.map(drop) })
            })
            .collect();
        // Until all of them wait.
        for _ in 0..WAITING {
            tokio::task::yield_now().await;
        }
        let soon = tokio::time::timeout(Duration::from_secs(1), turns.take("pool", "ada")).await;
        assert!(matches!(soon.expect("at once"), Err(Error::TooManyRequests(_))));
        turns.take("pool", "eve").await.unwrap();
        for one in &waiting {
            one.abort();
        }
        for one in waiting {
            assert!(one.await.unwrap_err().is_cancelled());
        }
        drop(first);
        assert!(turns.users().is_empty());
    }
}
