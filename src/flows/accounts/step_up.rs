//! How recent a sign-in must be for changes to a user's passkeys, or to anything that could be used to bypass them (a
//! first password, addresses, second factors, the account itself). The pool's passkey policy sets the limit
//! (docs/decisions/0026).

use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    caller::Bearer,
    error::{Error, Result},
    store::{self, Connection, pools::Pool},
    tokens,
};

/// Whether a sign-in at `auth_time` is older than the pool's passkey policy allows.
pub fn is_due(pool: &Pool, auth_time: OffsetDateTime, now: OffsetDateTime) -> bool {
    pool.passkey_policy.step_up_seconds.is_some_and(|most| now - auth_time > Duration::seconds(most))
}

/// Fails if the bearer's sign-in is older than the pool's passkey policy allows.
pub async fn check(app: &App, db: &mut Connection, pool: &Pool, bearer: &Bearer) -> Result<()> {
    let Some(seconds) = pool.passkey_policy.step_up_seconds else { return Ok(()) };
    let auth_time = store::sessions::auth_time(db, &pool.id, bearer.origin_jti).await?;
    if !is_due(pool, auth_time.ok_or(tokens::Error::Revoked)?, app.clock.now()) {
        return Ok(());
    }
    Err(Error::NotAuthorized(
        format!("The user pool asks for a sign-in within the last {seconds} seconds; sign in again, then repeat this.")
            .into(),
    ))
}
