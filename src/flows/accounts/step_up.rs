//! How recent a sign-in must be to change a person's passkeys, or anything that leads around them (a first password,
//! addresses, second factors, the account itself), if the pool's passkey policy limits that (docs/decisions/0026).

use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    caller::Bearer,
    error::{Error, Result},
    store::{self, Connection, pools::Pool},
    tokens,
};

/// Whether a sign-in at `auth_time` is too old.
pub fn is_due(pool: &Pool, auth_time: OffsetDateTime, now: OffsetDateTime) -> bool {
    pool.passkey_policy.step_up_seconds.is_some_and(|most| now - auth_time > Duration::seconds(most))
}

/// Fails if the bearer's sign-in is too old.
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
