//! The `Session` strings that clients carry from one call of a sign-in to the next.
//!
//! A string is sealed and says which challenge row it stands for and when it expires, so that a used, an expired and
//! an invented one can be told apart (W§4.4) without keeping used rows. What it allows is decided by the row alone,
//! which is taken once.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    sealing::SealingKey,
};

/// What every string starts with, so that none starts with a hyphen and looks like a flag on a command line.
const PREFIX: &str = "AYAB";

fn context(pool_id: &str, client_id: &str) -> String {
    format!("session {pool_id} {client_id}")
}

/// The string for a challenge of this client.
pub fn seal(key: &SealingKey, pool_id: &str, client_id: &str, id: Uuid, expires_at: OffsetDateTime) -> String {
    let mut plain = Vec::with_capacity(24);
    plain.extend_from_slice(id.as_bytes());
    plain.extend_from_slice(&expires_at.unix_timestamp().to_be_bytes());
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key.seal(&context(pool_id, client_id), &plain)))
}

/// The challenge that a string stands for.
pub fn open(key: &SealingKey, pool_id: &str, client_id: &str, text: &str, now: OffsetDateTime) -> Result<Uuid> {
    let invalid = || Error::NotAuthorized("Invalid session provided".into());
    let sealed = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid())?;
    let plain = key.open(&context(pool_id, client_id), &sealed).map_err(|_| invalid())?;
    let (id, expires_at) = plain.split_first_chunk::<16>().ok_or_else(invalid)?;
    let expires_at = i64::from_be_bytes(expires_at.try_into().map_err(|_| invalid())?);
    if now.unix_timestamp() >= expires_at {
        return Err(expired());
    }
    Ok(Uuid::from_bytes(*id))
}

/// The refusal of an expired session.
pub fn expired() -> Error {
    Error::NotAuthorized("Invalid session for the user, session is expired.".into())
}

/// The refusal of a session that was used before.
pub fn used() -> Error {
    Error::NotAuthorized("Invalid session for the user, session can only be used once.".into())
}

/// The refusal of a session that does not fit the user or the challenge.
pub fn unfit() -> Error {
    Error::NotAuthorized("Invalid session for the user.".into())
}
