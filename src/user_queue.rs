//! Queues, by user, of requests that change something.
//!
//! Only a few such requests of a user are handled at the same time. The others wait here, where waiting costs little.
//! In the database, each would wait for locks on the user's rows, with a connection that other requests need.
//!
//! A request that waits here has no place among the requests being handled. The number of waiting requests is limited.
//! When it is reached, requests are turned away fairly, as those that wait for a place are ([`crate::fair`]). A request
//! waits here no longer than [`admission::PATIENCE`]. Requests with a user's token and requests that only name the user
//! have separate queues. So strangers who name a user do not keep that user's requests with a token waiting here.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{Either, select};
use uuid::Uuid;

use crate::{
    admission,
    error::{Error, Result},
    fair::{Line, Ticket},
};

/// The most requests that wait in one queue.
const WAITING: usize = 128;

/// The requests that are at work and those that wait, by user.
pub struct UserQueue {
    limit: usize,
    users: Arc<Users>,
    /// All requests that wait, in any queue.
    waiting: Arc<Line>,
}

#[derive(Default)]
struct Users(Mutex<HashMap<String, Arc<Line>>>);

/// A request's turn, which ends when this is dropped.
pub struct Turn {
    users: Arc<Users>,
    key: String,
    ticket: Option<Ticket>,
}

impl UserQueue {
    /// Creates queues. At most `limit` requests of each user are at work (0 means no limit), and at most `waiting`
    /// requests of all users together wait.
    pub fn new(limit: usize, waiting: usize) -> Self {
        Self { limit, users: Arc::default(), waiting: Line::new(0, waiting) }
    }

    /// Waits for the turn of a request whose user is proved by a token. Fails with `TooManyRequests` if too many
    /// requests wait already, or after a long wait.
    pub fn of_bearer(&self, pool_id: &str, sub: Uuid) -> impl Future<Output = Result<Turn>> {
        self.take(format!("bearer {pool_id}/{sub}"))
    }

    /// Waits for the turn of a request that only names its user, by a name or a subject. Fails like
    /// [`Self::of_bearer`].
    pub fn of_name(&self, pool_id: &str, name: &str) -> impl Future<Output = Result<Turn>> {
        self.take(format!("name {pool_id}/{name}"))
    }

    async fn take(&self, key: String) -> Result<Turn> {
        // The turn is made before the wait. So even if the caller gives up, the turn is dropped and removes the queue's
        // entry.
        let mut turn = Turn { users: self.users.clone(), key, ticket: None };
        if self.limit == 0 {
            return Ok(turn);
        }
        let path = admission::path();
        {
            let mut users = self.users.lock();
            let line = users.entry(turn.key.clone()).or_insert_with(|| Line::new(self.limit, WAITING));
            turn.ticket = line.join(&path).ok();
        }
        let ticket = turn.ticket.as_mut().ok_or_else(too_many)?;
        if ticket.is_held() {
            return Ok(turn);
        }
        let had_place = admission::stand_up();
        {
            let mut waiting = self.waiting.join(&path).map_err(|_| too_many())?;
            let displaced = pin!(waiting.held());
            match tokio::time::timeout(admission::PATIENCE, select(pin!(ticket.held()), displaced)).await {
                Ok(Either::Left((Ok(()), _))) => {}
                _ => return Err(too_many()),
            }
        }
        if had_place {
            admission::sit().await?;
        }
        Ok(turn)
    }

    /// The number of requests that wait for a turn.
    pub fn waiting(&self) -> usize {
        self.waiting.waiting()
    }
}

fn too_many() -> Error {
    Error::TooManyRequests("Too many requests of this user wait; try again in a second.".into())
}

