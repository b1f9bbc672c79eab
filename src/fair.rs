//! Fair sharing: which caller is served next, and which is turned away, when callers request more than is available.
//!
//! A [`Line`] has a number of *slots*, and *room* for a number of units, held and waiting ones together. (A unit is,
//! for example, one request or one byte of a body.) Each caller has a [`Path`]. Its steps lead from the widest group to
//! the caller itself: kind of caller, user pool, networks, caller. Two callers are compared at the first step, from the
//! top, at which their paths differ. The rules are:
//!
//! - No caller waits while a slot is free, and none is turned away while there is room, except because of the bound on
//!   kinds of work (see below).
//! - A free slot goes to the caller whose step holds the fewest slots relative to its weight. If several steps are
//!   equal in this, the slot goes to the step that has gone longest without a new slot. So each step gets a slot in
//!   every round.
//! - When there is no room, a waiting caller on the heaviest step is turned away. The heaviest step is the one with the
//!   most units, held and waiting, relative to its weight; among equal steps it is the newcomer's. Units that are held
//!   are never taken away.
//!
//! A step may stand [beside](Path::beside) the steps that follow it instead of above them: callers at one user pool
//! come from many networks, and callers from one network use many user pools. In comparisons, a network comes before
//! the pool if it is heavier than the pool, and after it otherwise. So a flood at one pool is compared with other
//! callers by pool, and a flood from one network at many pools is compared with other callers by network.
//!
//! A line may bound the slots that [one kind of work](Path::doing) holds, for all callers together. So if all work of
//! one kind is stalled, slots are left for other kinds. The kinds that are [reported as stalled](Ticket::stood_still)
//! share a third of the slots, and their waiting tickets are turned away.
//!
//! Apart from that bound, a caller who has less than a fair share is not turned away in favor of callers who have more.
//! A line remembers only callers who hold units or wait, so its room bounds its memory.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    key: u64,
    weight: u64,
}

/// The groups that a caller belongs to, from the widest one to the caller itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    /// Index of the step at which the caller begins. If the caller is known only by an address, this is the step of the
    /// address's widest network. Otherwise, no other caller has this step.
    caller: usize,
    /// Index of the step that stands beside the steps that follow it.
    beside: Option<usize>,
    /// Whether the last step is a kind of work.
    work: bool,
}

impl Path {
    /// Adds a step: a group, which is identified by the hash of `key`.
    pub fn then(self, key: impl Hash) -> Self {
        self.weighing(key, 1)
    }

    /// Adds a step for a group with a weight. The group's share is `weight` times that of a group with weight 1.
    pub fn weighing(mut self, key: impl Hash, weight: u32) -> Self {
        // The hash has a new seed in every process, so that nobody can choose keys that collide.
        static HASHES: OnceLock<RandomState> = OnceLock::new();
        let key = HASHES.get_or_init(RandomState::new).hash_one(key);
        self.steps.push(Step { key, weight: u64::from(weight.max(1)) });
        self
    }

    /// Adds a step for a group that stands beside the steps added after it. Callers outside of this group may share
    /// those steps.
    pub fn beside(mut self, key: impl Hash) -> Self {
        self.beside = Some(self.steps.len());
        self.then(key)
    }

    /// Adds the last step, the kind of work, which a line may bound. This step is not used to compare callers.
    pub fn doing(mut self, kind: impl Hash) -> Self {
        self.work = true;
        self.then(("work", kind))
    }

    /// Marks where the caller begins: at the step added next. If the caller is known only by an address, that step is
    /// the address's widest network. Otherwise, it is a step that no other caller has.
    pub fn caller(mut self) -> Self {
        self.caller = self.steps.len();
        self
    }
}

/// The error for a caller who gets no place in the line, or loses it while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnedAway;

/// Slots, and the callers who hold them or wait for them.
pub struct Line {
    slots: u64,
    /// The most slots that one kind of work may hold.
    of_one_kind: u64,
    room: u64,
    state: Mutex<State>,
}

