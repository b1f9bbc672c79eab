//! Codes that were sent to people, and how often they were sent and tried.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Connection;

/// The window of the counts.
const HOUR: Duration = Duration::HOUR;

/// A code that was sent.
#[derive(Debug)]
pub struct Code {
    pub hash: Vec<u8>,
    /// `email` or `phone_number`
    pub attribute: String,
    /// The address that the code proves.
    pub destination: String,
    /// Whether the address becomes the user's only now.
    pub pending: bool,
    pub expires_at: OffsetDateTime,
}

/// Sets the user's one code of a purpose. The caller holds the user's row.
pub async fn put(db: &mut Connection, pool_id: &str, sub: Uuid, purpose: &str, code: &Code) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO codes (user_pool_id, sub, purpose, hash, attribute, destination, pending, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (user_pool_id, sub, purpose)
         DO UPDATE SET hash = $4, attribute = $5, destination = $6, pending = $7, expires_at = $8",
        pool_id,
        sub,
        purpose,
        code.hash,
        code.attribute,
        code.destination,
        code.pending,
        code.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's code of a purpose. The caller holds the user's row.
pub async fn find(db: &mut Connection, pool_id: &str, sub: Uuid, purpose: &str) -> sqlx::Result<Option<Code>> {
    sqlx::query_as!(
        Code,
        "SELECT hash, attribute, destination, pending, expires_at FROM codes
         WHERE user_pool_id = $1 AND sub = $2 AND purpose = $3",
        pool_id,
        sub,
        purpose
    )
    .fetch_optional(db)
    .await
}

/// Uses a code up, or takes it back.
pub async fn delete(db: &mut Connection, pool_id: &str, sub: Uuid, purpose: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM codes WHERE user_pool_id = $1 AND sub = $2 AND purpose = $3", pool_id, sub, purpose)
        .execute(db)
        .await?;
    Ok(())
}

/// Counts a sending for a name; returns how many there were within the hour, this one included.
pub async fn count_sent(
    db: &mut Connection,
    pool_id: &str,
    name: &str,
    purpose: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO code_attempts AS a (user_pool_id, username_key, purpose, sent, sent_since, last_sent_at, tried, tried_since)
         VALUES ($1, $2, $3, 1, $4, $4, 0, $4)
         ON CONFLICT (user_pool_id, username_key, purpose) DO UPDATE SET
             last_sent_at = $4,
             sent = CASE WHEN a.sent_since <= $5 THEN 1 ELSE a.sent + 1 END,
             sent_since = CASE WHEN a.sent_since <= $5 THEN $4 ELSE a.sent_since END
         RETURNING sent",
        pool_id,
        name,
        purpose,
        now,
        now - HOUR
    )
    .fetch_one(db)
    .await
}

/// Counts a try for a name; returns how many there were within the hour, this one included.
pub async fn count_tried(
    db: &mut Connection,
    pool_id: &str,
    name: &str,
    purpose: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO code_attempts AS a (user_pool_id, username_key, purpose, sent, sent_since, tried, tried_since)
         VALUES ($1, $2, $3, 0, $5, 1, $4)
         ON CONFLICT (user_pool_id, username_key, purpose) DO UPDATE SET
             tried = CASE WHEN a.tried_since <= $5 THEN 1 ELSE a.tried + 1 END,
             tried_since = CASE WHEN a.tried_since <= $5 THEN $4 ELSE a.tried_since END
         RETURNING tried",
        pool_id,
        name,
        purpose,
        now,
        now - HOUR
    )
    .fetch_one(db)
    .await
}

/// The code that was asked for in this name was used.
pub async fn was_used(db: &mut Connection, pool_id: &str, name: &str, purpose: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE code_attempts SET last_sent_at = NULL WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3",
        pool_id,
        name,
        purpose
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a code was asked for in this name since a time, and not used.
pub async fn was_sent_since(
    db: &mut Connection,
    pool_id: &str,
    name: &str,
    purpose: &str,
    since: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM code_attempts
               WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND last_sent_at > $4) AS "was!""#,
        pool_id,
        name,
        purpose,
        since
    )
    .fetch_one(db)
    .await
}
