//! Fair shares: who is next, and who is turned away, when more is asked for than there is.
//!
//! A [`Line`] has so many *slots*, and *room* for so much in all: what is held and what waits. Who asks says on which
//! [`Path`] it stands, from the whole to itself: kind of caller, user pool, networks, caller. The rules, from the top of
//! the path down, at the first step at which two paths part:
//!
//! - Nobody waits while a slot is free, and nobody is turned away while there is room.
//! - A slot that is free goes to the step that holds least for its weight; among equals to the one whose turn was longest ago,
//!   so that each gets one in every round.
//! - Where there is no room, what waits on the heaviest step (held and waiting, for its weight) gives way to a newcomer who
//!   stands on a lighter one; otherwise the newcomer is turned away. What is held is never taken away.
//!
//! A step may stand [beside](Path::beside) those that follow rather than above them: a user pool has many networks, and a network
//! asks at many user pools. Of the two chains, what has more stands first: a flood at one pool parts from others at the pool,
//! and one network's at many pools at the network.
//!
//! So whoever has less than a share is never turned away for those who have more. A line knows only those who hold something or
//! wait: nobody else is remembered, and what it remembers is bounded by its room.

use std::{
    cmp::Ordering,
    collections::HashMap,
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

/// Where a caller stands: from the widest group that it shares with others to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    /// Which step is one caller's, or the widest network's that it comes from.
    caller: usize,
    /// The step that stands beside those that follow.
    beside: Option<usize>,
}

impl Path {
    /// The path with a further step: a group, told from others by anything that can be hashed.
    pub fn then(self, key: impl Hash) -> Self {
        self.weighing(key, 1)
    }

    /// The same with a group that counts for several of those beside it.
    pub fn weighing(mut self, key: impl Hash, weight: u32) -> Self {
        // Drawn anew in every process: nobody can choose names that fall together.
        static HASHES: OnceLock<RandomState> = OnceLock::new();
        let key = HASHES.get_or_init(RandomState::new).hash_one(key);
        self.steps.push(Step { key, weight: u64::from(weight.max(1)) });
        self
    }

    /// The same with a group beside the steps that will follow, which others share who are not of this group.
    pub fn beside(mut self, key: impl Hash) -> Self {
        self.beside = Some(self.steps.len());
        self.then(key)
    }

    /// Says that the next step is where one caller, or the widest network that it comes from, stands beside others.
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
    /// Of the last ticket or turn.
    number: u64,
    /// When a slot was last given or given back.
    moved: Instant,
    strain: Strain,
}

/// A step that somebody stands on.
struct Node {
    key: u64,
    weight: u64,
    held: u64,
    /// Held and waiting.
    load: u64,
    /// When a slot was last given to it; at first, when it came.
    turn: u64,
    /// Whether it stands beside those that follow.
    beside: bool,
}

/// Where somebody stands who holds something or waits: a [`Path`] of nodes.
#[derive(Clone)]
struct Standing {
    nodes: Vec<usize>,
    caller: usize,
    beside: Option<usize>,
}

struct Waiting {
    number: u64,
    units: u64,
    standing: Standing,
    /// Told of the slot; dropped when turned away.
    slot: oneshot::Sender<()>,
}

/// Since when callers who have nothing else on their way are turned away.
#[derive(Clone, Copy, Default)]
struct Strain {
    span: Option<(Instant, Instant)>,
}

/// Such refusals over this time are an overload; fewer are a moment's.
const OVERLOADED: Duration = Duration::from_secs(3);
/// It is over when there was none for this time.
const OVER: Duration = Duration::from_secs(10);
/// Slots that are all held this long without one given back stand still.
const STANDSTILL: Duration = Duration::from_secs(5);

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
    /// Callers who ask for one thing are turned away for a while.
    Refusing,
}

impl Line {
    /// So many slots, and room for so many that wait beside them.
    pub fn new(slots: usize, waiting: usize) -> Arc<Self> {
        let slots = slots as u64;
        let state = State {
            nodes: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            waiting: Vec::new(),
            held: 0,
            total: 0,
            number: 0,
            moved: Instant::now(),
            strain: Strain::default(),
        };
        Arc::new(Self { slots, room: slots.saturating_add(waiting as u64), state: Mutex::new(state) })
    }

    /// Takes a slot, or a place in the line.
    pub fn join(self: &Arc<Self>, path: &Path) -> Result<Ticket, TurnedAway> {
        self.join_with(path, 1)
    }