struct State {
    nodes: Vec<Node>,
    free: Vec<usize>,
    index: HashMap<u64, usize>,
    waiting: Vec<Waiting>,
    held: u64,
    /// Units held and waiting.
    total: u64,
    /// The number of the last ticket or turn.
    number: u64,
    /// When a slot was last given to a caller or given back.
    moved: Instant,
    /// For each ticket that has a kind of work and holds a slot, by the ticket's number: that kind, and the time when
    /// the ticket got the slot.
    holders: HashMap<u64, (u64, Instant)>,
    still: Still,
    strain: Strain,
}

/// A step on the path of at least one ticket.
struct Node {
    key: u64,
    weight: u64,
    held: u64,
    /// Units held and waiting.
    load: u64,
    /// The number of the turn in which the step last got a slot. Before its first slot, the number that was current
    /// when the step was added.
    turn: u64,
    /// Whether the step stands beside the steps that follow it.
    beside: bool,
}

/// The path of a ticket: like [`Path`], with the indices of nodes as steps.
#[derive(Clone)]
struct Standing {
    nodes: Vec<usize>,
    caller: usize,
    beside: Option<usize>,
    work: bool,
}

struct Waiting {
    number: u64,
    units: u64,
    standing: Standing,
    /// Tells the ticket that it has been given a slot. Dropped when the ticket is turned away.
    slot: oneshot::Sender<()>,
}

/// The times of the first and the last refusal in a series of refusals of lone callers. A lone caller has nothing else
/// in the line.
#[derive(Clone, Copy, Default)]
struct Strain {
    span: Option<(Instant, Instant)>,
}

/// A series of refusals of lone callers is an overload if it lasts at least this long.
const OVERLOADED: Duration = Duration::from_secs(3);
/// A series of refusals is over when no lone caller has been refused for this time.
const OVER: Duration = Duration::from_secs(10);
/// A line is at a standstill if all slots are held and none has been given back for this time.
const STANDSTILL: Duration = Duration::from_secs(5);
/// Kinds of work that were reported as stalled count as stalled until no such report has come for this time.
const STILL: Duration = Duration::from_secs(5);
/// When one kind of work is reported as stalled, every kind with a ticket that has held its slot for this long counts
/// as stalled, too.
const LONG: Duration = Duration::from_secs(1);

/// Kinds of work that count as stalled.
#[derive(Default)]
struct Still {
    kinds: HashSet<u64>,
    /// When any of these kinds was last reported as stalled.
    seen: Option<Instant>,
}

impl Still {
    fn is_known(&self) -> bool {
        self.seen.is_some_and(|seen| seen.elapsed() < STILL)
    }

    fn has(&self, kind: u64) -> bool {
        self.kinds.contains(&kind) && self.is_known()
    }
}

/// The units that a caller holds or waits for. Dropping the ticket gives them back or leaves the line.
pub struct Ticket {
    line: Arc<Line>,
    number: u64,
    units: u64,
    standing: Standing,
    /// Signals that the slot is given. `None` once the units are held.
    slot: Option<oneshot::Receiver<()>>,
}

/// Why a line is overloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overload {
    /// Every slot is held, and none has been given back for a while.
    Standstill,
    /// For a while, callers who have nothing else in the line have been turned away.
    Refusing,
}

impl Line {
    /// Creates a line with this many slots, and room for this many units that wait.
    pub fn new(slots: usize, waiting: usize) -> Arc<Self> {
        Self::bounding(slots, slots, waiting)
    }

