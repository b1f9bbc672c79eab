//! Fair shares: who is next, and who is turned away, when more is asked for than there is.
//!
//! A [`Line`] has a number of *slots*, and *room* for a number of units in all, held or waiting. Each caller stands on
//! a [`Path`], which leads from the widest group to the caller itself: kind of caller, user pool, networks, caller. Two
//! paths are compared from the top down, at the first step at which they part. The rules are:
//!
//! - Nobody waits while a slot is free, except for the bound below, and nobody is turned away while there is room.
//! - A free slot goes to the step that holds least for its weight. Among equals it goes to the one whose turn was
//!   longest ago, so that each gets one in every round.
//! - When there is no room, what waits on the heaviest step (held and waiting, for its weight) gives way to a newcomer
//!   who stands on a lighter one; otherwise the newcomer is turned away. What is held is never taken away.
//!
//! A step may stand [beside](Path::beside) the steps that follow instead of above them: a user pool has many networks,
//! and a network asks at many user pools. Whichever of the two chains has more stands first. So a flood at one pool
//! parts from other callers at the pool, and one network's flood at many pools parts from other callers at the network.
//!
//! A line may bound what [one kind of work](Path::doing) holds, whoever asks for it: when all work of one kind stands
//! still, slots are left for other kinds. Kinds that are [known to stand still](Ticket::stood_still) share a third of
//! the slots, and those of them that wait are turned away.
//!
//! So a caller who has less than a share is never turned away for the sake of those who have more. A line knows only
//! those who hold something or wait. It remembers nobody else, and what it remembers is bounded by its room.

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

/// Where a caller stands: a path from the widest group that it shares with others to the caller itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    /// Index of the step that is one caller's, or of the widest network that the caller comes from.
    caller: usize,
    /// Index of the step that stands beside those that follow.
    beside: Option<usize>,
    /// Whether the last step is a kind of work.
    work: bool,
}

impl Path {
    /// Adds a step: a group, told from others by anything that can be hashed.
    pub fn then(self, key: impl Hash) -> Self {
        self.weighing(key, 1)
    }

    /// Adds a step for a group that counts for several of those beside it.
    pub fn weighing(mut self, key: impl Hash, weight: u32) -> Self {
        // The hash is seeded anew in every process, so that nobody can choose names that collide.
        static HASHES: OnceLock<RandomState> = OnceLock::new();
        let key = HASHES.get_or_init(RandomState::new).hash_one(key);
        self.steps.push(Step { key, weight: u64::from(weight.max(1)) });
        self
    }

    /// Adds a group beside the steps that will follow. Callers outside of this group may share those steps.
    pub fn beside(mut self, key: impl Hash) -> Self {
        self.beside = Some(self.steps.len());
        self.then(key)
    }

    /// Ends the path with the kind of work, which a line may bound. It does not decide whose turn it is.
    pub fn doing(mut self, kind: impl Hash) -> Self {
        self.work = true;
        self.then(("work", kind))
    }

    /// Marks the next step as that of one caller, or of the widest network that the caller comes from.
    pub fn caller(mut self) -> Self {
        self.caller = self.steps.len();
        self
    }
}

/// There is no room, and nobody who waits has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnedAway;

/// Slots, and those who hold them or wait.
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
    /// Held and waiting.
    total: u64,
    /// The number of the last ticket or turn.
    number: u64,
    /// When a slot was last given or given back.
    moved: Instant,
    /// The kind of work of each ticket that holds slots, by the ticket's number, and since when it holds them.
    holders: HashMap<u64, (u64, Instant)>,
    still: Still,
    strain: Strain,
}

/// A step that somebody stands on.
struct Node {
    key: u64,
    weight: u64,
    held: u64,
    /// Held and waiting.
    load: u64,
    /// The turn in which it was last given a slot; at first, the turn in which it came.
    turn: u64,
    /// Whether it stands beside the steps that follow.
    beside: bool,
}

