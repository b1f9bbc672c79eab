//! Trims the sessions of users who have more than the limits allow (`sessions-per-user`, and the limit of
//! SetUserPoolSessionConfiguration). The oldest sessions are removed first.
//!
//! Each replica checks the users who signed in on it. In addition, one replica at a time goes through all sessions that
//! were not ended, a few pages each minute. So it finds the users whom no replica has noted: for example, because the
//! replica that they signed in on was killed, because a limit was lowered, or because they signed in before there were
//! limits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    app::App,
    flows::sessions::session_limits,
    store::{self, job_locks::Job, sessions::Place},
};

/// How many sessions one transaction removes. The number is small, so that no lock is held long.
const BATCH: i64 = 1_000;
/// How many users one statement checks.
const USERS: usize = 500;
/// The pause between two checks of the users who signed in on this replica.
const EVERY: Duration = Duration::from_secs(10);
/// After this many checks of the users who signed in on this replica, some pages of all sessions are checked, too.
const STRETCH_EVERY: u32 = 6;
/// How many sessions a page has. One statement reads one page.
const PAGE: i64 = 20_000;
/// How many pages are read in one go.
const PAGES: usize = 5;

/// Trims sessions until the task is dropped.
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

/// Checks the users noted on this replica and then all sessions, once. Returns how many sessions the second check
/// removed.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    noted(app).await?;
    let mut place = Place::default();
    let mut total = 0;
    loop {
        let Some(removed) = stretch(app, &mut place).await? else { return Ok(total) };
        total += removed;
    }
}

/// Trims the sessions of the users who signed in on this replica since the last call.
pub async fn noted(app: &App) -> sqlx::Result<()> {
    look_at(app, app.opened_sessions.take()).await.map(drop)
}

/// Trims the sessions of the users on the next page of all sessions. Returns how many sessions were removed; `None` if
/// there are no more pages, or if another replica does this job at the moment.
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

/// Trims the sessions of those of the given users who have too many. If that fails for a user, for example because
/// others hold the user's row for long, the user is checked again the next time.
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
                // These users are checked again the next time.
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
