//! The `Session` strings that clients carry from one call of a sign-in or a sign-up to the next.
//!
//! Each string is sealed. It contains the ID of its challenge row and the time at which it expires. So used, expired
//! and invented strings can be told apart (docs/cognito.md 4.4), although the rows of used strings are deleted. Only
//! the challenge row decides what a string allows, and a row can be taken only once.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Key, Result, Text},
    sealing::SealingKey,
};

/// The start of every string. Without it, a string could start with a hyphen and look like a flag on a command line.
const PREFIX: &str = "AYAB";

/// What a string contains, without the time at which it expires.
pub struct SessionText {
    pub pool_id: String,
    pub client_id: String,
    /// The ID of the challenge.
    pub id: Uuid,
}

const CONTEXT: &str = "session";

/// Makes the string for a challenge of this client.
pub fn seal(key: &SealingKey, pool_id: &str, client_id: &str, id: Uuid, expires_at: OffsetDateTime) -> String {
    let mut plain = Vec::with_capacity(24 + pool_id.len() + 1 + client_id.len());
    plain.extend_from_slice(id.as_bytes());
    plain.extend_from_slice(&expires_at.unix_timestamp().to_be_bytes());
    plain.extend_from_slice(pool_id.as_bytes());
    plain.push(b' ');
    plain.extend_from_slice(client_id.as_bytes());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key.seal(CONTEXT, &plain)))
}

/// Returns the ID of the challenge that a string of this client stands for.
pub fn open(key: &SealingKey, pool_id: &str, client_id: &str, text: &str, now: OffsetDateTime) -> Result<Uuid> {
    let opened = open_any(key, text, now)?;
    if opened.pool_id != pool_id || opened.client_id != client_id {
        return Err(invalid());
    }
    Ok(opened.id)
}

/// Opens a string of any client, for operations whose input does not include the client.
pub fn open_any(key: &SealingKey, text: &str, now: OffsetDateTime) -> Result<SessionText> {
    let sealed = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid())?;
    let plain = key.open(CONTEXT, &sealed).map_err(|_| invalid())?;
    let (id, rest) = plain.split_first_chunk::<16>().ok_or_else(invalid)?;
    let (expires_at, client) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
    let (pool_id, client_id) =
        std::str::from_utf8(client).ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    if now.unix_timestamp() >= i64::from_be_bytes(*expires_at) {
        return Err(expired());
    }
    Ok(SessionText { pool_id: pool_id.to_owned(), client_id: client_id.to_owned(), id: Uuid::from_bytes(*id) })
}

fn gone(words: &'static str) -> Error {
    Error::NotAuthorized(Text::keyed(Key::SessionGone, words))
}

fn invalid() -> Error {
    gone("Invalid session provided")
}

/// The error for an expired session.
pub fn expired() -> Error {
    gone("Invalid session for the user, session is expired.")
}

/// The error for a session that was used before.
pub fn used() -> Error {
    gone("Invalid session for the user, session can only be used once.")
}

/// The error for a session that does not fit the user or the challenge.
pub fn unfit() -> Error {
    gone("Invalid session for the user.")
}

#[cfg(test)]
mod tests;
