//! How recent a sign-in must be that changes a person's passkeys, where the pool's passkey policy says so (D§4).

use time::{Duration, OffsetDateTime};

use crate::{
    error::{Error, Result},
    store::pools::Pool,
};

/// Whether a sign-in of this time is too old.
pub fn is_due(pool: &Pool, auth_time: OffsetDateTime, now: OffsetDateTime) -> bool {
    pool.passkey_policy.step_up_seconds.is_some_and(|most| now - auth_time > Duration::seconds(most))
}

/// Refuses a session whose sign-in is too old.
pub fn check(pool: &Pool, auth_time: OffsetDateTime, now: OffsetDateTime) -> Result<()> {
    if !is_due(pool, auth_time, now) {
        return Ok(());
    }
    let seconds = pool.passkey_policy.step_up_seconds.unwrap_or_default();
    Err(Error::NotAuthorized(
        format!("The user pool asks for a sign-in within the last {seconds} seconds; sign in again, then repeat this.")
            .into(),
    ))
}