    /// Like [`Self::new`], but one kind of work may hold at most `of_one_kind` slots.
    pub fn bounding(of_one_kind: usize, slots: usize, waiting: usize) -> Arc<Self> {
        let (slots, of_one_kind) = (slots as u64, of_one_kind as u64);
        let state = State {
            nodes: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            waiting: Vec::new(),
            held: 0,
            total: 0,
            number: 0,
            moved: Instant::now(),
            holders: HashMap::new(),
            still: Still::default(),
            strain: Strain::default(),
        };
        Arc::new(Self { slots, of_one_kind, room: slots.saturating_add(waiting as u64), state: Mutex::new(state) })
    }

    /// Takes a slot, or else a place in the line.
    pub fn join(self: &Arc<Self>, path: &Path) -> Result<Ticket, TurnedAway> {
        self.join_with(path, 1)
    }

    /// Like [`Self::join`], with several units, for a line without slots. Such a ticket can be displaced until it is
    /// [kept](Ticket::keep).
    pub fn join_with(self: &Arc<Self>, path: &Path, units: u64) -> Result<Ticket, TurnedAway> {
        let mut state = self.state();
        let number = state.next_number();
        let standing = state.stand(path, number);
        state.add(&standing.nodes, units);
        if state.held + units <= self.slots && state.may_hold(&standing, self) {
            state.hold(number, &standing, units);
            return Ok(Ticket { line: self.clone(), number, units, standing, slot: None });
        }
        let (slot, told) = oneshot::channel();
        state.waiting.push(Waiting { number, units, standing: standing.clone(), slot });
        state.make_room(self.room, number)?;
        Ok(Ticket { line: self.clone(), number, units, standing, slot: Some(told) })
    }

    /// Whether the work at the end of this path is of a kind that counts as stalled.
    pub fn is_still(&self, path: &Path) -> bool {
        let kind = path.steps.last().filter(|_| path.work).map(|step| step.key);
        kind.is_some_and(|kind| self.state().still.has(kind))
    }

    /// Whether the stalled kinds of work hold their whole share of the slots.
    pub fn has_its_share_of_still(&self) -> bool {
        self.state().held_still() >= self.share_of_still()
    }

    /// Returns the number of slots that all stalled kinds of work may hold together.
    fn share_of_still(&self) -> u64 {
        (self.slots / 3).max(1)
    }

    /// The number of units that are held.
    pub fn held(&self) -> usize {
        usize::try_from(self.state().held).unwrap_or(usize::MAX)
    }

