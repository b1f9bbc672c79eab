//! Operations on the sessions of users. Each sign-in opens a session, which lasts until it expires or is ended.

pub(crate) mod admin_list_user_sessions;
pub(crate) mod admin_revoke_user_session;
pub(crate) mod list_user_sessions;
pub(crate) mod revoke_user_session;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    change::{Change, Changed},
    clock::epoch_seconds,
    error::{Error, Result},
    operations::Empty,
    page,
    store::audit::Event,
    store::{self, sessions::LiveSession},
};

/// The number of sessions on a page.
const PAGE: i64 = 125;

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// The number of base-36 digits that hold 128 bits.
const LENGTH: usize = 25;

/// The `SessionId` of a session.
///
/// It is `tkn` (or `sso`, for a browser on the sign-in pages), followed by the session's identifier (`origin_jti` in
/// its tokens) as 25 base-36 digits.
fn session_id(origin_jti: Uuid, browser: bool) -> String {
    let mut rest = origin_jti.as_u128();
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(rest % 36).unwrap_or(0)];
        rest /= 36;
    }
    format!("{}{}", if browser { "sso" } else { "tkn" }, String::from_utf8_lossy(&digits))
}

/// The `SessionId` of a session in a list.
pub fn session_id_of(session: &LiveSession) -> String {
    session_id(session.origin_jti, session.browser)
}

/// Ends one session of a user whose row the caller has locked.
///
/// With `associated`, the sessions of [`Associated::Linked`] end too.
async fn end(mut change: Change<'_>, sub: Uuid, session: Uuid, associated: bool) -> Result<Changed<Empty>> {
    let (pool_id, now) = (change.pool_id.clone(), change.at());
    if !store::sessions::revoke_of_user(&mut change, &pool_id, sub, session, now).await? {
        return Err(no_such_session());
    }
    if associated {
        store::sessions::revoke_associated(&mut change, &pool_id, session, now).await?;
    }
    change.commit(Event::SessionEnded.of_user(sub), Empty {}).await
}

/// Returns the `origin_jti` in a `SessionId`. Fails if the `SessionId` is malformed.
fn origin_jti(session_id: &str) -> Result<Uuid> {
    let digits = session_id
        .strip_prefix("tkn")
        .or_else(|| session_id.strip_prefix("sso"))
        .filter(|digits| digits.len() == LENGTH);
    digits.and_then(|digits| u128::from_str_radix(digits, 36).ok()).map(Uuid::from_u128).ok_or_else(no_such_session)
}

fn no_such_session() -> Error {
    Error::ResourceNotFound("Session not found: it has ended, or is another user's.".into())
}

/// `RevokeAssociatedSessionsType`: which other sessions to end together with a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Associated {
    /// No other session.
    #[default]
    None,
    /// If the given session is a browser session: all sessions that were opened through it. Otherwise: the browser
    /// session through which the given session was opened, and all sessions that were opened through that browser
    /// session.
    Linked,
}

/// The service model's `SessionDescriptionType`. Where and with what device a session was last used is not stored.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionType {
    session_id: String,
    session_type: &'static str,
    client_id: String,
    create_date: f64,
    last_active_date: f64,
    /// Whether this session makes the request. Only users, not operators, get this member.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_current_session: Option<bool>,
}

/// A page of sessions, newest first.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionsPage {
    sessions: Vec<SessionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Returns a page of a user's live sessions. `current` is the session that makes the request, if a user makes it.
async fn list(app: &App, pool_id: &str, sub: Uuid, current: Option<Uuid>, token: Option<&str>) -> Result<SessionsPage> {
    let list = format!("sessions of {sub} in {pool_id}");
    // The page token holds the time of the last session's sign-in, in seconds and nanoseconds, and its identifier.
    let after: Option<(i64, u32, Uuid)> = page::open(&app.sealing, &list, token)?;
    let after = after
        .map(|(seconds, nanos, id)| {
            let at = OffsetDateTime::from_unix_timestamp(seconds).and_then(|at| at.replace_nanosecond(nanos));
            Ok::<_, Error>((at.map_err(Error::internal)?, id))
        })
        .transpose()?;
    let found = store::sessions::list_live(&app.db, pool_id, sub, after, app.clock.now(), PAGE + 1).await?;
    let key = |one: &LiveSession| (one.auth_time.unix_timestamp(), one.auth_time.nanosecond(), one.origin_jti);
    let (found, next_token) = page::cut(&app.sealing, &list, found, PAGE, key);
    let shown = |one: LiveSession| SessionType {
        session_id: session_id_of(&one),
        session_type: if one.browser { "SSO" } else { "TOKEN" },
        client_id: one.client_id,
        create_date: epoch_seconds(one.auth_time),
        last_active_date: epoch_seconds(one.rotated_at.unwrap_or(one.auth_time)),
        is_current_session: current.map(|current| current == one.origin_jti),
    };
    Ok(SessionsPage { sessions: found.into_iter().map(shown).collect(), next_token })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn session_ids_name_their_session(number in any::<u128>()) {
            for browser in [false, true] {
                let id = session_id(Uuid::from_u128(number), browser);
                prop_assert_eq!(id.len(), 28);
                prop_assert_eq!(origin_jti(&id).unwrap(), Uuid::from_u128(number));
            }
        }
    }

    #[test]
    fn what_is_no_session_id_is_refused() {
        for id in ["xyz0000000000000000000000000", "sso", "tkn", "tknzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert!(origin_jti(id).is_err(), "{id}");
        }
    }
}
