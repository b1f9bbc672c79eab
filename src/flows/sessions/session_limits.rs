//! How many sessions a user may have.
//!
//! Sign-ins do not count sessions. They only note who signed in, and a job (`jobs::trim_sessions`) checks whether that
//! was one session too many. So a user may exceed the limit by the number of sign-ins within some seconds.
//!
//! Before acting on all sessions of a user, code calls [`bring_under`]. So its own transaction is short, however many
//! sessions there were.

use uuid::Uuid;

use crate::{
    app::App,
    error::Result,
    random,
    store::audit::Event,
    store::{self, Connections, audit::Trail, sessions::Over},
};

/// How many sessions one transaction removes while a request waits. This takes some tens of milliseconds.
const BATCH: i64 = 10_000;

/// Brings a user with too many sessions under the limits, removing the oldest first and never `own`.
///
/// This happens in batches, each committed with an audit row. If it stops halfway, what was done is still right,
/// because the job would do it, too.
pub async fn bring_under(app: &App, pool_id: &str, sub: Uuid, own: Option<Uuid>) -> Result<()> {
    let most = app.config.sessions_per_user;
    for over in store::sessions::over_limits(&app.db, pool_id, &[sub], most, app.clock.now()).await? {
        trim(app, &app.db, pool_id, &over, own, BATCH).await?;
    }
    Ok(())
}

/// Like [`bring_under`], for a user known to be over the limits and with batches of a given size.
///
/// Returns how many sessions were removed.
pub async fn trim(
    app: &App,
    db: &Connections,
    pool_id: &str,
    over: &Over,
    own: Option<Uuid>,
    batch: i64,
) -> sqlx::Result<u64> {
    let (sub, most) = (over.sub, app.config.sessions_per_user);
    let mut total = 0;
    loop {
        let trail = Trail { at: app.clock.now(), actor: "service".into(), request_id: random::uuid() };
        let mut tx = db.begin().await?;
        // The user first: this is the order of locks.
        if store::users::lock(&mut tx, pool_id, sub).await?.is_none() {
            return Ok(total);
        }
        let mut left = batch;
        let gone = store::sessions::delete_oldest(&mut tx, pool_id, sub, (most, left), own, (false, trail.at)).await?;
        left -= gone.cast_signed();
        if let Some(tokens) = over.tokens.filter(|_| left > 0) {
            let gone =
                store::sessions::delete_oldest(&mut tx, pool_id, sub, (tokens, left), own, (true, trail.at)).await?;
            left -= gone.cast_signed();
        }
        let live = (batch - left).unsigned_abs();
        if live > 0 {
            let _ = store::audit::insert(&mut tx, pool_id, &trail, Event::SessionsOverLimit.of_user(sub)).await?;
        }
        if left > 0 {
            left -= store::sessions::delete_ended(&mut tx, pool_id, sub, (most, left), trail.at).await?.cast_signed();
        }
        tx.commit().await?;
        app.metrics.sessions_over_limit.inc_by(live);
        total += (batch - left).unsigned_abs();
        if left > 0 {
            return Ok(total);
        }
    }
}
