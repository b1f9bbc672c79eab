//! Wrong passwords per name: five are free, then each locks the name for twice as long, up to a quarter of an hour
//! (docs/cognito.md 4.7). Names without a user are counted, too.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use super::{Connection, Connections};

/// After this time without failures the count starts again. It is also the longest lock.
const QUIET: Duration = Duration::minutes(15);

/// Whether the name is locked now. A lock that ends later than any lock that begins now was written by a clock that was
/// ahead: it is cut to the longest.
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

/// Counts a wrong password, and locks the name when `free` of them are used up. Until then the lock's end lies well in
/// the past, so that a replica whose clock is a little behind does not take it for a lock.
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

/// Forgets the failures of a name that has now given the right password; `false` when others have locked it meanwhile.
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

/// Forgets the failures of a name whose owner proved to be who they are by other means.
pub async fn forget(db: &mut Connection, pool_id: &str, username_key: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM login_attempts WHERE user_pool_id = $1 AND username_key = $2", pool_id, username_key)
        .execute(db)
        .await?;
    Ok(())
}
