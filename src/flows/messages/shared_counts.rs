//! Counter rows that names share, including names that no user has. Because the number of these rows is limited,
//! strangers who make up names cannot fill the table.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    app::App,
    store::{codes::Counter, pools::Pool},
};

/// The number of rows that the names of a pool share, for each kind and purpose. The table `code_attempts` has no other
/// rows for names that no user has.
const SHARED_ROWS: u16 = 1 << 14;

/// The shared row in which this name is counted.
pub fn row(app: &App, pool: &Pool, kind: &str, purpose: &'static str, name: &str) -> Counter {
    let hash = app.sealing.derive("counted name", format!("{} {kind} {purpose} {name}", pool.id).as_bytes());
    let row = u16::from_be_bytes([hash[0], hash[1]]) % SHARED_ROWS;
    Counter { key: format!("{kind} {row}"), holder: BASE64_STANDARD.encode(&hash[2..17]), purpose }
}
