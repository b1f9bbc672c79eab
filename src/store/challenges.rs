//! What is kept between two calls of a sign-in, a sign-up or a passkey registration. A challenge is used once and does
//! not live long.
//!
//! The challenges of sign-ins are usually not stored at all: they are sealed in `Session` strings
//! (`docs/decisions/0045-a-sign-in-that-is-not-over-is-nobodys-row.md`). The table `used_states` has a row for each of
//! these that was used up.

use serde_json::Value;
use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, unknown_text};
use crate::pending::{self, Challenge, Kept};

/// A challenge as the database stores it.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) client_id: String,
    pub(super) sub: Option<Uuid>,
    pub(super) data: Value,
    pub(super) expires_at: OffsetDateTime,
}

impl TryFrom<Row> for Challenge {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let Row { id, kind, client_id, sub, data, expires_at } = row;
        let read = pending::read(&kind, data);
        let (state, bounds) = read.map_err(|_| unknown_text("challenges.data", id, &kind))?;
        Ok(Self { id, client_id, sub, state, bounds, expires_at, kept: Kept::Row })
    }
}

/// Adds a challenge.
pub async fn insert(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (kind, data) = pending::write(&challenge.state, &challenge.bounds);
    sqlx::query!(
        "INSERT INTO challenges (user_pool_id, id, kind, client_id, sub, data, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        pool_id,
        challenge.id,
        kind,
        challenge.client_id,
        challenge.sub,
        data,
        now,
        challenge.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many passkey registrations of one user may be pending. A person may begin several: in two tabs, for example.
const REGISTRATIONS: i64 = 5;

/// Adds a pending passkey registration, and removes the user's oldest ones if there are too many. The caller holds the
/// lock of the user's row, so that two calls do not count the same rows.
pub async fn insert_registration(
    db: &mut Connection,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM challenges WHERE user_pool_id = $1 AND id IN (
             SELECT id FROM challenges
             WHERE user_pool_id = $1 AND sub = $2 AND kind IN ('PASSKEY_REGISTRATION', 'WEB_AUTHN_REGISTRATION')
             ORDER BY created_at DESC OFFSET $3)",
        pool_id,
        challenge.sub,
        REGISTRATIONS - 1
    )
    .execute(&mut *db)
    .await?;
    insert(db, pool_id, challenge, now).await
}

/// Finds a challenge that is a row, without using it up.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str, id: Uuid) -> sqlx::Result<Option<Challenge>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, kind, client_id, sub, data, expires_at FROM challenges WHERE user_pool_id = $1 AND id = $2",
        pool_id,
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(Challenge::try_from).transpose()
}

/// Whether a challenge that was read before can still be used, without using it up.
pub async fn is_unused(db: &mut Connection, pool_id: &str, challenge: &Challenge) -> sqlx::Result<bool> {
    match challenge.kept {
        Kept::Row => Ok(find(db, pool_id, challenge.id).await?.is_some()),
        Kept::Sealed { user_version } => {
            sqlx::query_scalar!(
                r#"SELECT NOT EXISTS (SELECT 1 FROM used_states WHERE user_pool_id = $1 AND id = $2)
                       AND NOT EXISTS (SELECT 1 FROM users WHERE user_pool_id = $1 AND sub = $3 AND void_version > $4)
                       AS "unused!""#,
                pool_id,
                challenge.id,
                challenge.sub,
                user_version
            )
            .fetch_one(db)
            .await
        }
    }
}

/// Uses up a challenge, so that nobody can use it again. If several callers use up the same challenge, on any replicas,
/// only one gets it. Returns `None` if the challenge was used before, has expired, or was made void.
///
/// The caller has locked the user's row, if the challenge has a user, so that the challenge is not made void meanwhile.
/// The order of locks (see [`crate::store`]) also keeps two sign-ins from waiting for each other.
pub async fn use_up(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    challenge: &Challenge,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Challenge>> {
    let Kept::Sealed { user_version } = challenge.kept else {
        let row = sqlx::query_as!(
            Row,
            "DELETE FROM challenges WHERE user_pool_id = $1 AND id = $2 AND expires_at > $3
             RETURNING id, kind, client_id, sub, data, expires_at",
            pool_id,
            challenge.id,
            now
        )
        .fetch_optional(db)
        .await?;
        return row.map(Challenge::try_from).transpose();
    };
    let done = sqlx::query!(
        "INSERT INTO used_states (user_pool_id, id, expires_at)
         SELECT $1, $2, $3::timestamptz + interval '1 hour'
         WHERE $3 > $4::timestamptz
             AND NOT EXISTS (SELECT 1 FROM users WHERE user_pool_id = $1 AND sub = $5 AND void_version > $6)
         ON CONFLICT DO NOTHING",
        pool_id,
        challenge.id,
        challenge.expires_at,
        now,
        challenge.sub,
        user_version
    )
    .execute(db)
    .await?;
    Ok((done.rows_affected() == 1).then(|| challenge.clone()))
}

/// Removes the user's pending passkey registration with this challenge (base64url) and returns it, so that it cannot be
/// used again.
pub async fn take_registration(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    challenge: &str,
) -> sqlx::Result<Option<Challenge>> {
    let row = sqlx::query_as!(
        Row,
        "DELETE FROM challenges
         WHERE user_pool_id = $1 AND sub = $2 AND kind IN ('PASSKEY_REGISTRATION', 'WEB_AUTHN_REGISTRATION')
             AND data->>'challenge' = $3
         RETURNING id, kind, client_id, sub, data, expires_at",
        pool_id,
        sub,
        challenge
    )
    .fetch_optional(db)
    .await?;
    row.map(Challenge::try_from).transpose()
}

/// Removes a user's pending passkey registrations.
pub async fn delete_registrations(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM challenges
         WHERE user_pool_id = $1 AND sub = $2 AND kind IN ('PASSKEY_REGISTRATION', 'WEB_AUTHN_REGISTRATION')",
        pool_id,
        sub
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records in a pending MFA_SETUP challenge that a code of the new authenticator app was verified. Returns `false` if
/// the challenge is gone.
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

/// Removes all pending challenges of a user whose row is locked, and makes void those that are sealed in strings. This
/// reads all challenges of the pool, because no index finds all challenges of a user.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM challenges WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(&mut *db).await?;
    sqlx::query!("UPDATE users SET void_version = version + 1 WHERE user_pool_id = $1 AND sub = $2", pool_id, sub)
        .execute(db)
        .await?;
    Ok(())
}
