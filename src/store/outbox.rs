//! The outbox's messages to people. A message is written in the transaction that causes it. A job (`jobs::deliver`)
//! then delivers the message, perhaps more than once, or gives it up after several failures. (The outbox also has
//! events for other systems, such as deletions of passkeys.)

use serde_json::{Value, json};
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};

/// Whether somebody waits for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A person in front of a screen waits for it.
    Awaited,
    /// Nobody waits for it, because an operator caused it: an invitation, for example.
    Unawaited,
}

impl Urgency {
    /// The number by which the database stores the urgency.
    fn number(self) -> i16 {
        match self {
            Self::Awaited => 0,
            Self::Unawaited => 1,
        }
    }
}

/// A message to add.
pub struct NewMessage<'a> {
    pub id: Uuid,
    /// `message.email` or `message.sms`
    pub kind: &'a str,
    pub urgency: Urgency,
    /// The masked destination, for people who look into the table.
    pub to: &'a str,
    pub sealed: &'a [u8],
}

/// A message that is due.
#[derive(Debug)]
pub struct Due {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    /// The number of delivery attempts so far, including the one that begins now.
    pub attempts: i32,
}

/// A failed attempt to deliver a message.
#[derive(Debug)]
pub struct Failed {
    pub pool_id: String,
    pub id: Uuid,
    /// The number of the attempt, from 1.
    pub attempts: i32,
    /// When delivery is tried again. `None` means that the message is given up; its content is then deleted.
    pub due_at: Option<OffsetDateTime>,
    pub why: String,
}

/// Adds a message that is due at once.
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    message: &NewMessage<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO outbox (user_pool_id, id, at, kind, payload, sealed, due_at, urgency) VALUES ($1, $2, $3, $4, $5, $6, $3, $7)",
        pool_id,
        message.id,
        now,
        message.kind,
        json!({ "to": message.to }) as Value,
        message.sealed,
        message.urgency.number()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lists pools that have messages of this kind and urgency due, ordered by ID: at most `limit`, beginning after the ID
/// `after` (an empty string: at the start). Each pool costs two lookups in the outbox's index, however many messages
/// wait.
pub async fn list_pools(
    db: &Connections,
    (kind, urgency): (&str, Urgency),
    after: &str,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE pools (id) AS (
               (SELECT user_pool_id FROM outbox
                WHERE kind = $1 AND urgency = $2 AND due_at IS NOT NULL AND user_pool_id > $3
                ORDER BY user_pool_id LIMIT 1)
               UNION ALL
               SELECT (SELECT user_pool_id FROM outbox
                       WHERE kind = $1 AND urgency = $2 AND due_at IS NOT NULL AND user_pool_id > pools.id
                       ORDER BY user_pool_id LIMIT 1)
               FROM pools WHERE pools.id IS NOT NULL)
           SELECT id AS "id!" FROM pools
           WHERE EXISTS (SELECT 1 FROM user_pools WHERE user_pool_id = pools.id AND deleted_at IS NULL)
             AND (SELECT min(due_at) FROM outbox
                  WHERE kind = $1 AND urgency = $2 AND user_pool_id = pools.id AND due_at IS NOT NULL) <= $4
           LIMIT $5"#,
        kind,
        urgency.number(),
        after,
        now,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes at most `limit` due messages of a pool, beginning with those that have been due longest, and reserves them
/// until the time `until`. Messages that were neither delivered nor recorded as failed by then may be taken again, also
/// by another replica.
pub async fn take_due(
    db: &Connections,
    pool_id: &str,
    (kind, urgency): (&str, Urgency),
    (now, until): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"UPDATE outbox SET due_at = $5, attempts = attempts + 1
           WHERE user_pool_id = $1 AND id = ANY (ARRAY
               (SELECT id FROM outbox WHERE kind = $2 AND urgency = $3 AND user_pool_id = $1 AND due_at <= $4
                ORDER BY due_at LIMIT $6 FOR UPDATE SKIP LOCKED))
           RETURNING id, sealed AS "sealed!", attempts"#,
        pool_id,
        kind,
        urgency.number(),
        now,
        until,
        limit
    )
    .fetch_all(db)
    .await
}

/// Removes a message that nobody is to get. Nothing of the message is kept.
pub async fn delete(db: impl PgExecutor<'_>, pool_id: &str, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM outbox WHERE user_pool_id = $1 AND id = $2", pool_id, id).execute(db).await?;
    Ok(())
}

/// Removes messages that were delivered, given as pool ID and message ID. Nothing of the messages is kept.
pub async fn delete_delivered(db: &Connections, delivered: &[(String, Uuid)]) -> sqlx::Result<()> {
    let (pools, ids): (Vec<String>, Vec<Uuid>) = delivered.iter().cloned().unzip();
    sqlx::query!(
        "DELETE FROM outbox USING unnest($1::text[], $2::uuid[]) AS one (user_pool_id, id)
         WHERE outbox.user_pool_id = one.user_pool_id AND outbox.id = one.id",
        &pools,
        &ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records that messages could not be delivered. Leaves out messages that another replica has taken meanwhile.
pub async fn note_failed(db: &Connections, failed: &[Failed]) -> sqlx::Result<()> {
    let pools: Vec<String> = failed.iter().map(|one| one.pool_id.clone()).collect();
    let ids: Vec<Uuid> = failed.iter().map(|one| one.id).collect();
    let attempts: Vec<i32> = failed.iter().map(|one| one.attempts).collect();
    let due: Vec<Option<OffsetDateTime>> = failed.iter().map(|one| one.due_at).collect();
    let why: Vec<String> = failed.iter().map(|one| one.why.clone()).collect();
    sqlx::query!(
        "UPDATE outbox SET due_at = one.due_at, failure = one.why,
             sealed = CASE WHEN one.due_at IS NULL THEN NULL ELSE sealed END
         FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[])
             AS one (user_pool_id, id, attempts, due_at, why)
         WHERE outbox.user_pool_id = one.user_pool_id AND outbox.id = one.id AND outbox.attempts = one.attempts",
        &pools,
        &ids,
        &attempts,
        &due as &[Option<OffsetDateTime>],
        &why
    )
    .execute(db)
    .await?;
    Ok(())
}
