//! Passkeys: the table `webauthn_credentials`.
//!
//! Rows are removed only in this file and in `batches::delete_passkeys`. Each removal writes its audit row and its
//! outbox row in the same statement.

use serde::{Deserialize, Deserializer, de::Error as _};
use time::{OffsetDateTime, serde::rfc3339};
use uuid::Uuid;

use super::{Connection, audit::Trail, statement};
use crate::{random, store::audit::Audited, webauthn::NewCredential};

/// A passkey, as the API's lists show it.
#[derive(Debug)]
pub struct Passkey {
    pub credential_id: Vec<u8>,
    pub friendly_name: String,
    pub rp_id: String,
    pub attachment: Option<String>,
    pub transports: Vec<String>,
    pub created_at: OffsetDateTime,
}

/// A passkey with all its details. Keystead shows them to the passkey's owner and to operators; Amazon Cognito does not
/// show the fields after `created_at`.
#[derive(Debug, Deserialize)]
pub struct PasskeyDetails {
    #[serde(deserialize_with = "of_hex")]
    pub credential_id: Vec<u8>,
    pub friendly_name: String,
    pub rp_id: String,
    pub attachment: Option<String>,
    pub transports: Vec<String>,
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    pub aaguid: Uuid,
    pub algorithm: i32,
    pub backup_eligible: bool,
    pub backup_state: bool,
}

fn of_hex<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(text)?).map_err(D::Error::custom)
}

/// Lists all passkeys of a user with their details, oldest first. A user has few (20 at most by default).
pub async fn list_details(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Vec<PasskeyDetails>> {
    statement!(query_as(PasskeyDetails) { PASSKEYS }
        pool_id,
        sub
    )
    .fetch_all(db)
    .await
}

/// Gives a passkey another name. Returns `None` if the user has no such passkey, and `Some(false)` if it has this name
/// already. This is an update and never an upsert, so that a deleted passkey stays deleted.
pub async fn rename(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    credential_id: &[u8],
    name: &str,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT friendly_name <> $4 AS changes FROM webauthn_credentials
               WHERE user_pool_id = $1 AND sub = $2 AND credential_id = $3 FOR UPDATE
           ), renamed AS (
               UPDATE webauthn_credentials SET friendly_name = $4
               WHERE user_pool_id = $1 AND sub = $2 AND credential_id = $3 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        sub,
        credential_id,
        name
    )
    .fetch_optional(db)
    .await
}

/// What a sign-in needs to know about a passkey, in order to verify its assertion and to fill the `amr` claim.
#[derive(Debug)]
pub struct Key {
    pub public_key: Vec<u8>,
    pub sign_count: i64,
    pub backup_eligible: bool,
    /// `platform` or `cross-platform`
    pub attachment: Option<String>,
}

/// The flags BE (backup eligibility) and BS (backup state) of an assertion.
#[derive(Clone, Copy, Debug)]
pub struct Backup {
    pub eligible: bool,
    pub state: bool,
}

/// Adds a passkey to a user whose row the caller has locked, if the user has fewer than `limit` passkeys (0: no limit).
/// Returns `None` if the user has reached `limit`, and `Some(false)` if the credential ID is taken in this pool.
#[expect(clippy::too_many_arguments, reason = "one row, each named once")]
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    rp_id: &str,
    friendly_name: &str,
    credential: &NewCredential,
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Option<bool>> {
    // This is a separate statement after the lock on the user. So it sees what the previous holder of the lock has
    // inserted.
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webauthn_credentials WHERE user_pool_id = $1 AND sub = $2"#,
        pool_id,
        sub
    )
    .fetch_one(&mut *db)
    .await?;
    if limit > 0 && count >= limit {
        return Ok(None);
    }
    let done = sqlx::query!(
        "INSERT INTO webauthn_credentials (user_pool_id, sub, credential_id, public_key, algorithm, sign_count, aaguid,
             transports, attachment, attestation_format, backup_eligible, backup_state, rp_id, friendly_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
        pool_id,
        sub,
        credential.id,
        credential.public_key,
        credential.algorithm,
        i64::from(credential.sign_count),
        credential.aaguid,
        &credential.transports,
        credential.attachment,
        credential.attestation_format,
        credential.backup_eligible,
        credential.backup_state,
        rp_id,
        friendly_name,
        now
    )
    .execute(db)
    .await?;
    Ok(Some(done.rows_affected() == 1))
}