/// Where somebody who holds something or waits stands: a [`Path`] of nodes.
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
    /// Told when the slot is given; dropped when the ticket is turned away.
    slot: oneshot::Sender<()>,
}

/// The time span over which callers who have nothing else in the line have been turned away.
#[derive(Clone, Copy, Default)]
struct Strain {
    span: Option<(Instant, Instant)>,
}

/// Refusals of such callers over this time are an overload; over a shorter time they are not.
const OVERLOADED: Duration = Duration::from_secs(3);
/// The overload is over when there was no such refusal for this time.
const OVER: Duration = Duration::from_secs(10);
/// A line stands still when all slots are held and none was given back for this time.
const STANDSTILL: Duration = Duration::from_secs(5);
/// Kinds of work that stood still are assumed to do so until none of them was seen to for this time.
const STILL: Duration = Duration::from_secs(5);
/// When work of one kind stands still, any kind that has held a slot for this time is taken to stand still, too.
const LONG: Duration = Duration::from_secs(1);

/// Kinds of work that are known to stand still.
#[derive(Default)]
struct Still {
    kinds: HashSet<u64>,
    /// When one of them was last seen to stand still.
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

/// What somebody holds or waits for, until it is dropped.
pub struct Ticket {
    line: Arc<Line>,
    number: u64,
    units: u64,
    standing: Standing,
    /// `None` once it is held.
    slot: Option<oneshot::Receiver<()>>,
}

/// Why a line does not serve as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overload {
    /// Every slot is held, and none was given back for a while.
    Standstill,
    /// For a while now, callers who ask for one thing only have been turned away.
    Refusing,
}

impl Line {
    /// A line with so many slots, and room for so many more units that wait.
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

    /// Takes a slot, or a place in the line.
    pub fn join(self: &Arc<Self>, path: &Path) -> Result<Ticket, TurnedAway> {
        self.join_with(path, 1)
    }

    /// Like [`Self::join`], with several units, for a line without slots. A ticket there may have to give way until it
    /// is [kept](Ticket::keep).
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

    /// Whether work on this path is of a kind that is known to stand still.
    pub fn is_still(&self, path: &Path) -> bool {
        let kind = path.steps.last().filter(|_| path.work).map(|step| step.key);
        kind.is_some_and(|kind| self.state().still.has(kind))
    }

    /// Whether the kinds known to stand still hold their whole share of the slots.
    pub fn has_its_share_of_still(&self) -> bool {
        self.state().held_still() >= self.share_of_still()
    }

    /// The slots that all kinds known to stand still may hold together.
    fn share_of_still(&self) -> u64 {
        (self.slots / 3).max(1)
    }

    /// Units that are held.
    pub fn held(&self) -> usize {
        usize::try_from(self.state().held).unwrap_or(usize::MAX)
    }

    /// Those who wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Why the line does not serve as it should, if it does not.
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
    /// Whether the ticket holds its slot, as far as it has looked.
    pub fn is_held(&self) -> bool {
        self.slot.is_none()
    }

    /// Waits for the slot.
    pub async fn held(&mut self) -> Result<(), TurnedAway> {
        if let Some(slot) = &mut self.slot {
            slot.await.map_err(|_| TurnedAway)?;
            self.slot = None;
        }
        Ok(())
    }

    /// Leaves the line because the wait was too long, which counts as a refusal.
    pub fn give_up(self) {
        let mut state = self.line.state();
        let alone = state.is_alone(&self.standing, self.units);
        if alone {
            state.strain.refused(Instant::now());
        }
    }

    /// Reports that work of this ticket's kind waits in vain for something that all work of the kind needs.
    ///
    /// Any kind that has held a slot for long is then taken to wait in vain, too. For a while all these kinds share a
    /// small part of the slots, and those of them that wait are turned away.
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

