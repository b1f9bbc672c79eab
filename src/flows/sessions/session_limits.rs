//! The limits on how many sessions a user may have.
//!
//! Sign-ins do not count sessions. They only note which user signed in, and a job (`jobs::trim_sessions`) then checks
//! whether that user has too many sessions. So a user may exceed the limit by the number of sign-ins within some
//! seconds.
//!
//! Code that changes all sessions of a user first calls [`bring_under`], so that its own transaction is short, however
//! many sessions there were.

use uuid::Uuid;

use crate::{
    app::App,
    error::Result,
    store::audit::Event,
    store::{self, Connections, audit::Trail, sessions::Over},
};

/// The maximum number of sessions that one transaction removes while a request waits. Removing them takes some tens of
/// milliseconds.
const BATCH: i64 = 10_000;

/// Removes sessions of a user who has too many, the oldest first, until the limits are met. The live session `own`
/// stays.
///
/// Sessions are removed in batches, each in a transaction of its own, with an audit row if live sessions are removed.
/// If a batch fails, the sessions of earlier batches stay removed, which is right because the job would remove them
/// too.
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
        let trail = Trail::by_job(app.clock.now());
        let mut tx = db.begin().await?;
        // The user is locked first, as the common order of locks requires.
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