    /// The same with several units, in a line without slots: what has room there may have to give way until it is
    /// [kept](Ticket::keep).
    pub fn join_with(self: &Arc<Self>, path: &Path, units: u64) -> Result<Ticket, TurnedAway> {
        let mut state = self.state();
        let number = state.next_number();
        let standing = state.stand(path, number);
        state.add(&standing.nodes, units);
        if state.held + units <= self.slots {
            state.hold(&standing.nodes, units);
            return Ok(Ticket { line: self.clone(), number, units, standing, slot: None });
        }
        let (slot, told) = oneshot::channel();
        state.waiting.push(Waiting { number, units, standing: standing.clone(), slot });
        state.make_room(self.room, number)?;
        Ok(Ticket { line: self.clone(), number, units, standing, slot: Some(told) })
    }

    /// Units that are held.
    pub fn held(&self) -> usize {
        usize::try_from(self.state().held).unwrap_or(usize::MAX)
    }

    /// Those who wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Whether it serves as it should.
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
    /// Whether the slot is there.
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

    /// Leaves the line after a wait that was long enough: a refusal.
    pub fn give_up(self) {
        let mut state = self.line.state();
        let alone = state.is_alone(&self.standing, self.units);
        if alone {
            state.strain.refused(Instant::now());
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

    /// Gives way to nobody from now on.
    pub fn keep(&mut self) -> Result<(), TurnedAway> {
        let mut state = self.line.state();
        if self.slot.is_none() {
            return Ok(());
        }
        let index = state.waiting.iter().position(|one| one.number == self.number).ok_or(TurnedAway)?;
        state.waiting.swap_remove(index);
        state.hold(&self.standing.nodes, self.units);
        self.slot = None;
        Ok(())
    }

    /// Counts for another from now on.
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

    /// Whether the slot is there, also when nobody looked yet.
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
            state.give_back(&self.standing.nodes, self.units);
            state.give_slots(line.slots);
        }
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Finds the steps of a path, made where nobody stands yet.
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

    fn hold(&mut self, nodes: &[usize], units: u64) {
        let turn = self.next_number();
        self.held += units;
        self.moved = Instant::now();
        for node in nodes {
            self.nodes[*node].held += units;
            self.nodes[*node].turn = turn;
        }
    }

    fn give_back(&mut self, nodes: &[usize], units: u64) {
        self.held -= units;
        self.moved = Instant::now();
        for node in nodes {
            self.nodes[*node].held -= units;
        }
        self.remove(nodes, units);
    }

    /// Gives the slots that are free to those whose turn it is.
    fn give_slots(&mut self, slots: u64) {
        while self.held < slots
            && let Some(next) = (0..self.waiting.len()).min_by(|a, b| self.compare_turns(*a, *b))
        {
            let next = self.waiting.swap_remove(next);
            self.hold(&next.standing.nodes, next.units);
            // A ticket that is dropped leaves the line first, so somebody takes it.
            let _ = next.slot.send(());
        }
    }

    fn compare_turns(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (&self.waiting[a], &self.waiting[b]);
        let rank = |one, other| self.compare_held(one, other);
        match parting(&a.standing, &b.standing, rank) {
            Some((one, other)) => rank(one, other).then(one.cmp(&other)),
            None => a.number.cmp(&b.number),
        }
    }

    /// Which of two steps has more of the slots, or had one last. The pool and the network of a flood may have the same: then
    /// others of the network come before it, and others at the pool part from it further down.
    fn compare_held(&self, one: usize, other: usize) -> Ordering {
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        (one.held * other.weight)
            .cmp(&(other.held * one.weight))
            .then(one.turn.cmp(&other.turn))
            .then(one.beside.cmp(&other.beside))
    }

    /// Turns away whoever waits and has most until all fits, or the newcomer.
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

    /// Among equals the newcomer is the heaviest.
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

    /// Whether so many units are all that one caller has.
    fn is_alone(&self, standing: &Standing, units: u64) -> bool {
        standing.nodes.get(standing.caller).is_none_or(|node| self.nodes[*node].load == units)
    }
}

impl Standing {
    /// The steps from the top: one that stands beside others comes before the first of them that has no more than it. So every
    /// place in the line has one path at a time, and comparing those where they part puts all places in one order.
    fn downwards(&self, rank: impl Fn(usize, usize) -> Ordering) -> impl Iterator<Item = usize> {
        let (above, rest) = self.nodes.split_at(self.beside.unwrap_or(self.nodes.len()));
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
mod tests {
    use std::{collections::BTreeMap, task::Poll};

    use proptest::prelude::*;

    use super::*;

    fn path(steps: &[u8]) -> Path {
        let path = steps.iter().enumerate().fold(Path::default(), |path, (level, key)| path.then((level, key)));
        Path { caller: path.steps.len() - 1, ..path }
    }

    /// Whether a ticket has its slot, waits, or was turned away.
    fn looked_at(ticket: &mut Ticket) -> Poll<Result<(), TurnedAway>> {
        let held = std::pin::pin!(ticket.held());
        held.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
    }

    fn is_held(ticket: &mut Ticket) -> bool {
        looked_at(ticket) == Poll::Ready(Ok(()))
    }

    fn is_turned_away(ticket: &mut Ticket) -> bool {
        looked_at(ticket) == Poll::Ready(Err(TurnedAway))
    }

    #[test]
    fn who_waits_alone_is_served_in_the_next_round_whatever_line_another_has() {
        let line = Line::new(1, 100);
        let mut held = line.join(&path(&[1])).unwrap();
        let mut flood: Vec<_> = (0..60).map(|_| line.join(&path(&[1])).unwrap()).collect();
        let mut honest = line.join(&path(&[2])).unwrap();
        for round in 0.. {
            drop(held);
            if is_held(&mut honest) {
                break;
            }
            assert!(round < 1, "after one of the flood's at most");
            let index = flood.iter_mut().position(is_held).unwrap();
            held = flood.swap_remove(index);
        }
    }

    #[test]
    fn who_comes_back_at_once_each_time_does_not_overtake_who_waits() {
        let line = Line::new(1, 100);
        let mut held = line.join(&path(&[0])).unwrap();
        let mut patient = line.join(&path(&[9])).unwrap();
        let mut eager: Vec<_> = (1..4).map(|key| (key, line.join(&path(&[key])).unwrap())).collect();
        for _ in 0..5 {
            drop(held);
            if is_held(&mut patient) {
                return;
            }
            let index = eager.iter_mut().position(|(_, ticket)| is_held(ticket)).unwrap();
            let (key, ticket) = eager.remove(index);
            held = ticket;
            eager.push((key, line.join(&path(&[key])).unwrap()));
        }
        panic!("starved");
    }

    #[test]
    fn a_full_line_turns_away_those_who_have_most() {
        let line = Line::new(2, 4);
        let _held = [line.join(&whole(&[1, 1])).unwrap(), line.join(&whole(&[1, 2])).unwrap()];
        let mut flood: Vec<_> = (0..4).map(|n| line.join(&whole(&[1, n])).unwrap()).collect();
        assert!(line.join(&whole(&[1, 1])).is_err(), "the flood's own are turned away");
        let mut others: Vec<_> = (0..2).map(|n| line.join(&whole(&[2, n])).unwrap()).collect();
        assert_eq!(flood.iter_mut().filter_map(|ticket| is_turned_away(ticket).then_some(())).count(), 2);
        assert!(!others.iter_mut().any(is_turned_away));
        // Four against two are more than half of the line; three against three are not.
        let third = line.join(&whole(&[2, 7])).unwrap();
        assert!(line.join(&whole(&[2, 8])).is_err(), "as many as the others");
        drop(third);
    }

    #[test]
    fn weights_share_what_is_held() {
        let line = Line::new(5, 100);
        let heavy = || Path::default().weighing("heavy", 4);
        let light = || Path::default().weighing("light", 1);
        let first: Vec<_> = (0..5).map(|_| line.join(&Path::default().then("first")).unwrap()).collect();
        let mut lights: Vec<_> = (0..20).map(|_| line.join(&light()).unwrap()).collect();
        let mut heavies: Vec<_> = (0..20).map(|_| line.join(&heavy()).unwrap()).collect();
        drop(first);
        assert_eq!(lights.iter_mut().filter_map(|ticket| is_held(ticket).then_some(())).count(), 1);
        assert_eq!(heavies.iter_mut().filter_map(|ticket| is_held(ticket).then_some(())).count(), 4);
    }

    #[test]
    fn what_is_held_counts_for_whoever_it_was_found_to_be() {
        let line = Line::new(2, 10);
        let mut one = line.join(&path(&[1])).unwrap();
        let two = line.join(&path(&[1])).unwrap();
        let (mut of_one, mut of_three) = (line.join(&path(&[1])).unwrap(), line.join(&path(&[3])).unwrap());
        one.move_to(&path(&[3]));
        // Each holds one; whose turn was longest ago is next, and gets what the other gives back.
        drop(two);
        assert!(is_held(&mut of_one) && !is_held(&mut of_three));
        drop(one);
        assert!(is_held(&mut of_three));
        drop((of_one, of_three));
        assert!(line.state().index.is_empty());
    }

    #[test]
    fn in_a_line_without_slots_what_grows_most_gives_way_until_it_is_kept() {
        let line = Line::new(0, 100);
        let mut large = line.join_with(&path(&[1]), 20).unwrap();
        let mut kept = line.join_with(&path(&[2]), 30).unwrap();
        kept.keep().unwrap();
        large.grow(30).unwrap();
        let mut other = line.join_with(&path(&[3]), 15).unwrap();
        assert!(!is_turned_away(&mut large));
        other.grow(10).unwrap();
        assert!(is_turned_away(&mut large) && large.grow(1).is_err());
        assert_eq!(other.grow(60), Err(TurnedAway), "nobody else can give way");
        drop((large, other));
        assert_eq!(line.state().total, 30);
        drop(kept);
        assert!(line.state().index.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_of_lone_callers_are_an_overload_those_of_a_flood_are_not() {
        let line = Line::new(1, 1);
        let second = Duration::from_secs(1);
        let mut held = line.join(&path(&[1])).unwrap();
        let mut waits = line.join(&path(&[1])).unwrap();
        for _ in 0..8 {
            assert!(line.join(&path(&[1])).is_err());
            tokio::time::advance(second).await;
            drop(std::mem::replace(&mut held, waits));
            waits = line.join(&path(&[1])).unwrap();
        }
        assert_eq!(line.overload(), None);
        let lone = |n: u8| {
            let mut ticket = line.join(&path(&[n])).unwrap();
            assert!(!is_held(&mut ticket));
            ticket.give_up();
        };
        lone(2);
        assert_eq!(line.overload(), None, "a moment's");
        for n in 3..7 {
            tokio::time::advance(second).await;
            lone(n);
        }
        assert_eq!(line.overload(), Some(Overload::Refusing));
        tokio::time::advance(6 * second).await;
        assert_eq!(line.overload(), Some(Overload::Standstill), "and nothing was given back");
        drop(held);
        assert_eq!(line.overload(), Some(Overload::Refusing), "not over with the first quiet moment");
        tokio::time::advance(5 * second).await;
        drop(waits);
        assert_eq!(line.overload(), None);
    }

    #[derive(Clone, Debug)]
    enum Deed {
        Join(Vec<u8>),
        Leave(usize),
        Move(usize, Vec<u8>),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let steps = || prop::collection::vec(0_u8..4, 3);
        prop_oneof![
            5 => steps().prop_map(Deed::Join),
            3 => any::<usize>().prop_map(Deed::Leave),
            1 => (any::<usize>(), steps()).prop_map(|(who, steps)| Deed::Move(who, steps)),
        ]
    }

    type Loads = BTreeMap<Vec<u8>, usize>;

    /// The groups of a caller of three steps: the steps up to each level; or the first one's beside those of the others.
    fn groups(steps: &[u8], beside: bool) -> Vec<Vec<u8>> {
        match beside {
            false => (1..=3).map(|level| steps[..level].to_vec()).collect(),
            true => vec![vec![u8::MAX, steps[0]], steps[1..2].to_vec(), steps[1..3].to_vec()],
        }
    }

    /// The groups of a caller, that which has more first.
    fn groups_by_load(steps: &[u8], beside: bool, loads: &Loads) -> Vec<Vec<u8>> {
        let mut groups = groups(steps, beside);
        if beside {
            groups.sort_by_key(|group| std::cmp::Reverse(loads[group]));
        }
        groups
    }

    /// What each group has.
    fn loads(tickets: &[(Vec<u8>, Ticket)], beside: bool) -> Loads {
        let mut loads = BTreeMap::new();
        for group in tickets.iter().flat_map(|(steps, _)| groups(steps, beside)) {
            *loads.entry(group).or_default() += 1;
        }
        loads
    }

    fn path_of(steps: &[u8], beside: bool) -> Path {
        match (beside, groups(steps, beside).as_slice()) {
            (true, [pool, network, caller]) => Path::default().beside(pool).caller().then(network).then(caller),
            _ => whole(steps),
        }
    }

    /// The path of a group is its key here: as in use, a step is the same under one parent only.
    fn whole(steps: &[u8]) -> Path {
        let path = (1..=steps.len()).fold(Path::default(), |path, level| path.then(&steps[..level]));
        Path { caller: path.steps.len() - 1, ..path }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_mix_of_callers_is_served_fairly(
            slots in 1_usize..6, room in 0_usize..8, beside: bool, deeds in prop::collection::vec(deed(), 1..120),
        ) {
            let line = Line::new(slots, room);
            let mut tickets: Vec<(Vec<u8>, Ticket)> = Vec::new();
            for deed in deeds {
                // Who was turned away in this step, with what all had before.
                let mut refused = None;
                match deed {
                    Deed::Join(steps) => match line.join(&path_of(&steps, beside)) {
                        Ok(ticket) => tickets.push((steps, ticket)),
                        Err(TurnedAway) => refused = Some(steps),
                    },
                    Deed::Leave(who) if !tickets.is_empty() => drop(tickets.swap_remove(who % tickets.len())),
                    Deed::Move(who, steps) if !tickets.is_empty() => {
                        let who = who % tickets.len();
                        tickets[who].1.move_to(&path_of(&steps, beside));
                        tickets[who].0 = steps;
                    }
                    _ => {}
                }
                let before = tickets.len();
                let mut all = loads(&tickets, beside);
                let mut gone = Vec::new();
                let mut kept = Vec::new();
                for (steps, mut ticket) in tickets {
                    if is_turned_away(&mut ticket) { gone.push(steps) } else { kept.push((steps, ticket)) }
                }
                tickets = kept;
                prop_assert!(gone.len() <= 1);
                if let Some(steps) = &refused {
                    for group in groups(steps, beside) {
                        *all.entry(group).or_default() += 1;
                    }
                }
                let away = refused.iter().chain(&gone).next().cloned();
                let mut held = 0;
                let mut waiting = Vec::new();
                for (steps, ticket) in &mut tickets {
                    if is_held(ticket) { held += 1 } else { waiting.push(steps.clone()) }
                }
                // Nobody waits while a slot is free; nobody is turned away while there is room.
                prop_assert!(held <= slots && (waiting.is_empty() || held == slots));
                prop_assert!(tickets.len() <= slots + room);
                prop_assert!(away.is_none() || before + usize::from(refused.is_some()) == slots + room + 1);
                // Nobody is turned away while somebody waits who has more, where their paths part.
                if let Some(away) = away {
                    let of_away = groups_by_load(&away, beside, &all);
                    let mut first = std::collections::BTreeSet::from([of_away[0].clone()]);
                    for other in &waiting {
                        let of_other = groups_by_load(other, beside, &all);
                        if let Some((mine, theirs)) = of_away.iter().zip(&of_other).find(|(a, b)| a != b) {
                            let (mine, theirs) = (all[mine], all[theirs]);
                            prop_assert!(mine >= theirs, "{away:?} has {mine}, {other:?} has {theirs}");
                        }
                        first.insert(of_other[0].clone());
                    }
                    // So whoever has less than a share of the line is never turned away.
                    prop_assert!(all[&of_away[0]] >= ((room + 1) / first.len()).max(1));
                }
                // What is remembered are those who are there.
                let state = line.state();
                prop_assert_eq!(state.index.len(), loads(&tickets, beside).len());
                prop_assert!(state.nodes.len() <= 3 * (slots + room + 2));
                prop_assert_eq!(state.total as usize, tickets.len());
            }
            drop(tickets);
            prop_assert!(line.state().index.is_empty() && line.state().held == 0);
        }

        #[test]
        fn every_group_gets_its_turn_in_each_round(counts in prop::collection::vec(1_usize..12, 2..6)) {
            let line = Line::new(1, 1_000);
            let mut held = line.join(&path(&[99])).unwrap();
            let mut tickets = Vec::new();
            for (key, count) in counts.iter().enumerate() {
                tickets.extend((0..*count).map(|_| (key, line.join(&path(&[key as u8])).unwrap())));
            }
            let mut served = vec![0; counts.len()];
            while !tickets.is_empty() {
                drop(held);
                let index = tickets.iter_mut().position(|(_, ticket)| is_held(ticket)).unwrap();
                let (key, ticket) = tickets.swap_remove(index);
                held = ticket;
                served[key] += 1;
                // Of those who still wait nobody is more than one round behind another.
                let behind = (0..counts.len()).filter(|key| tickets.iter().any(|(one, _)| one == key));
                let least = behind.map(|key| served[key]).min().unwrap_or(usize::MAX);
                prop_assert!(served[key] <= least.saturating_add(1), "{served:?}");
            }
        }
    }
}
