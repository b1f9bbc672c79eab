//! The `Session` strings that clients carry from one call of a sign-in or a sign-up to the next.
//!
//! A string contains the whole challenge, or the ID of a challenge's row, and the time at which it expires. It is sealed
//! and valid only for its user pool and app client. So used, expired and invented strings can be told apart
//! (docs/cognito.md 4.4). A challenge in a string is used up by a row in `used_states`, a row by its deletion
//! (`store::challenges::use_up`).
//!
//! All strings for one kind of challenge have the same length. So a string reveals nothing about its content; in
//! particular, it does not reveal whether a user exists.
//!
//! The previous release has strings of an older form, which only contain the ID of a row. This release makes them, too,
//! until `keystead migrate --finish` says that no replica of the previous release runs any more.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Key, Result, Text},
    pending::{self, Bounds, Challenge, EmailOtp, Kept, Pending},
    sealing::{APART_OVERHEAD, SealingKey},
};

/// The start of every string. Without it, a string could start with a hyphen and look like a flag on a command line.
const PREFIX: &str = "AYAC";
/// The start of strings of the older form.
const OLDER_PREFIX: &str = "AYAB";

const CONTEXT: &str = "session";

/// The maximum length of a string, in characters (the service model's `SessionType`).
const LONGEST: usize = 4_096;

/// What a string stands for.
#[derive(Clone, Debug)]
pub struct Opened {
    pub pool_id: String,
    pub client_id: String,
    /// The ID of the challenge.
    pub id: Uuid,
    /// The challenge, if the string contains it. Otherwise the challenge is a row.
    pub challenge: Option<Challenge>,
}

/// The content of a string.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    pool: String,
    client: String,
    id: Uuid,
    /// In seconds since the epoch.
    expires: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<State>,
}

/// A challenge in a string.
#[derive(Serialize, Deserialize)]
struct State {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<Uuid>,
    /// The version of the user's row.
    version: i64,
    kind: String,
    data: Value,
}

/// The length of the content of a string for this kind of challenge, in bytes. Content of another length is padded to
/// it. Content that is longer does not fit, and the challenge becomes a row.
fn length(challenge: &Challenge) -> usize {
    match &challenge.state {
        // The pages keep the string in a cookie, which has to be short.
        state if challenge.bounds.pages => {
            if state.sent_code().is_some() {
                512
            } else {
                400
            }
        }
        Pending::SelectChallenge {}
        | Pending::Password {}
        | Pending::PasswordSrp {}
        | Pending::SignUp {}
        | Pending::SignedUp {}
        | Pending::PageStep { .. } => 512,
        Pending::EmailOtp(EmailOtp::First(_)) | Pending::SmsOtp(_) | Pending::DeviceSrpAuth { .. } => 768,
        Pending::EmailOtp(EmailOtp::Second(_))
        | Pending::SmsMfa(_)
        | Pending::NewPasswordRequired { .. }
        | Pending::SoftwareTokenMfa(_)
        | Pending::SelectMfaType(_)
        | Pending::MfaSetup { .. } => 1_280,
        // About seven passkeys of ES256.
        Pending::WebAuthn(_) | Pending::PasskeyRegistration(_) | Pending::WebAuthnRegistration(_) => 1_792,
        Pending::PasswordVerifier { .. } | Pending::DevicePasswordVerifier { .. } | Pending::CustomChallenge { .. } => {
            2_304
        }
    }
}

/// Makes the string that contains this challenge. Returns `None` if the challenge does not fit into it.
pub fn of_challenge(key: &SealingKey, pool_id: &str, challenge: &Challenge) -> Option<String> {
    let Kept::Sealed { user_version } = challenge.kept else { return None };
    let seal = |state: &Pending| {
        let (kind, data) = pending::write(state, &challenge.bounds);
        let state = State { sub: challenge.sub, version: user_version, kind: kind.to_owned(), data };
        padded(key, pool_id, challenge, Some(state))
    };
    seal(&challenge.state).or_else(|| match &challenge.state {
        // Without the passkeys that the first call read, the second call reads them again.
        Pending::WebAuthn(ceremony) if ceremony.read.is_some() => {
            seal(&Pending::WebAuthn(pending::Ceremony { read: None, ..ceremony.clone() }))
        }
        _ => None,
    })
}

