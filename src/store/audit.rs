//! The audit trail, and the outbox of what is to be told to others. Rows name no secrets.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};
use crate::random;

/// Who does something, when, in which request: the part that every audit row of a request shares.
#[derive(Clone, Debug)]
pub struct Trail {
    pub at: OffsetDateTime,
    /// `user`, `operator:<access key ID>` or `service`
    pub actor: String,
    pub request_id: Uuid,
}

/// Notes an event.
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    trail: &Trail,
    event: &str,
    sub: Option<Uuid>,
    credential_id: Option<&[u8]>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO audit_events (user_pool_id, id, at, event, actor, sub, credential_id, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        pool_id,
        random::time_ordered_uuid(trail.at),
        trail.at,
        event,
        trail.actor,
        sub,
        credential_id,
        trail.request_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a passkey of a user was deleted, as far as that is remembered, and is not there again.
pub async fn was_deleted(db: &Connections, pool_id: &str, sub: Uuid, credential_id: &[u8]) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT 1 AS "one!" FROM audit_events
           WHERE user_pool_id = $1 AND sub = $2 AND event = 'passkey.deleted' AND credential_id = $3
               AND NOT EXISTS (SELECT 1 FROM webauthn_credentials WHERE user_pool_id = $1 AND credential_id = $3)
           LIMIT 1"#,
        pool_id,
        sub,
        credential_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// How many changes of a kind a user made of their own account since a time, counted up to `most`.
pub async fn count_own(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    event: &str,
    since: OffsetDateTime,
    most: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT 1 FROM audit_events WHERE user_pool_id = $1 AND sub = $2 AND at > $3 AND event = $5 AND actor = 'user'
               LIMIT $4) AS own"#,
        pool_id,
        sub,
        since,
        most,
        event
    )
    .fetch_one(db)
    .await
}

/// How many events of a kind a user has since a time.
pub async fn count_since(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    event: &str,
    since: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM audit_events WHERE user_pool_id = $1 AND sub = $2 AND at > $4 AND event = $3"#,
        pool_id,
        sub,
        event,
        since
    )
    .fetch_one(db)
    .await
}
