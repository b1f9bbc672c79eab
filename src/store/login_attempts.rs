//! Wrong passwords and other failed proofs, such as wrong second-factor codes, counted by name (docs/cognito.md 4.7).
//! By default, the fifth consecutive failure locks the name for a second, and each further failure for twice as long as
//! the previous one, up to 15 minutes. Failures for names that no user has are counted, too.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use super::{Connection, Connections};

/// If there is no failure for this time, the count starts again. This is also the longest time for which a name is
/// locked.
const QUIET: Duration = Duration::minutes(15);

/// Whether the name is locked now. If a lock ends later than the longest lock that could begin now, it was written by a
/// clock that was ahead. Such a lock is shortened to the longest one.
pub async fn is_locked(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    username_key: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"WITH cut AS (
               UPDATE login_attempts SET locked_until = $4, last_failed_at = least(last_failed_at, $3)
               WHERE user_pool_id = $1 AND username_key = $2 AND locked_until > $4
           )
           SELECT EXISTS (SELECT 1 FROM login_attempts WHERE user_pool_id = $1 AND username_key = $2 AND locked_until > $3) AS "locked!""#,
        pool_id,
        username_key,
        now,
        now + QUIET
    )
    .fetch_one(db)
    .await
}

/// Counts a failure. Locks the name at the `free`-th consecutive failure and at each later one. At earlier failures,
/// `locked_until` is set well into the past, so that a replica whose clock is a little behind does not see a lock.
pub async fn count_failure(
    db: &Connections,
    pool_id: &str,
    username_key: &str,
    free: i32,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO login_attempts AS a (user_pool_id, username_key, failures, last_failed_at, locked_until)
         VALUES ($1, $2, 1, $3, CASE WHEN $4 <= 1 THEN $3::timestamptz + interval '1 second' ELSE $5 END)
         ON CONFLICT (user_pool_id, username_key) DO UPDATE SET
             failures = CASE WHEN a.last_failed_at < $5 THEN 1 ELSE a.failures + 1 END,
             last_failed_at = $3,
             locked_until = CASE WHEN a.last_failed_at < $5 OR a.failures + 1 < $4 THEN $5
                 ELSE $3::timestamptz + least(interval '15 minutes', interval '1 second' * (2 ^ least(a.failures + 1 - $4, 20))) END",
        pool_id,
        username_key,
        now,
        free,
        now - QUIET
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the failures of a name for which the right password was given. Returns `false` if the name is locked because
/// of failures in other requests meanwhile.
pub async fn forgive(
    db: &mut Connection,
    pool_id: &str,
    username_key: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let locked = sqlx::query_scalar!(
        "DELETE FROM login_attempts WHERE user_pool_id = $1 AND username_key = $2 AND locked_until <= $3",
        pool_id,
        username_key,
        now
    );
    locked.execute(&mut *db).await?;
    let left = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM login_attempts WHERE user_pool_id = $1 AND username_key = $2) AS "left!""#,
        pool_id,
        username_key
    );
    Ok(!left.fetch_one(db).await?)
}

/// Forgets the failures of a name whose owner has proved their identity in another way.
pub async fn forget(db: &mut Connection, pool_id: &str, username_key: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM login_attempts WHERE user_pool_id = $1 AND username_key = $2", pool_id, username_key)
        .execute(db)
        .await?;
    Ok(())
}
