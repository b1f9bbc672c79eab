//! Whether what was seen of something can have happened: it is not there yet, then there, then gone for good.
//!
//! Such a history is linearizable when a moment of birth and a moment of death can be found so that every call has a
//! moment of its own, between its start and its end, at which its answer was true. For a given death every call bounds
//! the birth from one side, so the search is over deaths alone: exact, and quadratic in the number of calls. (A general
//! checker, which knows nothing of the three states, needs exponential time for histories that did not happen; the tests
//! compare the two on short ones.)

/// What a call's answer says about the moment at which it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// This was the birth.
    Born,
    /// This may have been the birth, now or later, or nothing.
    MaybeBorn,
    /// This was the death.
    Died,
    /// It was the death, unless the thing was not there.
    Ended,
    /// From this moment at the latest it is gone, whatever comes.
    Doomed,
    /// This may have been the death, now or later, or nothing.
    MaybeDied,
    There,
    NotThere,
    Gone,
}

/// A call. Times are nanoseconds since the start; no end: no answer, and it may be done at any later time.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub says: Says,
    pub start: u64,
    pub end: Option<u64>,
}

impl Event {
    fn end(self) -> u64 {
        self.end.unwrap_or(u64::MAX)
    }

    fn spans(self, moment: u64) -> bool {
        (self.start..=self.end()).contains(&moment)
    }

    fn may_be_birth(self) -> bool {
        matches!(self.says, Says::Born | Says::MaybeBorn)
    }

    fn may_be_death(self) -> bool {
        matches!(self.says, Says::Died | Says::Ended | Says::Doomed | Says::MaybeDied)
    }
}

/// Whether all this can have happened. Calls that touch each other are taken as concurrent.
pub fn happened(events: &[Event]) -> bool {
    let count = |says| events.iter().filter(|event| event.says == says).count();
    if count(Says::Born) > 1 || count(Says::Died) > 1 {
        return false;
    }
    let born = count(Says::Born) == 1;
    if !born && events.iter().all(|event| fits_never_born(event.says)) {
        return true;
    }
    let births = events.iter().filter(|event| if born { event.says == Says::Born } else { event.may_be_birth() });
    let births: Vec<(u64, u64)> = births.map(|event| (event.start, event.end())).collect();
    let died = events.iter().find(|event| event.says == Says::Died);
    let killers: Vec<&Event> = match died {
        Some(died) => vec![died],
        None => events.iter().filter(|event| event.may_be_death()).collect(),
    };
    let moments = events.iter().flat_map(|event| [event.start, event.end()]);
    let deaths = moments.filter(|moment| killers.iter().any(|killer| killer.spans(*moment))).map(Some);
    let never = died.is_none().then_some(None);
    deaths.chain(never).any(|death| {
        birth_bounds(events, death).is_some_and(|(earliest, latest)| {
            births.iter().any(|(start, end)| earliest.max(*start) <= latest.min(*end))
        })
    })
}

fn fits_never_born(says: Says) -> bool {
    !matches!(says, Says::Died | Says::There | Says::Gone)
}

