//! Pools that were deleted but are not removed yet. The row in `user_pools` stays as a tombstone while the pool's rows
//! in [`TABLES`] are removed, in batches (`jobs::delete_pools`).

use sqlx::{AssertSqlSafe, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, audit::Trail, passkeys};

/// A deleted pool whose rows are being removed.
#[derive(Debug)]
pub struct DeletedPool {
    pub id: String,
    pub deleted_at: OffsetDateTime,
    /// Who deleted the pool, as it stands in `actor` of audit rows.
    pub by: String,
    /// The ID of the request that deleted the pool.
    pub request_id: Uuid,
}

/// The tables whose rows are removed with a pool. A table comes before the tables that its foreign keys refer to. The
/// audit trail is not in the list, because it outlives the pool. From the outbox, only messages that are still to be
/// sent are removed; events for other systems stay.
pub const TABLES: &[&str] = &[
    "outbox",
    "sessions",
    "challenges",
    "used_states",
    "webauthn_credentials",
    "authorization_codes",
    "codes",
    "user_aliases",
    "software_tokens",
    "group_members",
    "devices",
    "password_history",
    "auth_events",
    "users",
    "groups",
    "login_attempts",
    "code_attempts",
    "user_import_jobs",
    "resource_servers",
    "domains",
    "pool_logos",
    "page_settings",
    "deleted_clients",
    "app_clients",
    "signing_keys",
    "operators",
];

/// Turns a pool that the caller has locked into a tombstone, in the caller's transaction. After COMMIT, no request
/// finds the pool any more.
///
/// This also removes the rows without which no request can use the pool: app clients (no session is live without its
/// client), signing keys and the pool's own operators. It removes import jobs and the logo, too. All of these are few
/// rows.
pub async fn bury(db: &mut Connection, pool_id: &str, trail: &Trail) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_pools SET deleted_at = $2, deleted_by = $3, deletion_request = $4 WHERE user_pool_id = $1",
        pool_id,
        trail.at,
        trail.actor(),
        trail.request_id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM app_clients WHERE user_pool_id = $1", pool_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM signing_keys WHERE user_pool_id = $1", pool_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM operators WHERE user_pool_id = $1", pool_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM user_import_jobs WHERE user_pool_id = $1", pool_id).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM pool_logos WHERE user_pool_id = $1", pool_id).execute(db).await?;
    Ok(())
}

/// Counts the pools that are deleted but not removed yet.
pub async fn count(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM user_pools WHERE deleted_at IS NOT NULL"#)
        .fetch_one(db)
        .await
}

/// Returns the next deleted pool in the order of deletion: the first one that was deleted later than `after`.
pub async fn next(db: &mut Connection, after: OffsetDateTime) -> sqlx::Result<Option<DeletedPool>> {
    sqlx::query_as!(
        DeletedPool,
        r#"SELECT user_pool_id AS id, deleted_at AS "deleted_at!", deleted_by AS "by!", deletion_request AS "request_id!"
           FROM user_pools WHERE deleted_at > $1 ORDER BY deleted_at LIMIT 1"#,
        after
    )
    .fetch_optional(db)
    .await
}

/// Removes at most `limit` of a deleted pool's rows from one of [`TABLES`]. Rows that another transaction has locked
/// are left for a later call. The removal of passkeys and users is recorded in the audit trail, as always.
pub async fn remove_some(
    db: &mut Connection,
    table: &str,
    pool: &DeletedPool,
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let trail = Trail::resumed(now, pool.request_id, &pool.by);
    match table {
        "webauthn_credentials" => passkeys::delete_of_pool(db, &pool.id, limit, &trail).await,
        "users" => remove_users(db, &pool.id, limit, &trail).await,
        _ => {
            let more = if table == "outbox" { "AND due_at IS NOT NULL" } else { "" };
            // This is safe: the table's name is one of the constants above.
            let statement = AssertSqlSafe(format!(
                "DELETE FROM {table} WHERE user_pool_id = $1 AND ctid = ANY (ARRAY(
                     SELECT ctid FROM {table} WHERE user_pool_id = $1 {more} LIMIT $2 FOR UPDATE SKIP LOCKED))"
            ));
            // The statement is planned anew each time, for this pool's ID. PostgreSQL's generic plan, which it would
            // reuse for every pool, may read all rows of a large pool in each batch.
            let query = sqlx::query(statement).persistent(false).bind(&pool.id).bind(limit);
            Ok(query.execute(db).await?.rows_affected())
        }
    }
}

async fn remove_users(db: &mut Connection, pool_id: &str, limit: i64, trail: &Trail) -> sqlx::Result<u64> {
    let removed = sqlx::query_scalar!(
        r#"WITH taken AS MATERIALIZED (
               SELECT sub FROM users WHERE user_pool_id = $1 LIMIT $2 FOR UPDATE SKIP LOCKED
           ), deleted AS (
               DELETE FROM users u USING taken s WHERE u.user_pool_id = $1 AND u.sub = s.sub RETURNING u.sub
           ), audited AS (
               INSERT INTO audit_events (user_pool_id, id, at, event, actor, sub, request_id)
               SELECT $1, gen_random_uuid(), $3, 'user.deleted', $4, sub, $5 FROM deleted
           )
           SELECT count(*) AS "count!" FROM deleted"#,
        pool_id,
        limit,
        trail.at,
        trail.actor(),
        trail.request_id
    )
    .fetch_one(db)
    .await?;
    Ok(removed.unsigned_abs())
}

/// Removes the tombstone of a pool that has no rows left in [`TABLES`]. If a request that began before the deletion has
/// added a user meanwhile, the foreign key makes this fail, and the job tries again later.
pub async fn remove(db: &mut Connection, pool_id: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NOT NULL", pool_id)
        .execute(db)
        .await?;
    Ok(())
}