impl Users {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Line>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.ticket = None;
        let mut users = self.users.lock();
        // If only the map refers to the line, no request of this user is at work or waits, so the entry is removed.
        if users.get(&self.key).is_some_and(|line| Arc::strong_count(line) == 1) {
            users.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_third_waits_others_do_not_and_nothing_is_left_behind() {
        let turns = UserQueue::new(2, 10);
        let soon = Duration::from_millis(10);
        let (first, _second) =
            (turns.of_name("pool", "ada").await.unwrap(), turns.of_name("pool", "ada").await.unwrap());
        assert!(tokio::time::timeout(soon, turns.of_name("pool", "ada")).await.is_err());
        let _other = turns.of_name("pool", "eve").await.unwrap();
        let _elsewhere = turns.of_name("other pool", "ada").await.unwrap();
        drop(first);
        let third = tokio::time::timeout(soon, turns.of_name("pool", "ada")).await.expect("a turn is free").unwrap();
        drop((third, _second, _other, _elsewhere));
        assert!(turns.users.lock().is_empty());
    }

    #[tokio::test]
    async fn too_many_that_wait_are_refused_at_once_and_who_gives_up_is_forgotten() {
        let turns = Arc::new(UserQueue::new(1, 1_000));
        let first = turns.of_name("pool", "ada").await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.of_name("pool", "ada").await.map(drop) })
            })
            .collect();
        // Yields until all of them wait.
        for _ in 0..WAITING {
            tokio::task::yield_now().await;
        }
        let soon = tokio::time::timeout(Duration::from_secs(1), turns.of_name("pool", "ada")).await;
        assert!(matches!(soon.expect("at once"), Err(Error::TooManyRequests(_))));
        turns.of_name("pool", "eve").await.unwrap();
        for one in &waiting {
            one.abort();
        }
        for one in waiting {
            assert!(one.await.unwrap_err().is_cancelled());
        }
        drop(first);
        assert!(turns.users.lock().is_empty());
        assert_eq!(turns.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_refused_and_forgotten() {
        let turns = UserQueue::new(1, 10);
        let first = turns.of_name("pool", "ada").await.unwrap();
        let refused = tokio::time::timeout(2 * admission::PATIENCE, turns.of_name("pool", "ada")).await;
        assert!(matches!(refused.expect("not for ever"), Err(Error::TooManyRequests(_))));
        assert_eq!(turns.waiting(), 0);
        drop(first);
        assert!(turns.users.lock().is_empty());
    }

    #[tokio::test]
    async fn who_names_a_subject_waits_apart_from_the_subject() {
        let turns = UserQueue::new(1, 10);
        let sub = Uuid::from_u128(7);
        let _stranger = turns.of_name("pool", &sub.to_string()).await.unwrap();
        let own = tokio::time::timeout(Duration::from_secs(1), turns.of_bearer("pool", sub)).await;
        assert!(own.expect("at once").is_ok());
    }

    #[tokio::test]
    async fn a_flood_from_one_address_gives_way_to_another_address() {
        let turns = Arc::new(UserQueue::new(1, 20));
        let admission = admission::Admission::new(&crate::config::Config::of([""; 0]));
        let ask = |address: &str| {
            let (turns, seat) = (turns.clone(), admission.seat(address.parse().unwrap(), "GetUser"));
            tokio::spawn(seat.scope(async move {
                admission::sit().await?;
                turns.of_name("pool", "ada").await
            }))
        };
        let first = ask("203.0.113.1").await.unwrap().unwrap();
        let flood: Vec<_> = (0..100)
            .map(|_| {
                let one = ask("203.0.113.1");
                tokio::spawn(async move { one.await.unwrap().map(drop) })
            })
            .collect();
        while turns.waiting() < 20 {
            tokio::task::yield_now().await;
        }
        let honest = ask("198.51.100.1");
        while flood.iter().filter(|one| one.is_finished()).count() < 81 {
            tokio::task::yield_now().await;
        }
        // No request that waits has a place.
        assert_eq!(admission.in_flight(), 0);
        drop(first);
        honest.await.unwrap().unwrap();
        drop(flood);
    }
}
