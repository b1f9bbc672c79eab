//! Tests of fair sharing: individual cases, and properties that hold for any mix of callers.

use std::{collections::BTreeMap, task::Poll};

use proptest::prelude::*;

use super::*;

fn path(steps: &[u8]) -> Path {
    let path = steps.iter().enumerate().fold(Path::default(), |path, (level, key)| path.then((level, key)));
    Path { caller: path.steps.len() - 1, ..path }
}

/// Polls a ticket once. The result says whether the ticket holds its slot, waits, or was turned away.
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
    // Group 1 has four units and group 2 has two, so group 1 makes room for a newcomer of group 2. After that, both
    // groups have three units, so group 1 does not make room for another newcomer.
    let third = line.join(&whole(&[2, 7])).unwrap();
    assert!(line.join(&whole(&[2, 8])).is_err(), "as many as the others");
    drop(third);
}

#[test]
fn one_kind_of_work_leaves_slots_to_others_whoever_asks_for_it() {
    let line = Line::bounding(2, 3, 100);
    let stuck = |key: u8| line.join(&path(&[key]).doing("list")).unwrap();
    let mut lists: Vec<_> = (0..5).map(stuck).collect();
    assert_eq!(lists.iter_mut().filter_map(|list| is_held(list).then_some(())).count(), 2);
    let mut gets: Vec<_> = (0..2).map(|key| line.join(&path(&[key]).doing("get")).unwrap()).collect();
    assert!(is_held(&mut gets[0]) && !is_held(&mut gets[1]));
    // The free slot goes to the next ticket whose kind of work is below its bound, although the lists came first.
    drop(gets.remove(0));
    assert!(is_held(&mut gets[0]) && lists[2..].iter_mut().all(|list| !is_held(list)));
    drop(gets);
    assert!(lists[2..].iter_mut().all(|list| !is_held(list)), "within the bound, though a slot is free");
    drop(lists.remove(0));
    assert_eq!(lists.iter_mut().filter_map(|list| is_held(list).then_some(())).count(), 2);
}

/// Makes a line of six slots in which a kind of work was reported as stalled. Two tickets, one of each of two kinds,
/// have held their slots for a long time. The other four got theirs just before the report.
async fn a_standstill() -> (Arc<Line>, Vec<Ticket>, Vec<Ticket>) {
    let line = Line::bounding(4, 6, 100);
    let ask = |kind: &str| line.join(&path(&[1]).doing(kind)).unwrap();
    let long = vec![ask("list"), ask("forget")];
    tokio::time::advance(LONG).await;
    let mut waiting: Vec<_> = ["list", "forget"].repeat(4).into_iter().map(ask).collect();
    long[0].stood_still();
    assert!(waiting[..4].iter().all(Ticket::is_held), "what is held is not taken away");
    assert!(waiting[4..].iter_mut().all(is_turned_away), "who waits need not");
    waiting.truncate(4);
    (line, long, waiting)
}

#[tokio::test(start_paused = true)]
async fn kinds_of_work_that_stand_still_have_a_third_together_and_do_not_wait() {
    let (line, long, held) = a_standstill().await;
    drop((long, held));
    let on = |kind: &str| path(&[1]).doing(kind);
    let stuck = [line.join(&on("list")).unwrap(), line.join(&on("forget")).unwrap()];
    assert!(stuck.iter().all(Ticket::is_held));
    assert!(line.is_still(&on("list")) && line.is_still(&on("forget")) && !line.is_still(&on("get")));
    assert!(line.has_its_share_of_still());
    // Other kinds may be stalled, too, so each of them gets half of its usual bound.
    let mut gets: Vec<_> = (0..3).map(|_| line.join(&on("get")).unwrap()).collect();
    assert!(is_held(&mut gets[0]) && is_held(&mut gets[1]) && !is_held(&mut gets[2]));
    assert!(line.join(&on("put")).unwrap().is_held());
}

#[tokio::test(start_paused = true)]
async fn a_standstill_is_over_when_none_of_its_kinds_was_seen_to_stand_still_for_a_while() {
    let (line, long, held) = a_standstill().await;
    let on = |kind: &str| path(&[1]).doing(kind);
    tokio::time::advance(STILL / 2).await;
    long[1].stood_still();
    tokio::time::advance(STILL / 2).await;
    assert!(line.is_still(&on("list")), "one was seen");
    tokio::time::advance(STILL / 2).await;
    assert!(!line.is_still(&on("list")));
    drop((long, held));
    let tickets: Vec<_> = (0..4).map(|_| line.join(&on("list")).unwrap()).collect();
    assert!(tickets.iter().all(Ticket::is_held));
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
    // Now the callers 1 and 3 hold one slot each. If one of them gives its slot back, it holds fewer than the other, so
    // its waiting ticket is next.
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

/// Returns the groups of a caller with three steps, one for each prefix. With `beside`, the first step is a group by
/// itself, and the prefixes begin with the second step.
fn groups(steps: &[u8], beside: bool) -> Vec<Vec<u8>> {
    match beside {
        false => (1..=3).map(|level| steps[..level].to_vec()).collect(),
        true => vec![vec![u8::MAX, steps[0]], steps[1..2].to_vec(), steps[1..3].to_vec()],
    }
}

/// Returns the groups of a caller. With `beside`, groups that have more tickets come first.
fn groups_by_load(steps: &[u8], beside: bool, loads: &Loads) -> Vec<Vec<u8>> {
    let mut groups = groups(steps, beside);
    if beside {
        groups.sort_by_key(|group| std::cmp::Reverse(loads[group]));
    }
    groups
}

/// Counts the tickets of each group.
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

/// Makes a path in which the key of each step is the whole prefix that ends with it. So each step has only one parent,
/// as in real use.
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
            // The newcomer that was turned away by this deed, if any.
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
            // No caller waits while a slot is free, and none is turned away while there is room.
            prop_assert!(held <= slots && (waiting.is_empty() || held == slots));
            prop_assert!(tickets.len() <= slots + room);
            prop_assert!(away.is_none() || before + usize::from(refused.is_some()) == slots + room + 1);
            // No caller is turned away while another waits who has more at the step where their paths differ.
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
                // So a caller whose widest group has less than an equal share of the room for waiting is not turned
                // away.
                prop_assert!(all[&of_away[0]] >= ((room + 1) / first.len()).max(1));
            }
            // The line remembers only the groups of callers who hold or wait.
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
            // No caller who still waits is more than one round behind another.
            let behind = (0..counts.len()).filter(|key| tickets.iter().any(|(one, _)| one == key));
            let least = behind.map(|key| served[key]).min().unwrap_or(usize::MAX);
            prop_assert!(served[key] <= least.saturating_add(1), "{served:?}");
        }
    }
}
