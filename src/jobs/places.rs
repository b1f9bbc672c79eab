//! Decides which pool's messages a delivery channel delivers next. The pools that have messages due share a fixed
//! number of places; each place is for one message in delivery.
//!
//! A free place goes to the pool that has the fewest messages in delivery. If there are several such pools, they take
//! turns in the order of their IDs. So a pool with a flood of messages gets a free place only if no other pool with
//! messages due has fewer messages in delivery. Some places are kept for pools that have no message in delivery, so
//! that such a pool need not even wait for a place to become free.

use std::collections::HashMap;

use crate::store::outbox::Urgency;

/// The maximum number of messages in delivery at the same time, per delivery channel and replica.
pub const PLACES: usize = 20;
/// How many of [`PLACES`] only a pool with no message in delivery may take.
const FOR_NEWCOMERS: usize = 4;
/// How many of [`PLACES`] are kept for messages that nobody waits for, however many awaited messages there are.
pub const UNAWAITED_PLACES: usize = 2;
/// How many pools with messages due are read when free places are assigned. This is more than [`PLACES`]. So if any
/// pool has messages due and none in delivery, such a pool is among the pools read.
pub const WINDOW: i64 = 24;

/// The places of a delivery channel.
#[derive(Default)]
pub struct Places {
    pools: HashMap<String, usize>,
    awaited: Line,
    unawaited: Line,
}

/// The state of the messages of one urgency.
#[derive(Default)]
struct Line {
    on_the_way: usize,
    /// The pool that got the most recent place; empty at first.
    last_served: String,
}

impl Places {
    /// Returns how many messages are in delivery.
    pub fn taken(&self) -> usize {
        self.awaited.on_the_way + self.unawaited.on_the_way
    }

    /// Returns how many messages that nobody waits for are in delivery.
    pub fn unawaited(&self) -> usize {
        self.unawaited.on_the_way
    }

    /// Returns the ID of the pool after which the next turn begins; empty at first. Turns are in the order of IDs.
    pub fn last_served(&self, urgency: Urgency) -> &str {
        match urgency {
            Urgency::Awaited => &self.awaited.last_served,
            Urgency::Unawaited => &self.unawaited.last_served,
        }
    }

    /// Returns how many messages each of these pools may send now. `pools` must be in the order of their turns. `kept`
    /// places stay free.
    pub fn shares(&mut self, urgency: Urgency, pools: &[String], kept: usize) -> Vec<(String, usize)> {
        let before: Vec<usize> = pools.iter().map(|pool| self.pools.get(pool).copied().unwrap_or(0)).collect();
        let (mut on_the_way, mut taken) = (before.clone(), self.taken());
        while let Some(least) = on_the_way.iter_mut().min_by_key(|count| **count) {
            let room = if *least == 0 { PLACES } else { PLACES - FOR_NEWCOMERS };
            if taken + kept >= room {
                break;
            }
            *least += 1;
            taken += 1;
        }
        let shares = pools
            .iter()
            .zip(on_the_way.iter().zip(before))
            .map(|(pool, (after, before))| (pool.clone(), after - before));
        let shares: Vec<_> = shares.filter(|(_, share)| *share > 0).collect();
        if let Some((last, _)) = shares.last() {
            self.line(urgency).last_served.clone_from(last);
        }
        shares
    }

    /// Takes a place for a message of a pool.
    pub fn take(&mut self, pool: &str, urgency: Urgency) {
        *self.pools.entry(pool.to_owned()).or_default() += 1;
        self.line(urgency).on_the_way += 1;
    }

    /// Frees the place of a message whose delivery ended.
    pub fn free(&mut self, pool: &str, urgency: Urgency) {
        let line = self.line(urgency);
        line.on_the_way = line.on_the_way.saturating_sub(1);
        if let Some(count) = self.pools.get_mut(pool) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.pools.remove(pool);
            }
        }
    }

    fn line(&mut self, urgency: Urgency) -> &mut Line {
        match urgency {
            Urgency::Awaited => &mut self.awaited,
            Urgency::Unawaited => &mut self.unawaited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives these pools all the places that they may have, as if each had many messages due.
    fn fill(places: &mut Places, pools: &[&str], kept: usize) -> Vec<(String, usize)> {
        let pools: Vec<String> = pools.iter().map(|pool| (*pool).to_owned()).collect();
        let shares = places.shares(Urgency::Awaited, &pools, kept);
        for (pool, share) in &shares {
            (0..*share).for_each(|_| places.take(pool, Urgency::Awaited));
        }
        shares
    }

    fn shares(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
        expected.iter().map(|(pool, share)| ((*pool).to_owned(), *share)).collect()
    }

    #[test]
    fn one_pool_alone_has_all_but_the_places_of_newcomers() {
        let mut places = Places::default();
        assert_eq!(fill(&mut places, &["a"], 0), shares(&[("a", 16)]));
        assert_eq!(fill(&mut places, &["a", "b"], 0), shares(&[("b", 1)]), "at once");
        assert_eq!(fill(&mut places, &["a", "b"], 0), shares(&[]));
    }

    #[test]
    fn what_becomes_free_goes_to_who_has_the_least() {
        let mut places = Places::default();
        fill(&mut places, &["a"], 0);
        fill(&mut places, &["b"], 0);
        for b in 2..=8 {
            (0..if b == 2 { 2 } else { 1 }).for_each(|_| places.free("a", Urgency::Awaited));
            assert_eq!(fill(&mut places, &["a", "b"], 0), shares(&[("b", 1)]));
        }
        assert_eq!((places.pools["a"], places.pools["b"]), (8, 8));
    }

    #[test]
    fn many_pools_have_one_each_and_the_next_turn_begins_after_them() {
        let mut places = Places::default();
        let names: Vec<String> = (0..24).map(|n| format!("{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let given = fill(&mut places, &names, 0);
        assert!(given.len() == PLACES && given.iter().all(|(_, share)| *share == 1));
        assert_eq!((places.last_served(Urgency::Awaited), places.taken()), ("19", PLACES));
        places.free("03", Urgency::Awaited);
        assert_eq!(fill(&mut places, &[&names[20..], &names[..20]].concat(), 0), shares(&[("20", 1)]));
    }

    #[test]
    fn what_is_kept_stays_free_also_for_the_same_pool() {
        let mut places = Places::default();
        assert_eq!(fill(&mut places, &["a"], UNAWAITED_PLACES), shares(&[("a", 14)]));
        assert_eq!(places.shares(Urgency::Unawaited, &["a".into()], 0), shares(&[("a", 2)]));
        assert_eq!(fill(&mut places, &["b", "c", "d", "e", "f"], 2), shares(&[("b", 1), ("c", 1), ("d", 1), ("e", 1)]));
    }
}
