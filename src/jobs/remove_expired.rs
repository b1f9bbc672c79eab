//! Removes expired challenges, codes and sessions, old counts of wrong passwords and codes, and old rows of the outbox.

use time::Duration;

use crate::{app::App, store};

/// Rows removed by one statement, so that no lock is held long.
const BATCH: i64 = 1000;
/// How long what users did is kept: as long as Amazon Cognito keeps it, about.
const AUTH_EVENTS_KEPT: Duration = Duration::days(90);
/// How long a user import may wait for its start.
const IMPORTS_WAIT: Duration = Duration::DAY;
/// Advisory lock of this job: one replica at a time.
const LOCK: i64 = 0x6b73_0001;

/// Removes everything that is due; returns how many rows went, 0 when another replica is at it.
pub async fn run(app: &App) -> sqlx::Result<u64> {
    let mut total = 0;
    loop {
        let rows = batch(app).await?;
        total += rows;
        if rows == 0 {
            return Ok(total);
        }
    }
}

async fn batch(app: &App) -> sqlx::Result<u64> {
    let now = app.clock.now();
    let mut tx = app.job_db.begin().await?;
    let mine =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "mine!""#, LOCK).fetch_one(&mut *tx).await?;
    if !mine {
        return Ok(0);
    }
    let challenges = sqlx::query!(
        "DELETE FROM challenges WHERE (user_pool_id, id) IN
             (SELECT user_pool_id, id FROM challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let sessions = sqlx::query!(
        "DELETE FROM sessions WHERE (user_pool_id, origin_jti) IN
             (SELECT user_pool_id, origin_jti FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        // Access tokens live a day at most and must find their session.
        now - Duration::DAY,
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let attempts = sqlx::query!(
        "DELETE FROM login_attempts WHERE (user_pool_id, username_key) IN
             (SELECT user_pool_id, username_key FROM login_attempts WHERE last_failed_at < $1
              ORDER BY last_failed_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::minutes(30),
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let codes = sqlx::query!(
        "DELETE FROM codes WHERE (user_pool_id, sub, purpose) IN
             (SELECT user_pool_id, sub, purpose FROM codes WHERE expires_at < $1 AND (purpose <> 'sign_up' OR expires_at < $3)
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        BATCH,
        // Whoever comes late is to learn that the code was right.
        now - Duration::days(7)
    )
    .execute(&mut *tx)
    .await?;
    let code_attempts = sqlx::query!(
        "DELETE FROM code_attempts WHERE (user_pool_id, username_key, purpose) IN
             (SELECT user_pool_id, username_key, purpose FROM code_attempts WHERE greatest(sent_since, tried_since) < $1
              ORDER BY greatest(sent_since, tried_since) LIMIT $2 FOR UPDATE SKIP LOCKED)",
        // Codes live a day at most.
        now - Duration::days(2),
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let authorization_codes = sqlx::query!(
        "DELETE FROM authorization_codes WHERE (user_pool_id, code_hash) IN
             (SELECT user_pool_id, code_hash FROM authorization_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
              FOR UPDATE SKIP LOCKED)",
        // A code that comes back ends what it gave.
        now - Duration::DAY,
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let outbox = sqlx::query!(
        "DELETE FROM outbox WHERE (user_pool_id, id) IN
             (SELECT user_pool_id, id FROM outbox WHERE at < $1 AND due_at IS NULL ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::days(app.config.outbox_days.into()),
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    let auth_events = sqlx::query!(
        "DELETE FROM auth_events WHERE (user_pool_id, sub, id) IN
             (SELECT user_pool_id, sub, id FROM auth_events WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - AUTH_EVENTS_KEPT,
        BATCH
    )
    .execute(&mut *tx)
    .await?;
    store::user_imports::expire(&mut tx, now - IMPORTS_WAIT, now).await?;
    tx.commit().await?;
    Ok([challenges, sessions, attempts, codes, code_attempts, authorization_codes, outbox, auth_events]
        .iter()
        .map(|done| done.rows_affected())
        .sum())
}