/// Makes the string for a challenge that is a row.
pub fn of_row(key: &SealingKey, pool_id: &str, challenge: &Challenge) -> String {
    padded(key, pool_id, challenge, None).expect("the names of a pool and a client fit")
}

/// Like [`of_row`], in the older form.
pub fn of_row_in_older_form(key: &SealingKey, pool_id: &str, challenge: &Challenge) -> String {
    let mut plain = Vec::with_capacity(24 + pool_id.len() + 1 + challenge.client_id.len());
    plain.extend_from_slice(challenge.id.as_bytes());
    plain.extend_from_slice(&challenge.expires_at.unix_timestamp().to_be_bytes());
    plain.extend_from_slice(pool_id.as_bytes());
    plain.push(b' ');
    plain.extend_from_slice(challenge.client_id.as_bytes());
    format!("{OLDER_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key.seal(CONTEXT, &plain)))
}

fn padded(key: &SealingKey, pool_id: &str, challenge: &Challenge, state: Option<State>) -> Option<String> {
    let content = Content {
        pool: pool_id.to_owned(),
        client: challenge.client_id.clone(),
        id: challenge.id,
        expires: challenge.expires_at.unix_timestamp(),
        state,
    };
    let mut plain = serde_json::to_vec(&content).expect("all of its keys are texts");
    let length = length(challenge);
    if plain.len() > length {
        return None;
    }
    // JSON may end in spaces.
    plain.resize(length, b' ');
    let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key.seal_apart(CONTEXT, &plain)));
    debug_assert!(text.len() <= LONGEST && plain.len() + APART_OVERHEAD < LONGEST, "{}", text.len());
    Some(text)
}

/// Opens a string of this client.
pub fn open(key: &SealingKey, pool_id: &str, client_id: &str, text: &str, now: OffsetDateTime) -> Result<Opened> {
    let opened = open_any(key, text, now)?;
    if opened.pool_id != pool_id || opened.client_id != client_id {
        return Err(invalid());
    }
    Ok(opened)
}

/// Opens a string of any client, for operations whose input does not include the client.
pub fn open_any(key: &SealingKey, text: &str, now: OffsetDateTime) -> Result<Opened> {
    if text.starts_with(OLDER_PREFIX) {
        return open_older(key, text, now);
    }
    let sealed = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST).ok_or_else(invalid)?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid())?;
    let plain = key.open_apart(CONTEXT, &sealed).map_err(|_| invalid())?;
    let Content { pool: pool_id, client: client_id, id, expires, state } =
        serde_json::from_slice(&plain).map_err(|_| invalid())?;
    let expires_at = OffsetDateTime::from_unix_timestamp(expires).map_err(|_| invalid())?;
    if now >= expires_at {
        return Err(expired());
    }
    let challenge = match state {
        None => None,
        Some(State { sub, version, kind, data }) => {
            let (state, bounds): (Pending, Bounds) = pending::read(&kind, data).map_err(|_| invalid())?;
            let kept = Kept::Sealed { user_version: version };
            Some(Challenge { id, client_id: client_id.clone(), sub, state, bounds, expires_at, kept })
        }
    };
    Ok(Opened { pool_id, client_id, id, challenge })
}

fn open_older(key: &SealingKey, text: &str, now: OffsetDateTime) -> Result<Opened> {
    let sealed = text.strip_prefix(OLDER_PREFIX).ok_or_else(invalid)?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid())?;
    let plain = key.open(CONTEXT, &sealed).map_err(|_| invalid())?;
    let (id, rest) = plain.split_first_chunk::<16>().ok_or_else(invalid)?;
    let (expires_at, client) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
    let (pool_id, client_id) =
        std::str::from_utf8(client).ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    if now.unix_timestamp() >= i64::from_be_bytes(*expires_at) {
        return Err(expired());
    }
    let (pool_id, client_id) = (pool_id.to_owned(), client_id.to_owned());
    Ok(Opened { pool_id, client_id, id: Uuid::from_bytes(*id), challenge: None })
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
