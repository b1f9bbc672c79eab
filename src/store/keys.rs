//! Signing keys of pools. The private keys are sealed in the database.
//!
//! A pool has one `current` key for access tokens and one for ID tokens. When an operator demands other keys, they are
//! `next` at first, so that everyone can fetch them before they sign anything. Then they become `current`, and those
//! that were `current` are `retired`: they sign nothing more, but verify until no token that they signed can be
//! unexpired (decision 0046). Who changes a pool's keys has locked the pool (`pools::lock_settings`).

use sqlx::{PgExecutor, types::Json};
use time::{Duration, OffsetDateTime};

use super::{Connection, Connections};
use crate::{
    error::{Error, Result},
    sealing::SealingKey,
    tokens::{PublicKey, SigningAlgorithm},
};

/// For how long a retired key is kept. Access and ID tokens are valid for a day at most. In addition, replicas use the
/// old key for a minute (`key_ring::FRESH`), and a request in this minute may take some time.
pub const KEPT: Duration = Duration::hours(25);

/// A stored key.
pub struct StoredKey {
    /// The public key, with its key ID.
    pub public: PublicKey,
    /// `access` or `id`
    pub token_use: String,
    /// `next`, `current` or `retired`
    pub state: String,
    /// The private key as PKCS#8 in DER, no longer sealed.
    pub private: Vec<u8>,
    pub created_at: OffsetDateTime,
}

fn context(pool_id: &str, kid: &str) -> String {
    format!("signing_keys.private_key {pool_id} {kid}")
}

/// Lists all keys of a pool. The list is empty if there is no such pool.
pub async fn list(db: &Connections, sealing: &SealingKey, pool_id: &str) -> Result<Vec<StoredKey>> {
    let rows = sqlx::query!(
        r#"SELECT kid, token_use, state, created_at, private_key, public_jwk AS "public_jwk: Json<PublicKey>"
           FROM signing_keys WHERE user_pool_id = $1 ORDER BY token_use, created_at"#,
        pool_id
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let private = sealing.open(&context(pool_id, &row.kid), &row.private_key).map_err(Error::internal)?;
            let (public, created_at) = (row.public_jwk.0, row.created_at);
            Ok(StoredKey { public, token_use: row.token_use, state: row.state, private, created_at })
        })
        .collect()
}

/// A key as operators see it.
pub struct KeyInfo {
    pub public: PublicKey,
    /// `access` or `id`
    pub token_use: String,
    /// `next`, `current` or `retired`
    pub state: String,
    /// When the key began, or will begin, to sign.
    pub signs_from: OffsetDateTime,
    pub retired_at: Option<OffsetDateTime>,
}

/// Lists all keys of a pool, without their private halves. The list is empty if there is no such pool.
pub async fn list_infos(db: impl PgExecutor<'_>, pool_id: &str) -> sqlx::Result<Vec<KeyInfo>> {
    let rows = sqlx::query!(
        r#"SELECT token_use, state, coalesce(signs_from, created_at) AS "signs_from!", retired_at,
                  public_jwk AS "public_jwk: Json<PublicKey>"
           FROM signing_keys WHERE user_pool_id = $1 ORDER BY token_use, created_at"#,
        pool_id
    )
    .fetch_all(db)
    .await?;
    let info = rows.into_iter().map(|row| KeyInfo {
        public: row.public_jwk.0,
        token_use: row.token_use,
        state: row.state,
        signs_from: row.signs_from,
        retired_at: row.retired_at,
    });
    Ok(info.collect())
}

/// Lists the algorithms of the keys that verify a pool's ID tokens. The algorithm of the current key comes first. The
/// list is empty if there is no such pool.
pub async fn id_algorithms(db: &Connections, pool_id: &str) -> sqlx::Result<Vec<SigningAlgorithm>> {
    let keys = sqlx::query_scalar!(
        r#"SELECT public_jwk AS "public_jwk: Json<PublicKey>" FROM signing_keys
           WHERE user_pool_id = $1 AND token_use = 'id' ORDER BY state <> 'current', created_at"#,
        pool_id
    )
    .fetch_all(db)
    .await?;
    let mut algorithms = Vec::new();
    for Json(key) in keys {
        let algorithm = key.numbers.algorithm();
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    Ok(algorithms)
}

/// Lists the public keys of a pool.
pub async fn list_public(db: &Connections, pool_id: &str) -> sqlx::Result<Vec<PublicKey>> {
    let rows = sqlx::query!(
        r#"SELECT public_jwk AS "public_jwk: Json<PublicKey>" FROM signing_keys WHERE user_pool_id = $1 ORDER BY token_use, created_at"#,
        pool_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.public_jwk.0).collect())
}

