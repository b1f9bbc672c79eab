//! Removes rows that are no longer needed, table by table. `docs/retention.md` says which rows, and when.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    flows::accounts::remove_user,
    store::{self, Connection, audit::Trail, job_locks::Job},
};

/// How many rows one statement removes. The number is small, so that no lock is held long.
const BATCH: i64 = 1000;
/// How many batches of one kind a run removes. The number is limited, so that a flood of one kind does not delay the
/// others forever.
const BATCHES: usize = 1000;
/// How many users one transaction removes. The number is small, because each user takes several statements.
const USERS: i64 = 20;
/// How long a user import may wait for its start.
const IMPORTS_WAIT: Duration = Duration::DAY;

/// The kinds of rows that are removed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Challenges,
    UsedStates,
    Sessions,
    EndedSessions,
    LoginAttempts,
    Codes,
    CodeAttempts,
    AuthorizationCodes,
    Outbox,
    AuthEvents,
    AuditEvents,
    DeletedPasskeys,
    Imports,
    UnconfirmedUsers,
}

const KINDS: [Kind; 14] = [
    Kind::Challenges,
    Kind::UsedStates,
    Kind::Sessions,
    Kind::EndedSessions,
    Kind::LoginAttempts,
    Kind::Codes,
    Kind::CodeAttempts,
    Kind::AuthorizationCodes,
    Kind::Outbox,
    Kind::AuthEvents,
    Kind::AuditEvents,
    Kind::DeletedPasskeys,
    Kind::Imports,
    Kind::UnconfirmedUsers,
];

/// Removes what is due, each minute, until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(super::MINUTE).await;
        // Failures have already been logged, kind by kind.
        if let Ok(rows @ 1..) = once(&app).await {
            tracing::info!(rows, "removed what expired");
        }
    }
}

/// Removes what is due, batch by batch. Returns how many rows were removed, which is 0 if another replica does this job
/// at the moment. If a kind fails, the other kinds are still removed, and the error is returned.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    let (mut total, mut outcome) = (0, Ok(()));
    for kind in KINDS {
        for _ in 0..BATCHES {
            match batch(app, kind).await {
                Ok(0) => break,
                Ok(rows) => total += rows,
                // If rows of one kind cannot be removed, for example because a table is locked, the other kinds still
                // are.
                Err(cause) => {
                    tracing::warn!(%cause, ?kind, "could not remove what expired; will try again");
                    outcome = Err(cause);
                    break;
                }
            }
        }
    }
    outcome.map(|()| total)
}

