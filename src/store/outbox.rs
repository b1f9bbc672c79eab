//! The outbox of messages to people: written in the transaction that has something to say, delivered by a job
//! (`jobs::deliver`) at least once.

use serde_json::{Value, json};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};

/// A message that is due.
#[derive(Debug)]
pub struct Due {
    pub pool_id: String,
    pub id: Uuid,
    pub sealed: Vec<u8>,
    /// With this one.
    pub attempts: i32,
}

/// Adds a message. `kind`: `message.email` or `message.sms`; `to`: its masked destination, for who looks at the table.
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    id: Uuid,
    kind: &str,
    to: &str,
    sealed: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO outbox (user_pool_id, id, at, kind, payload, sealed, due_at) VALUES ($1, $2, $3, $4, $5, $6, $3)",
        pool_id,
        id,
        now,
        kind,
        json!({ "to": to }) as Value,
        sealed
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes messages that are due, for as long as `until`: when they are neither delivered nor put back by then, somebody
/// else takes them.
pub async fn take_due(
    db: &Connections,
    kind: &str,
    now: OffsetDateTime,
    until: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"UPDATE outbox SET due_at = $2, attempts = attempts + 1
           WHERE (user_pool_id, id) IN
               (SELECT user_pool_id, id FROM outbox WHERE kind = $4 AND due_at <= $1
                    AND user_pool_id NOT IN (SELECT user_pool_id FROM user_pools WHERE deleted_at IS NOT NULL)
                ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING user_pool_id AS pool_id, id, sealed AS "sealed!", attempts"#,
        now,
        until,
        limit,
        kind
    )
    .fetch_all(db)
    .await
}

/// A message was delivered, or is for nobody: nothing of it is kept.
pub async fn delete(db: impl PgExecutor<'_>, pool_id: &str, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM outbox WHERE user_pool_id = $1 AND id = $2", pool_id, id).execute(db).await?;
    Ok(())
}

/// A message could not be delivered: it is tried again at `due_at`, or given up, and then what it said is forgotten.
pub async fn failed(
    db: &Connections,
    pool_id: &str,
    id: Uuid,
    due_at: Option<OffsetDateTime>,
    why: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE outbox SET due_at = $3, failure = $4, sealed = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE sealed END
         WHERE user_pool_id = $1 AND id = $2",
        pool_id,
        id,
        due_at,
        why
    )
    .execute(db)
    .await?;
    Ok(())
}
