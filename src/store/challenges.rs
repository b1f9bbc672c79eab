//! The state between two calls of a sign-in or a registration: single use, short lived.

use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;

/// The kind of a pending registration.
pub const REGISTRATION: &str = "WEB_AUTHN_REGISTRATION";

/// A pending challenge.
#[derive(Clone, Debug)]
pub struct Challenge {
    pub id: Uuid,
    pub kind: String,
    pub client_id: String,
    /// `None` for the decoy of an unknown user.
    pub sub: Option<Uuid>,
    pub data: Value,
    pub expires_at: OffsetDateTime,
}

/// Adds a challenge.
pub async fn insert(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO challenges (user_pool_id, id, kind, client_id, sub, data, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        pool_id,
        challenge.id,
        challenge.kind,
        challenge.client_id,
        challenge.sub,
        challenge.data,
        now,
        challenge.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the user's one pending registration, replacing the one before.
pub async fn put_registration(
    db: &mut Connection,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO challenges (user_pool_id, id, kind, client_id, sub, data, created_at, expires_at)
         VALUES ($1, $2, 'WEB_AUTHN_REGISTRATION', $3, $4, $5, $6, $7)
         ON CONFLICT (user_pool_id, sub) WHERE kind = 'WEB_AUTHN_REGISTRATION'
         DO UPDATE SET id = $2, client_id = $3, data = $5, created_at = $6, expires_at = $7",
        pool_id,
        challenge.id,
        challenge.client_id,
        challenge.sub,
        challenge.data,
        now,
        challenge.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A challenge, without using it up.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str, id: Uuid) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        "SELECT id, kind, client_id, sub, data, expires_at FROM challenges WHERE user_pool_id = $1 AND id = $2",
        pool_id,
        id
    )
    .fetch_optional(db)
    .await
}

/// Uses a challenge up. Of several callers one gets it.
pub async fn take(db: &mut Connection, pool_id: &str, id: Uuid) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        "DELETE FROM challenges WHERE user_pool_id = $1 AND id = $2 RETURNING id, kind, client_id, sub, data, expires_at",
        pool_id,
        id
    )
    .fetch_optional(db)
    .await
}

/// Uses the user's pending registration up.
pub async fn take_registration(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<Challenge>> {
    sqlx::query_as!(
        Challenge,
        "DELETE FROM challenges WHERE user_pool_id = $1 AND sub = $2 AND kind = 'WEB_AUTHN_REGISTRATION'
         RETURNING id, kind, client_id, sub, data, expires_at",
        pool_id,
        sub
    )
    .fetch_optional(db)
    .await
}

/// Notes in a pending challenge that what it waits for was done; `false`: it is gone.
pub async fn mark_verified(db: &mut Connection, pool_id: &str, id: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"UPDATE challenges SET data = data || '{"verified": true}' WHERE user_pool_id = $1 AND id = $2"#,
        pool_id,
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends everything that waits for an answer of a user's. It reads all that waits in the pool, for there is no index by user.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM challenges WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(db).await?;
    Ok(())
}