/// Lists all passkeys of a user, oldest first. A user has few (20 at most by default).
pub async fn list(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Vec<Passkey>> {
    sqlx::query_as!(
        Passkey,
        "SELECT credential_id, friendly_name, rp_id, attachment, transports, created_at FROM webauthn_credentials
         WHERE user_pool_id = $1 AND sub = $2 ORDER BY created_at, credential_id",
        pool_id,
        sub
    )
    .fetch_all(db)
    .await
}

/// Lists a page of the passkeys of a live session's user, oldest first, beginning after the cursor `after`. Returns
/// `None` if the session is not live. This is one statement, so that the session is live at the moment at which the
/// list is read.
pub async fn list_live(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    origin_jti: Uuid,
    after: Option<&(OffsetDateTime, Vec<u8>)>,
    limit: i64,
) -> sqlx::Result<Option<Vec<Passkey>>> {
    let (after_at, after_id) = after.map_or((None, None), |(at, id)| (Some(*at), Some(id.as_slice())));
    let rows = statement!(query() {
        r#"SELECT c.credential_id AS "credential_id?", c.friendly_name AS "friendly_name?", c.rp_id AS "rp_id?", c.attachment,
                  c.transports AS "transports?", c.created_at AS "created_at?"
           FROM"# SESSION_AND_OWNER
        "LEFT JOIN webauthn_credentials c ON c.user_pool_id = s.user_pool_id AND c.sub = s.sub
             AND ($4::timestamptz IS NULL OR (c.created_at, c.credential_id) > ($4, $5::bytea))
         WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.sub IS NOT DISTINCT FROM $3 AND" LIVES
        "ORDER BY c.created_at, c.credential_id LIMIT $6"
        }
        pool_id,
        origin_jti,
        sub,
        after_at,
        after_id,
        limit
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let passkeys = rows.into_iter().filter_map(|row| {
        Some(Passkey {
            credential_id: row.credential_id?,
            friendly_name: row.friendly_name?,
            rp_id: row.rp_id?,
            attachment: row.attachment,
            transports: row.transports?,
            created_at: row.created_at?,
        })
    });
    Ok(Some(passkeys.collect()))
}

/// Locks a user's passkey and returns its key. A deletion waits for this lock. If this call has waited for a deletion
/// that was then committed, it returns `None`.
pub async fn lock(db: &mut Connection, pool_id: &str, sub: Uuid, credential_id: &[u8]) -> sqlx::Result<Option<Key>> {
    sqlx::query_as!(
        Key,
        "SELECT public_key, sign_count, backup_eligible, attachment FROM webauthn_credentials
         WHERE user_pool_id = $1 AND sub = $2 AND credential_id = $3 FOR NO KEY UPDATE",
        pool_id,
        sub,
        credential_id
    )
    .fetch_optional(db)
    .await
}

/// Records a use of a locked passkey. This is an update and never an upsert, so that a deleted passkey stays deleted.
/// Returns `false` if there is no such passkey.
pub async fn update_used(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    credential_id: &[u8],
    sign_count: u32,
    backup: Backup,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE webauthn_credentials SET sign_count = $4, backup_eligible = $5, backup_state = $6, last_used_at = $7
         WHERE user_pool_id = $1 AND sub = $2 AND credential_id = $3",
        pool_id,
        sub,
        credential_id,
        i64::from(sign_count),
        backup.eligible,
        backup.state,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The outcome of a deletion.
#[derive(Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The passkey was deleted.
    Done(Audited),
    /// The user has no such passkey: it does not exist, or it belongs to another user.
    NotFound,
    /// The session is not live, or the user is disabled, gone or needs a password reset.
    SessionEnded,
    /// One statement cannot do everything that the pool's policy demands: call [`lock_and_delete`].
    NotPlain,
}

/// Deletes a passkey of a live session's user, in one statement, which is a transaction by itself.
///
/// The session's row is locked (`FOR SHARE`). So a sign-out has either already ended the session, or waits. Of several
/// callers, only the one that gets the passkey's row removes it, and writes one audit row and one outbox row with it.
///
/// Pools that end sessions when a passkey is deleted, or require more than a live session, need [`lock_and_delete`].
/// This statement could not end all sessions, because all parts of it see one snapshot, which lacks a session that a
/// concurrent sign-in has just opened.
pub async fn delete(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    origin_jti: Uuid,
    credential_id: &[u8],
    trail: &Trail,
) -> sqlx::Result<Deletion> {
    let row = statement!(query() {
        "WITH live AS MATERIALIZED (
             SELECT s.sub, p.deletes_plainly
             FROM" SESSION_AND_OWNER "JOIN user_pools p ON p.user_pool_id = s.user_pool_id
             WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.sub IS NOT DISTINCT FROM $3 AND" LIVES "FOR SHARE OF s
         ), deleted AS (
             DELETE FROM webauthn_credentials c USING live
             WHERE c.user_pool_id = $1 AND c.sub = $3 AND c.sub = live.sub AND c.credential_id = $4 AND live.deletes_plainly
             RETURNING c.user_pool_id, c.sub, c.credential_id, c.rp_id, $5::uuid AS audit_id, $6::uuid AS outbox_id,
                       $7::timestamptz AS at, $8::text AS actor, $9::uuid AS request_id
         )," NOTED
        r#"SELECT (SELECT deletes_plainly FROM live) AS plainly, EXISTS (SELECT 1 FROM deleted) AS "deleted!""#
        }
        pool_id,
        origin_jti,
        sub,
        credential_id,
        random::time_ordered_uuid(trail.at),
        random::time_ordered_uuid(trail.at),
        trail.at,
        trail.actor(),
        trail.request_id
    )
    .fetch_one(db)
    .await?;
    Ok(match (row.plainly, row.deleted) {
        (None, _) => Deletion::SessionEnded,
        (Some(_), true) => Deletion::Done(Audited::by_statement()),
        (Some(true), false) => Deletion::NotFound,
        (Some(false), false) => Deletion::NotPlain,
    })
}

/// Deletes a passkey in a transaction in which the caller has locked the user's row and the session. Returns `None` if
/// the user has no such passkey.
pub async fn lock_and_delete(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    credential_id: &[u8],
    trail: &Trail,
) -> sqlx::Result<Option<Audited>> {
    let deleted = delete_some(db, pool_id, sub, Some(credential_id), trail).await?;
    Ok((deleted == 1).then(Audited::by_statement))
}

/// Deletes all passkeys of a user whose row the caller has locked. Returns how many there were.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid, trail: &Trail) -> sqlx::Result<i64> {
    delete_some(db, pool_id, sub, None, trail).await
}