/// A new key.
pub struct NewKey<'a> {
    /// `access` or `id`
    pub token_use: &'a str,
    pub public: &'a PublicKey,
    /// PKCS#8 in DER
    pub private: &'a [u8],
    /// When the key, which is `next` until then, becomes `current`; `None` if it is `current` from the start.
    pub signs_from: Option<OffsetDateTime>,
}

/// Adds a key.
pub async fn insert(
    db: &mut Connection,
    sealing: &SealingKey,
    pool_id: &str,
    key: NewKey<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO signing_keys (user_pool_id, kid, token_use, state, private_key, public_jwk, created_at, signs_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        pool_id,
        key.public.kid,
        key.token_use,
        if key.signs_from.is_some() { "next" } else { "current" },
        sealing.seal(&context(pool_id, &key.public.kid), key.private),
        Json(key.public) as _,
        now,
        key.signs_from
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the keys of a pool that were to become `current`.
pub async fn delete_next(db: &mut Connection, pool_id: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM signing_keys WHERE user_pool_id = $1 AND state = 'next'", pool_id).execute(db).await?;
    Ok(())
}

/// Sets when the next keys of a pool become `current`.
pub async fn update_signs_from(db: &mut Connection, pool_id: &str, signs_from: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE signing_keys SET signs_from = $2 WHERE user_pool_id = $1 AND state = 'next'",
        pool_id,
        signs_from
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes the next keys of a pool `current` if their time has come, and retires those that were `current`. Returns how
/// many keys became `current`.
pub async fn promote(db: &mut Connection, pool_id: &str, now: OffsetDateTime) -> sqlx::Result<u64> {
    // In this order, there are never two current keys.
    sqlx::query!(
        "UPDATE signing_keys k SET state = 'retired', retired_at = $2
         WHERE k.user_pool_id = $1 AND k.state = 'current' AND EXISTS
             (SELECT 1 FROM signing_keys n
              WHERE n.user_pool_id = $1 AND n.token_use = k.token_use AND n.state = 'next' AND n.signs_from <= $2)",
        pool_id,
        now
    )
    .execute(&mut *db)
    .await?;
    let promoted = sqlx::query!(
        "UPDATE signing_keys SET state = 'current' WHERE user_pool_id = $1 AND state = 'next' AND signs_from <= $2",
        pool_id,
        now
    );
    Ok(promoted.execute(db).await?.rows_affected())
}

/// Removes the keys of a pool that were retired before [`KEPT`]. Returns how many were removed.
pub async fn delete_retired(db: &mut Connection, pool_id: &str, now: OffsetDateTime) -> sqlx::Result<u64> {
    let removed = sqlx::query!(
        "DELETE FROM signing_keys WHERE user_pool_id = $1 AND state = 'retired' AND retired_at < $2",
        pool_id,
        now - KEPT
    );
    Ok(removed.execute(db).await?.rows_affected())
}

/// Lists pools, at most `limit`, with keys that [`promote`] or [`delete_retired`] would change. They are sorted by ID,
/// and come after `after`.
pub async fn pools_with_due_keys(
    db: &Connections,
    after: &str,
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT DISTINCT user_pool_id FROM signing_keys
         WHERE state <> 'current' AND user_pool_id > $1
             AND (state = 'next' AND signs_from <= $3 OR state = 'retired' AND retired_at < $4)
         ORDER BY user_pool_id LIMIT $2",
        after,
        limit,
        now,
        now - KEPT
    )
    .fetch_all(db)
    .await
}

/// Fails if the sealing key is not the one that sealed the private keys. Tries to open one of them, if there is any.
pub async fn check_sealing(db: &Connections, sealing: &SealingKey) -> Result<()> {
    let row =
        sqlx::query!("SELECT user_pool_id, kid, private_key FROM signing_keys LIMIT 1").fetch_optional(db).await?;
    if let Some(row) = row {
        sealing.open(&context(&row.user_pool_id, &row.kid), &row.private_key).map_err(Error::internal)?;
    }
    Ok(())
}
