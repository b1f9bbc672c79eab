//! The queue of each user's requests that change something.
//!
//! Only a few of them are at work at the same time. The others wait here, where waiting costs little; in the database
//! each would wait for the user's rows with a connection that others need.
//!
//! A request that waits has no place among the requests being answered. The number of requests that wait is limited,
//! and shared in the same way as places ([`crate::fair`]); they wait at most as long as for a place. Strangers, who
//! only name a user, wait for each other. They never keep a user waiting who has a token.

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

/// The most requests in one user's name that wait.
const WAITING: usize = 128;

/// Who is at work and who waits, by user.
pub struct UserQueue {
    limit: usize,
    users: Arc<Users>,
    /// All requests that wait, for any user.
    waiting: Arc<Line>,
}

#[derive(Default)]
struct Users(Mutex<HashMap<String, Arc<Line>>>);

/// A turn, which ends when it is dropped.
pub struct Turn {
    users: Arc<Users>,
    key: String,
    ticket: Option<Ticket>,
}

impl UserQueue {
    /// A queue with so many requests at work for each user (0 means no limit), and so many that wait, for all users
    /// together.
    pub fn new(limit: usize, waiting: usize) -> Self {
        Self { limit, users: Arc::default(), waiting: Line::new(0, waiting) }
    }

    /// Waits for a turn of a user who proved who they are. Fails with `TooManyRequests` when too many wait already, or
    /// after a long wait.
    pub fn of_bearer(&self, pool_id: &str, sub: Uuid) -> impl Future<Output = Result<Turn>> {
        self.take(format!("bearer {pool_id}/{sub}"))
    }

    /// Waits for a turn of a user whom somebody names, by a name or a subject. Fails like [`Self::of_bearer`].
    pub fn of_name(&self, pool_id: &str, name: &str) -> impl Future<Output = Result<Turn>> {
        self.take(format!("name {pool_id}/{name}"))
    }

    async fn take(&self, key: String) -> Result<Turn> {
        // Made before the wait, so that a caller who gives up cleans up, too.
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

    /// Requests that wait for a turn.
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
        // Nobody else works or waits: the map keeps only users with something going on.
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
        // Until all of them wait.
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