/// Between which moments the birth must be when the death is at this moment (`None`: never), if at all.
fn birth_bounds(events: &[Event], death: Option<u64>) -> Option<(u64, u64)> {
    let (mut earliest, mut latest) = (0, death.unwrap_or(u64::MAX));
    for event in events {
        let may_follow_death = death.is_some_and(|death| event.end() >= death);
        match event.says {
            Says::Born | Says::MaybeBorn | Says::Died | Says::MaybeDied => {}
            Says::There if death.is_none_or(|death| event.start <= death) => latest = latest.min(event.end()),
            Says::There => return None,
            Says::NotThere | Says::Ended if may_follow_death => {}
            Says::NotThere | Says::Ended => earliest = earliest.max(event.start),
            Says::Gone | Says::Doomed if may_follow_death => {}
            Says::Gone | Says::Doomed => return None,
        }
    }
    (earliest <= latest).then_some((earliest, latest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use todc_utils::{
        linearizability::{
            WGLChecker,
            history::{Action, History},
        },
        specifications::Specification,
    };

    use super::{
        Says::{Born, Died, Doomed, Ended, Gone, MaybeBorn, MaybeDied, NotThere, There},
        *,
    };

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    enum State {
        NotYet,
        Alive,
        Dead,
        /// Doomed before its birth: it cannot be born any more.
        Barred,
    }

    /// The same life, as a general checker wants to hear of it.
    #[derive(Debug)]
    struct Life;

    impl Specification for Life {
        type State = State;
        type Operation = Says;

        fn init() -> State {
            State::NotYet
        }

        fn apply(says: &Says, state: &State) -> (bool, State) {
            use State::{Alive, Barred, Dead, NotYet};
            match (says, state) {
                (Born | MaybeBorn, NotYet) => (true, Alive),
                (Died | Ended | Doomed | MaybeDied, Alive) => (true, Dead),
                (Doomed, NotYet) => (true, Barred),
                (Doomed, other) => (true, *other),
                (MaybeBorn | MaybeDied | Ended, other) => (true, *other),
                (There, Alive) | (NotThere, NotYet | Dead | Barred) | (Gone, Dead) => (true, *state),
                _ => (false, *state),
            }
        }
    }

    fn by_general_checker(events: &[Event]) -> bool {
        // At one moment calls come before answers: calls that touch are concurrent.
        let mut actions: Vec<(u64, bool, usize)> = Vec::new();
        for (process, event) in events.iter().enumerate() {
            actions.push((event.start, false, process));
            actions.push((event.end(), true, process));
        }
        actions.sort_unstable();
        let actions = actions.into_iter().map(|(_, answer, process)| {
            let says = events[process].says;
            (process, if answer { Action::Response(says) } else { Action::Call(says) })
        });
        WGLChecker::<Life>::is_linearizable(History::from_actions(actions.collect()))
    }

    fn told(events: &[(Says, u64, Option<u64>)]) -> bool {
        let events: Vec<_> =
            events.iter().map(|(says, start, end)| Event { says: *says, start: *start, end: *end }).collect();
        happened(&events)
    }

    #[test]
    fn histories_of_passkeys_are_told_apart() {
        let born = (Born, 0, Some(10));
        assert!(told(&[born, (There, 20, Some(30)), (Died, 40, Some(50)), (NotThere, 60, Some(70))]));
        // Concurrent with the deletion, both are possible.
        assert!(told(&[born, (Died, 20, Some(50)), (NotThere, 25, Some(30)), (NotThere, 35, Some(45))]));
        assert!(!told(&[born, (Died, 20, Some(50)), (NotThere, 25, Some(30)), (There, 35, Some(45))]));
        // Deleted twice, there after its deletion, gone without one.
        assert!(!told(&[born, (Died, 20, Some(30)), (Died, 20, Some(30))]));
        assert!(!told(&[born, (Died, 20, Some(30)), (There, 40, Some(50))]));
        assert!(!told(&[born, (NotThere, 20, Some(30))]));
        // Nobody knows whether it was deleted, or when: but once gone it stays gone.
        assert!(told(&[born, (MaybeDied, 20, None), (There, 40, Some(50)), (NotThere, 60, Some(70))]));
        assert!(!told(&[born, (MaybeDied, 20, None), (NotThere, 40, Some(50)), (There, 60, Some(70))]));
        assert!(told(&[(MaybeBorn, 0, None), (NotThere, 10, Some(20)), (There, 30, Some(40))]));
        assert!(!told(&[(NotThere, 0, Some(5)), (There, 10, Some(20))]));
    }

    #[test]
    fn histories_of_sessions_are_told_apart() {
        let born = (Born, 0, Some(10));
        assert!(told(&[born, (There, 20, Some(30)), (Ended, 40, Some(50)), (Gone, 60, Some(70))]));
        assert!(!told(&[born, (Ended, 20, Some(30)), (There, 40, Some(50))]));
        assert!(!told(&[born, (Gone, 20, Some(30))]));
        // Minted by a passkey that was deleted before, or surviving the deletion.
        assert!(!told(&[(Doomed, 0, Some(5)), (Born, 10, Some(20)), (There, 30, Some(40))]));
        assert!(!told(&[born, (Doomed, 5, Some(15)), (There, 20, Some(30))]));
        assert!(told(&[born, (MaybeDied, 5, None), (There, 20, Some(30))]));
    }

    fn event() -> impl Strategy<Value = Event> {
        let says = prop::sample::select(vec![Born, MaybeBorn, Died, Ended, Doomed, MaybeDied, There, NotThere, Gone]);
        (says, 0..12_u64, 1..8_u64).prop_map(|(says, start, took)| {
            let answered = !matches!(says, MaybeBorn | MaybeDied);
            Event { says, start, end: answered.then_some(start + took) }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_general_checker_agrees(mut events in prop::collection::vec(event(), 1..8), born in any::<bool>()) {
            if born {
                // Most histories without a birth are impossible; these are the interesting half.
                events.retain(|event| event.says != Born);
                events.push(Event { says: Born, start: 2, end: Some(5) });
            }
            prop_assert_eq!(happened(&events), by_general_checker(&events), "{:?}", events);
        }
    }
}