async fn batch(app: &App, kind: Kind) -> sqlx::Result<u64> {
    let now = app.clock.now();
    let mut tx = app.job_db.begin().await?;
    if !store::job_locks::take(&mut tx, Job::RemoveExpired).await? {
        return Ok(0);
    }
    let rows = remove(app, &mut tx, kind, now).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Returns the time such that older rows are removed if rows are kept for this many days; `None` if rows are kept
/// forever (0 days).
fn before(days: u32, now: OffsetDateTime) -> Option<OffsetDateTime> {
    (days > 0).then(|| now - Duration::days(days.into()))
}

async fn remove(app: &App, db: &mut Connection, kind: Kind, now: OffsetDateTime) -> sqlx::Result<u64> {
    let config = &app.config;
    let done = match kind {
        Kind::Challenges => {
            sqlx::query!(
                "DELETE FROM challenges WHERE (user_pool_id, id) IN
                     (SELECT user_pool_id, id FROM challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::UsedStates => {
            sqlx::query!(
                "DELETE FROM used_states WHERE (user_pool_id, id) IN
                     (SELECT user_pool_id, id FROM used_states WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::Sessions => {
            sqlx::query!(
                "DELETE FROM sessions WHERE (user_pool_id, origin_jti) IN
                     (SELECT user_pool_id, origin_jti FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                // Access tokens are valid for a day at most, and are checked against their session until then.
                now - Duration::DAY,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::EndedSessions => {
            let Some(before) = before(config.ended_sessions_days, now) else { return Ok(0) };
            sqlx::query!(
                "DELETE FROM sessions WHERE (user_pool_id, origin_jti) IN
                     (SELECT user_pool_id, origin_jti FROM sessions WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::LoginAttempts => {
            sqlx::query!(
                "DELETE FROM login_attempts WHERE (user_pool_id, username_key) IN
                     (SELECT user_pool_id, username_key FROM login_attempts WHERE last_failed_at < $1
                      ORDER BY last_failed_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now - Duration::minutes(30),
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::Codes => {
            sqlx::query!(
                "DELETE FROM codes WHERE (user_pool_id, sub, purpose) IN
                     (SELECT user_pool_id, sub, purpose FROM codes WHERE expires_at < $1 AND (purpose <> 'sign_up' OR expires_at < $3)
                      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now,
                BATCH,
                // Expired sign-up codes are kept for a week, so that a user who enters one too late learns that it was
                // right but has expired.
                now - Duration::days(7)
            )
            .execute(db)
            .await?
        }
        Kind::CodeAttempts => {
            sqlx::query!(
                "DELETE FROM code_attempts WHERE (user_pool_id, username_key, purpose) IN
                     (SELECT user_pool_id, username_key, purpose FROM code_attempts WHERE greatest(sent_since, tried_since) < $1
                      ORDER BY greatest(sent_since, tried_since) LIMIT $2 FOR UPDATE SKIP LOCKED)",
                // Codes are valid for a day at most, and guesses are counted per day. So after two days, no count is
                // needed any more.
                now - Duration::days(2),
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::AuthorizationCodes => {
            sqlx::query!(
                "DELETE FROM authorization_codes WHERE (user_pool_id, code_hash) IN
                     (SELECT user_pool_id, code_hash FROM authorization_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
                      FOR UPDATE SKIP LOCKED)",
                // If an authorization code is used a second time, the session that it opened is ended. So an expired
                // code must still be found for some time.
                now - Duration::DAY,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::Outbox => {
            sqlx::query!(
                "DELETE FROM outbox WHERE (user_pool_id, id) IN
                     (SELECT user_pool_id, id FROM outbox WHERE at < $1 AND due_at IS NULL ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                now - Duration::days(config.outbox_days.into()),
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::AuthEvents => {
            let Some(before) = before(config.auth_events_days, now) else { return Ok(0) };
            sqlx::query!(
                "DELETE FROM auth_events WHERE (user_pool_id, sub, id) IN
                     (SELECT user_pool_id, sub, id FROM auth_events WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::AuditEvents => {
            let Some(before) = before(config.audit_days, now) else { return Ok(0) };
            sqlx::query!(
                "DELETE FROM audit_events WHERE (user_pool_id, id) IN
                     (SELECT user_pool_id, id FROM audit_events WHERE at < $1 AND event <> 'passkey.deleted'
                      ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::DeletedPasskeys => {
            let Some(before) = before(config.deleted_passkeys_days, now) else { return Ok(0) };
            sqlx::query!(
                "DELETE FROM audit_events WHERE (user_pool_id, id) IN
                     (SELECT user_pool_id, id FROM audit_events WHERE at < $1 AND event = 'passkey.deleted'
                      ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::Imports => {
            store::user_imports::expire(&mut *db, now - IMPORTS_WAIT, now).await?;
            let Some(before) = before(config.import_days, now) else { return Ok(0) };
            sqlx::query!(
                "DELETE FROM user_import_jobs WHERE (user_pool_id, job_id) IN
                     (SELECT user_pool_id, job_id FROM user_import_jobs WHERE completed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(db)
            .await?
        }
        Kind::UnconfirmedUsers => return remove_unconfirmed(config.unconfirmed_days, db, now).await,
    };
    Ok(done.rows_affected())
}

/// Removes users who never confirmed their sign-up, in the same way as AdminDeleteUser.
async fn remove_unconfirmed(days: u32, db: &mut Connection, now: OffsetDateTime) -> sqlx::Result<u64> {
    let Some(before) = before(days, now) else { return Ok(0) };
    let found = sqlx::query!(
        "SELECT user_pool_id, sub FROM users WHERE status = 'UNCONFIRMED' AND created_at < $1 ORDER BY created_at LIMIT $2
         FOR UPDATE SKIP LOCKED",
        before,
        USERS
    );
    let found = found.fetch_all(&mut *db).await?;
    let trail = Trail::by_job(now);
    let mut removed = 0;
    for user in found {
        // The user's row has been locked since it was read, so the user is still unconfirmed.
        let gone = remove_user::remove(db, &user.user_pool_id, user.sub, &trail).await?;
        removed += u64::from(gone.is_some());
    }
    Ok(removed)
}
