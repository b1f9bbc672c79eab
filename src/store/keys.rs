//! Signing keys of pools. The private keys are sealed in the database.

use sqlx::types::Json;
use time::OffsetDateTime;

use super::{Connection, Connections};
use crate::{
    error::{Error, Result},
    sealing::SealingKey,
    tokens::PublicKey,
};

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

/// Adds a key in the state `current`.
pub async fn insert(
    db: &mut Connection,
    sealing: &SealingKey,
    pool_id: &str,
    token_use: &str,
    public: &PublicKey,
    private: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO signing_keys (user_pool_id, kid, token_use, state, private_key, public_jwk, created_at)
         VALUES ($1, $2, $3, 'current', $4, $5, $6)",
        pool_id,
        public.kid,
        token_use,
        sealing.seal(&context(pool_id, &public.kid), private),
        Json(public) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
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
