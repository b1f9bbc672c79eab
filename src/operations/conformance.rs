//! Compares what each operation reads from its input with the service model. A reviewed file (`wire/unread.txt`) lists
//! the members that an operation does not read, each with the reason.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{SUPPORTED, unread};
use crate::{app::App, context::Context, error::Result, wire};

/// Members that identify the caller; they are read before the operation runs.
const OF_THE_CALLER: [&str; 4] = ["AccessToken", "ClientId", "UserPoolId", "Session"];

/// Returns the members of an input that a handler's request type does not read.
pub fn unread_by<C, Q: DeserializeOwned, A>(
    input: Value,
    _: impl AsyncFn(&App, &Context, C, Q) -> Result<A>,
) -> Vec<String> {
    let mut out = Vec::new();
    let read: std::result::Result<Q, _> = serde_ignored::deserialize(input, |path| out.push(path.to_string()));
    assert!(read.is_ok(), "{:?}", read.err());
    out
}

#[test]
fn what_an_operation_does_not_read_is_reviewed() {
    let mut found = BTreeSet::new();
    for operation in SUPPORTED {
        for path in unread(operation, wire::sample_input(operation)) {
            // Indices of lists, and the `?` of optional values, are left out, so that only the names of members remain.
            let path: Vec<_> = path.split('.').filter(|part| part.parse::<usize>().is_err() && *part != "?").collect();
            if !(path.len() == 1 && OF_THE_CALLER.contains(&path[0])) {
                found.insert(format!("{operation}.{}", path.join(".")));
            }
        }
    }
    let reviewed: BTreeSet<_> = include_str!("../wire/unread.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(": ").expect("each line gives a reason").0.to_owned())
        .collect();
    let new: Vec<_> = found.difference(&reviewed).collect();
    let stale: Vec<_> = reviewed.difference(&found).collect();
    assert!(new.is_empty() && stale.is_empty(), "not in src/wire/unread.txt: {new:#?}; read after all: {stale:#?}");
}