    /// Asks for more units, in a line without slots.
    pub fn grow(&mut self, units: u64) -> Result<(), TurnedAway> {
        let mut state = self.line.state();
        let waiting = state.waiting.iter_mut().find(|one| one.number == self.number).ok_or(TurnedAway)?;
        waiting.units += units;
        self.units += units;
        state.add(&self.standing.nodes, units);
        state.make_room(self.line.room, self.number)
    }

    /// Keeps the units: from now on the ticket gives way to nobody.
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

    /// Makes the ticket count for another path from now on.
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

    /// Whether the ticket holds its slot, even if nobody has looked yet.
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

    /// Gives the free slots to those whose turn it is.
    fn give_slots(&mut self, line: &Line) {
        let may_hold = |state: &Self, one: &usize| state.may_hold(&state.waiting[*one].standing, line);
        while self.held < line.slots
            && let Some(next) =
                (0..self.waiting.len()).filter(|one| may_hold(self, one)).min_by(|a, b| self.compare_turns(*a, *b))
        {
            let next = self.waiting.swap_remove(next);
            self.hold(next.number, &next.standing, next.units);
            // A ticket that is dropped leaves the line first, so its receiver still exists.
            let _ = next.slot.send(());
        }
    }

    /// The kind of work that a standing ends with, if any.
    fn kind(&self, standing: &Standing) -> Option<u64> {
        standing.nodes.last().filter(|_| standing.work).map(|last| self.nodes[*last].key)
    }

    /// The slots held by kinds that are known to stand still.
    fn held_still(&self) -> u64 {
        let held = |kind: &u64| self.index.get(kind).map_or(0, |node| self.nodes[*node].held);
        if self.still.is_known() { self.still.kinds.iter().map(held).sum() } else { 0 }
    }

    /// Whether another slot for its kind of work is within the bounds.
    fn may_hold(&self, standing: &Standing, line: &Line) -> bool {
        let (Some(kind), Some(last)) = (self.kind(standing), standing.nodes.last()) else { return true };
        if self.still.has(kind) {
            return self.held_still() < line.share_of_still();
        }
        // While some kinds stand still, others may do so, too; so each gets only half of its bound.
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

    /// Compares how many slots two steps hold for their weight, and then whose turn was longer ago.
    ///
    /// The pool and the network of a flood may be equal in both. Then the network ranks first: others of the network
    /// come before the flood, and others at the pool part from it further down.
    fn compare_held(&self, one: usize, other: usize) -> Ordering {
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        (one.held * other.weight)
            .cmp(&(other.held * one.weight))
            .then(one.turn.cmp(&other.turn))
            .then(one.beside.cmp(&other.beside))
    }

    /// Turns away those who wait and have most until the rest fits. The newcomer may be among them.
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

    /// Compares the loads of two who wait. Among equals the newcomer is the heaviest.
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

    /// Whether these units are all that the caller has.
    fn is_alone(&self, standing: &Standing, units: u64) -> bool {
        standing.nodes.get(standing.caller).is_none_or(|node| self.nodes[*node].load == units)
    }
}

impl Standing {
    /// The steps from the top down. A step that stands beside others comes before the first of them that does not have
    /// more. So every place in the line has one path at a time, and comparing paths where they part puts all places in
    /// one order.
    fn downwards(&self, rank: impl Fn(usize, usize) -> Ordering) -> impl Iterator<Item = usize> {
        let ranked = &self.nodes[..self.nodes.len() - usize::from(self.work)];
        let (above, rest) = ranked.split_at(self.beside.unwrap_or(ranked.len()));
        let (beside, rest) = rest.split_at(rest.len().min(1));
        let has_more = |step: &&usize| beside.iter().all(|beside| rank(**step, *beside).is_gt());
        let (before, after) = rest.split_at(rest.iter().take_while(has_more).count());
        [above, before, beside, after].into_iter().flatten().copied()
    }
}

/// The steps at which two paths part.
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
