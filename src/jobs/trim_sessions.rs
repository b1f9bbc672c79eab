//! Brings users who have too many sessions under the limits (`sessions-per-user`, and that of
//! SetUserPoolSessionConfiguration), the oldest sessions first.
//!
//! Each replica looks after the users who signed in on it. In addition, one replica at a time goes through all live
//! sessions, a stretch of the index each minute, to find users whom nobody noted: because their replica was killed,
//! because a limit was lowered, or because they signed in before there were limits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    app::App,
    flows::sessions::session_limits,
    store::{self, job_locks::Job, sessions::Place},
};

/// Sessions removed by one transaction, so that no lock is held long.
const BATCH: i64 = 1_000;
/// Users looked at by one statement.
const USERS: usize = 500;
/// Pause between two looks at the users who signed in.
const EVERY: Duration = Duration::from_secs(10);
/// How many such looks there are between two stretches of all sessions.
const STRETCH_EVERY: u32 = 6;
/// Sessions read by one statement, and statements per stretch.
const PAGE: i64 = 20_000;
const PAGES: usize = 5;

/// Trims until the task is dropped.
pub async fn run(app: Arc<App>) {
    let mut place = Place::default();
    for look in 1_u32.. {
        tokio::time::sleep(EVERY).await;
        let mut done = noted(&app).await;
        if look.is_multiple_of(STRETCH_EVERY) {
            for _ in 0..PAGES {
                match stretch(&app, &mut place).await {
                    Ok(Some(_)) => {}
                    end => {
                        done = done.and(end.map(drop));
                        break;
                    }
                }
            }
        }
        if let Err(cause) = done {
            tracing::warn!(%cause, "could not look for users with too many sessions; will try again");
        }
    }
}

/// Looks once at the users noted on this replica and at all sessions.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    noted(app).await?;
    let mut place = Place::default();
    let mut total = 0;
    loop {
        let Some(removed) = stretch(app, &mut place).await? else { return Ok(total) };
        total += removed;
    }
}

/// Looks at the users who signed in on this replica.
pub async fn noted(app: &App) -> sqlx::Result<()> {
    look_at(app, app.opened_sessions.take()).await.map(drop)
}

/// Looks at the next page of all sessions. `None` when there are no more, or when another replica is doing this.
async fn stretch(app: &App, place: &mut Place) -> sqlx::Result<Option<u64>> {
    let mut tx = app.job_db.begin().await?;
    if !store::job_locks::take(&mut tx, Job::TrimSessions).await? {
        return Ok(None);
    }
    let found = store::sessions::scan(&mut tx, place, PAGE, app.config.sessions_per_user).await?;
    tx.commit().await?;
    let last = found.last().cloned();
    let removed = look_at(app, found.into_iter().map(|one| (one.pool_id, one.sub))).await?;
    let more = last.is_some();
    *place = last.unwrap_or_default();
    Ok(more.then_some(removed))
}

/// Trims those of these users who have too many sessions. A user whose row is held for long is left for the next time.
async fn look_at(app: &App, users: impl IntoIterator<Item = (String, Uuid)>) -> sqlx::Result<u64> {
    let mut by_pool: HashMap<String, Vec<Uuid>> = HashMap::new();
    for (pool_id, sub) in users {
        by_pool.entry(pool_id).or_default().push(sub);
    }
    let (mut total, mut outcome) = (0, Ok(()));
    for (pool, subs) in &by_pool {
        for subs in subs.chunks(USERS) {
            let most = app.config.sessions_per_user;
            let found = store::sessions::over_limits(&app.job_db, pool, subs, most, app.clock.now()).await;
            let over_limits = found.unwrap_or_else(|cause| {
                // They are looked at the next time.
                subs.iter().for_each(|sub| app.opened_sessions.note(pool, *sub));
                outcome = Err(cause);
                Vec::new()
            });
            for over in over_limits {
                match session_limits::trim(app, &app.job_db, pool, &over, None, BATCH).await {
                    Ok(sessions) => {
                        total += sessions;
                        tracing::info!(pool, user.sub = %over.sub, sessions, "removed a user's sessions beyond the limit");
                    }
                    Err(cause) => {
                        app.opened_sessions.note(pool, over.sub);
                        tracing::warn!(%cause, pool, user.sub = %over.sub, "could not remove a user's sessions; will try again");
                    }
                }
            }
        }
    }
    outcome.map(|()| total)
}
