//! Rows in which the codes of names are counted that nobody may have: names share them, so that strangers fill no table.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    app::App,
    store::{codes::Counter, pools::Pool},
};

/// Rows that the names of a pool share, of each purpose. Names that nobody has take no other ones.
const SHARED_ROWS: u16 = 1 << 14;

/// The row that names share in which this one is counted.
pub fn row(app: &App, pool: &Pool, kind: &str, purpose: &'static str, name: &str) -> Counter {
    let hash = app.sealing.derive("counted name", format!("{} {kind} {purpose} {name}", pool.id).as_bytes());
    let row = u16::from_be_bytes([hash[0], hash[1]]) % SHARED_ROWS;
    Counter { key: format!("{kind} {row}"), holder: BASE64_STANDARD.encode(&hash[2..17]), purpose }
}
