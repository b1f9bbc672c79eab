//! What was asked and answered, of each passkey and of each session.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use crate::life::{self, Event, Says};

/// The recorder that all clients share.
#[derive(Clone)]
pub struct Recorder {
    began: Instant,
    records: Arc<Mutex<Records>>,
}

#[derive(Default)]
struct Records {
    operations: u64,
    passkeys: BTreeMap<String, Vec<Event>>,
    sessions: BTreeMap<u64, Vec<Event>>,
    /// A line for each answer to a challenge that was taken more than once.
    taken_twice: Vec<String>,
}

/// What a check found.
pub struct Findings {
    pub operations: u64,
    pub passkeys: usize,
    pub sessions: usize,
    /// A line for each passkey or session whose history cannot have happened.
    pub violations: Vec<String>,
}

impl Recorder {
    pub fn new() -> Self {
        Self { began: Instant::now(), records: Arc::default() }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).expect("shorter than five centuries")
    }

    /// Counts a call whose answer tells what was done.
    pub fn count(&self) {
        self.records().operations += 1;
    }

    pub fn operations(&self) -> u64 {
        self.records().operations
    }

    /// How many passkeys, or sessions if those are fewer, have a history.
    pub fn lives(&self) -> usize {
        let records = self.records();
        records.passkeys.len().min(records.sessions.len())
    }

    pub fn passkey(&self, id: &str, says: Says, start: u64, end: Option<u64>) {
        self.records().passkeys.entry(id.to_owned()).or_default().push(Event { says, start, end });
    }

    pub fn session(&self, number: u64, says: Says, start: u64, end: Option<u64>) {
        self.records().sessions.entry(number).or_default().push(Event { says, start, end });
    }

    /// Notes how often one answer to one challenge signed in.
    pub fn signed_in(&self, times: usize) {
        if times > 1 {
            self.records().taken_twice.push(format!("one answer to one challenge signed in {times} times"));
        }
    }

    /// Checks every history.
    pub fn check(&self) -> Findings {
        let records = self.records();
        let passkeys = records.passkeys.iter().map(|(id, events)| (format!("passkey {id}"), events));
        let sessions = records.sessions.iter().map(|(number, events)| (format!("session {number}"), events));
        let violations = passkeys
            .chain(sessions)
            .filter(|(_, events)| !life::happened(events))
            .map(|(name, events)| format!("{name}: {}", told(events)))
            .chain(records.taken_twice.iter().cloned())
            .collect();
        Findings {
            operations: records.operations,
            passkeys: records.passkeys.len(),
            sessions: records.sessions.len(),
            violations,
        }
    }
}

/// The events in the order they began, without repeated observations.
fn told(events: &[Event]) -> String {
    let mut events = events.to_vec();
    events.sort_unstable_by_key(|event| event.start);
    let mut seen = HashSet::new();
    let told = events.iter().map(|event| {
        let end = event.end.map_or("?".to_owned(), |end| (end / 1_000).to_string());
        format!("{:?} {}..{end} µs", event.says, event.start / 1_000)
    });
    told.filter(|line| seen.insert(line.clone())).collect::<Vec<_>>().join(", ")
}