async fn delete_some(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    credential_id: Option<&[u8]>,
    trail: &Trail,
) -> sqlx::Result<i64> {
    statement!(query_scalar() {
        "WITH deleted AS (
             DELETE FROM webauthn_credentials WHERE user_pool_id = $1 AND sub = $2 AND ($3::bytea IS NULL OR credential_id = $3)
             RETURNING user_pool_id, sub, credential_id, rp_id, gen_random_uuid() AS audit_id, gen_random_uuid() AS outbox_id,
                       $4::timestamptz AS at, $5::text AS actor, $6::uuid AS request_id
         )," NOTED
        r#"SELECT count(*) AS "count!" FROM deleted"#
        }
        pool_id,
        sub,
        credential_id,
        trail.at,
        trail.actor(),
        trail.request_id
    )
    .fetch_one(db)
    .await
}

/// Deletes at most `limit` passkeys of a deleted pool. Passkeys that another transaction has locked are left for later.
/// Returns how many passkeys were deleted.
pub async fn delete_of_pool(db: &mut Connection, pool_id: &str, limit: i64, trail: &Trail) -> sqlx::Result<u64> {
    let deleted = statement!(query_scalar() {
        "WITH taken AS MATERIALIZED (
             SELECT sub, credential_id FROM webauthn_credentials WHERE user_pool_id = $1 LIMIT $2 FOR UPDATE SKIP LOCKED
         ), deleted AS (
             DELETE FROM webauthn_credentials c USING taken s
             WHERE c.user_pool_id = $1 AND c.sub = s.sub AND c.credential_id = s.credential_id
             RETURNING c.user_pool_id, c.sub, c.credential_id, c.rp_id, gen_random_uuid() AS audit_id,
                       gen_random_uuid() AS outbox_id, $3::timestamptz AS at, $4::text AS actor, $5::uuid AS request_id
         )," NOTED
        r#"SELECT count(*) AS "count!" FROM deleted"#
        }
        pool_id,
        limit,
        trail.at,
        trail.actor(),
        trail.request_id
    )
    .fetch_one(db)
    .await?;
    Ok(deleted.unsigned_abs())
}