    /// The number of tickets that wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Why the line is overloaded, if it is.
    pub fn overload(&self) -> Option<Overload> {
        let (state, now) = (self.state(), Instant::now());
        if self.slots > 0 && state.held >= self.slots && now - state.moved >= STANDSTILL {
            return Some(Overload::Standstill);
        }
        state.strain.is_overload(now).then_some(Overload::Refusing)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whether the ticket is known to hold its slot. A slot that was given to a waiting ticket counts only after
    /// [`Self::held`] has returned.
    pub fn is_held(&self) -> bool {
        self.slot.is_none()
    }

    /// Waits for the slot. Fails if the ticket is turned away.
    pub async fn held(&mut self) -> Result<(), TurnedAway> {
        if let Some(slot) = &mut self.slot {
            slot.await.map_err(|_| TurnedAway)?;
            self.slot = None;
        }
        Ok(())
    }

    /// Leaves the line because the wait was too long. If the caller has nothing else in the line, this counts as a
    /// refusal.
    pub fn give_up(self) {
        let mut state = self.line.state();
        let alone = state.is_alone(&self.standing, self.units);
        if alone {
            state.strain.refused(Instant::now());
        }
    }

    /// Reports that work of this ticket's kind is stalled: it waits in vain for something that all work of this kind
    /// needs.
    ///
    /// From then on, every kind with a ticket that has held its slot for `LONG` counts as stalled, too. For a while,
    /// the stalled kinds share a third of the slots. Tickets of stalled kinds that are already waiting are turned away
    /// now.
    pub fn stood_still(&self) {
        let (mut state, now) = (self.line.state(), Instant::now());
        let Some(kind) = state.kind(&self.standing) else { return };
        if !state.still.is_known() {
            state.still.kinds.clear();
        }
        let long = state.holders.values().filter(|(_, since)| now - *since >= LONG).map(|(kind, _)| *kind);
        let found: Vec<u64> = long.chain([kind]).collect();
        state.still.kinds.extend(found);
        state.still.seen = Some(now);
        let waits = |one: &Waiting| state.kind(&one.standing).is_some_and(|kind| state.still.has(kind));
        let mut gone: Vec<usize> = (0..state.waiting.len()).filter(|at| waits(&state.waiting[*at])).collect();
        while let Some(at) = gone.pop() {
            let one = state.waiting.swap_remove(at);
            state.remove(&one.standing.nodes, one.units);
        }
    }

    /// Adds units to a ticket that waits in a line without slots. Fails if the ticket is turned away, now or before.
    pub fn grow(&mut self, units: u64) -> Result<(), TurnedAway> {
        let mut state = self.line.state();
        let waiting = state.waiting.iter_mut().find(|one| one.number == self.number).ok_or(TurnedAway)?;
        waiting.units += units;
        self.units += units;
        state.add(&self.standing.nodes, units);
        state.make_room(self.line.room, self.number)
    }

    /// Makes a waiting ticket hold its units, so that it can no longer be displaced. Fails if it was displaced before.
    pub fn keep(&mut self) -> Result<(), TurnedAway> {
        let mut state = self.line.state();
        if self.slot.is_none() {
            return Ok(());
        }
        let index = state.waiting.iter().position(|one| one.number == self.number).ok_or(TurnedAway)?;
        state.waiting.swap_remove(index);
        state.hold(self.number, &self.standing, self.units);
        self.slot = None;
        Ok(())
    }

    /// Makes the ticket count for another path.
    pub fn move_to(&mut self, path: &Path) {
        let line = self.line.clone();
        let mut state = line.state();
        let index = state.waiting.iter().position(|one| one.number == self.number);
        if index.is_none() && !self.has_slot() {
            return;
        }
        let number = state.next_number();
        let standing = state.stand(path, number);
        state.add(&standing.nodes, self.units);
        match index {
            Some(index) => state.waiting[index].standing.clone_from(&standing),
            None => {
                for node in &standing.nodes {
                    state.nodes[*node].held += self.units;
                }
                for node in &self.standing.nodes {
                    state.nodes[*node].held -= self.units;
                }
            }
        }
        state.remove(&self.standing.nodes, self.units);
        self.standing = standing;
    }

    /// Whether the ticket holds its slot, even if [`Self::held`] has not returned yet.
    fn has_slot(&mut self) -> bool {
        if self.slot.as_mut().is_some_and(|slot| slot.try_recv().is_ok()) {
            self.slot = None;
        }
        self.slot.is_none()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let line = self.line.clone();
        let mut state = line.state();
        let waits = self.slot.as_ref().and_then(|_| state.waiting.iter().position(|one| one.number == self.number));
        if let Some(index) = waits {
            state.waiting.swap_remove(index);
            state.remove(&self.standing.nodes, self.units);
        } else if self.has_slot() {
            state.give_back(self.number, &self.standing.nodes, self.units);
            state.give_slots(&line);
        }
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Finds the nodes of a path, and creates those that do not exist yet.
    fn stand(&mut self, path: &Path, turn: u64) -> Standing {
        let (nodes, free, index) = (&mut self.nodes, &mut self.free, &mut self.index);
        let mut find = |(at, step): (usize, &Step)| {
            *index.entry(step.key).or_insert_with(|| {
                let node = Node {
                    key: step.key,
                    weight: step.weight,
                    held: 0,
                    load: 0,
                    turn,
                    beside: path.beside == Some(at),
                };
                match free.pop() {
                    Some(place) => {
                        nodes[place] = node;
                        place
                    }
                    None => {
                        nodes.push(node);
                        nodes.len() - 1
                    }
                }
            })
        };
        Standing {
            nodes: path.steps.iter().enumerate().map(&mut find).collect(),
            caller: path.caller,
            beside: path.beside,
            work: path.work,
        }
    }

    fn add(&mut self, nodes: &[usize], units: u64) {
        self.total += units;
        for node in nodes {
            self.nodes[*node].load += units;
        }
    }

    fn remove(&mut self, nodes: &[usize], units: u64) {
        self.total -= units;
        for node in nodes {
            self.nodes[*node].load -= units;
            if self.nodes[*node].load == 0 {
                self.index.remove(&self.nodes[*node].key);
                self.free.push(*node);
            }
        }
    }

    fn hold(&mut self, number: u64, standing: &Standing, units: u64) {
        if let Some(kind) = self.kind(standing) {
            self.holders.insert(number, (kind, Instant::now()));
        }
        let turn = self.next_number();
        self.held += units;
        self.moved = Instant::now();
        for node in &standing.nodes {
            self.nodes[*node].held += units;
            self.nodes[*node].turn = turn;
        }
    }

    fn give_back(&mut self, number: u64, nodes: &[usize], units: u64) {
        self.holders.remove(&number);
        self.held -= units;
        self.moved = Instant::now();
        for node in nodes {
            self.nodes[*node].held -= units;
        }
        self.remove(nodes, units);
    }

    /// Gives the free slots to the tickets whose turn it is.
    fn give_slots(&mut self, line: &Line) {
        let may_hold = |state: &Self, one: &usize| state.may_hold(&state.waiting[*one].standing, line);
        while self.held < line.slots
            && let Some(next) =
                (0..self.waiting.len()).filter(|one| may_hold(self, one)).min_by(|a, b| self.compare_turns(*a, *b))
        {
            let next = self.waiting.swap_remove(next);
            self.hold(next.number, &next.standing, next.units);
            // A dropped ticket leaves the line before its receiver is dropped, so this receiver still exists.
            let _ = next.slot.send(());
        }
    }

    /// Returns the kind of work that a ticket's path ends with, if any.
    fn kind(&self, standing: &Standing) -> Option<u64> {
        standing.nodes.last().filter(|_| standing.work).map(|last| self.nodes[*last].key)
    }

    /// Returns the number of slots that stalled kinds of work hold.
    fn held_still(&self) -> u64 {
        let held = |kind: &u64| self.index.get(kind).map_or(0, |node| self.nodes[*node].held);
        if self.still.is_known() { self.still.kinds.iter().map(held).sum() } else { 0 }
    }

    /// Whether the ticket's kind of work may hold another slot.
    fn may_hold(&self, standing: &Standing, line: &Line) -> bool {
        let (Some(kind), Some(last)) = (self.kind(standing), standing.nodes.last()) else { return true };
        if self.still.has(kind) {
            return self.held_still() < line.share_of_still();
        }
        // While some kinds are stalled, others may be, too, so each of the others gets only half of its bound.
        let of_one_kind = if self.still.is_known() { line.of_one_kind.div_ceil(2) } else { line.of_one_kind };
        self.nodes[*last].held < of_one_kind
    }

    fn compare_turns(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (&self.waiting[a], &self.waiting[b]);
        let rank = |one, other| self.compare_held(one, other);
        match parting(&a.standing, &b.standing, rank) {
            Some((one, other)) => rank(one, other).then(one.cmp(&other)),
            None => a.number.cmp(&b.number),
        }
    }

    /// Compares two steps by the slots that they hold relative to their weights, and then by the time of their last
    /// turn.
    ///
    /// The pool and the network of a flood may be equal in both respects. Then the network counts as the lower one. So
    /// other callers from the network come before the flood, and other callers at the pool are compared with the flood
    /// at a later step.
    fn compare_held(&self, one: usize, other: usize) -> Ordering {
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        (one.held * other.weight)
            .cmp(&(other.held * one.weight))
            .then(one.turn.cmp(&other.turn))
            .then(one.beside.cmp(&other.beside))
    }

    /// Turns away waiting tickets, those on the heaviest steps first, until the rest fits. Fails if the newcomer is one
    /// of them.
    fn make_room(&mut self, room: u64, newcomer: u64) -> Result<(), TurnedAway> {
        while self.total > room {
            let Some(own) = self.waiting.iter().position(|one| one.number == newcomer) else { return Err(TurnedAway) };
            let heaviest = (0..self.waiting.len()).max_by(|a, b| self.compare_loads(*a, *b, own)).unwrap_or(own);
            let gone = self.waiting.swap_remove(heaviest);
            if self.is_alone(&gone.standing, gone.units) {
                self.strain.refused(Instant::now());
            }
            self.remove(&gone.standing.nodes, gone.units);
        }
        match self.waiting.iter().any(|one| one.number == newcomer) {
            true => Ok(()),
            false => Err(TurnedAway),
        }
    }

    /// Compares two waiting tickets by the loads of their steps. Among equal steps, the newcomer's counts as the
    /// heaviest.
    fn compare_loads(&self, a: usize, b: usize, newcomer: usize) -> Ordering {
        let newcomer = &self.waiting[newcomer].standing.nodes;
        let (a, b) = (&self.waiting[a], &self.waiting[b]);
        let rank = |one, other| self.compare_load(one, other);
        let Some((one, other)) = parting(&a.standing, &b.standing, rank) else {
            return a.units.cmp(&b.units).then(a.number.cmp(&b.number));
        };
        rank(one, other)
            .then_with(|| newcomer.contains(&one).cmp(&newcomer.contains(&other)))
            .then(self.nodes[one].turn.cmp(&self.nodes[other].turn))
            .then(one.cmp(&other))
    }

    fn compare_load(&self, one: usize, other: usize) -> Ordering {
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        (one.load * other.weight).cmp(&(other.load * one.weight))
    }

    /// Whether these units are all that the caller has in the line.
    fn is_alone(&self, standing: &Standing, units: u64) -> bool {
        standing.nodes.get(standing.caller).is_none_or(|node| self.nodes[*node].load == units)
    }
}

impl Standing {
    /// Returns the steps from the top down, without the kind of work. A step that stands beside the steps after it is
    /// moved down past those that have more than it (slots or units, as `rank` compares them), until the first that
    /// does not. So every ticket has exactly one sequence of steps at a time, and comparing tickets where their
    /// sequences differ puts them in one consistent order.
    fn downwards(&self, rank: impl Fn(usize, usize) -> Ordering) -> impl Iterator<Item = usize> {
        let ranked = &self.nodes[..self.nodes.len() - usize::from(self.work)];
        let (above, rest) = ranked.split_at(self.beside.unwrap_or(ranked.len()));
        let (beside, rest) = rest.split_at(rest.len().min(1));
        let has_more = |step: &&usize| beside.iter().all(|beside| rank(**step, *beside).is_gt());
        let (before, after) = rest.split_at(rest.iter().take_while(has_more).count());
        [above, before, beside, after].into_iter().flatten().copied()
    }
}

/// Returns the first two steps at which two paths differ, if they do.
fn parting(a: &Standing, b: &Standing, rank: impl Fn(usize, usize) -> Ordering) -> Option<(usize, usize)> {
    a.downwards(&rank).zip(b.downwards(&rank)).find(|(a, b)| a != b)
}

impl Strain {
    fn refused(&mut self, now: Instant) {
        self.span = Some(match self.span {
            Some((since, last)) if now - last < OVER => (since, now),
            _ => (now, now),
        });
    }

    fn is_overload(self, now: Instant) -> bool {
        self.span.is_some_and(|(since, last)| last - since >= OVERLOADED && now - last < OVER)
    }
}

#[cfg(test)]
mod tests;
