//! Authorization codes (RFC 6749 section 4.1.2), by the hash of their text.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};

/// A code, and what it was granted for.
#[derive(Debug)]
pub struct AuthorizationCode {
    pub hash: Vec<u8>,
    pub sub: Uuid,
    pub client_id: String,
    /// The browser's session in which it was granted.
    pub browser_session: Uuid,
    pub redirect_uri: String,
    /// Separated by blanks.
    pub scope: String,
    pub nonce: Option<String>,
    /// PKCE, S256.
    pub code_challenge: Option<String>,
    pub resource: Option<String>,
    pub expires_at: OffsetDateTime,
    /// The session that it opened; `None` until then.
    pub origin_jti: Option<Uuid>,
}

/// Adds a code.
pub async fn insert(db: &mut Connection, pool_id: &str, code: &AuthorizationCode) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO authorization_codes (user_pool_id, code_hash, sub, client_id, browser_session, redirect_uri, scope, nonce,
             code_challenge, resource, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        pool_id,
        code.hash,
        code.sub,
        code.client_id,
        code.browser_session,
        code.redirect_uri,
        code.scope,
        code.nonce,
        code.code_challenge,
        code.resource,
        code.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user that a code was granted for, without a lock.
pub async fn find_sub(db: &Connections, pool_id: &str, hash: &[u8]) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT sub FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2", pool_id, hash)
        .fetch_optional(db)
        .await
}

/// A code, locked until the transaction ends. The caller holds the user's row.
pub async fn lock(db: &mut Connection, pool_id: &str, hash: &[u8]) -> sqlx::Result<Option<AuthorizationCode>> {
    sqlx::query_as!(
        AuthorizationCode,
        "SELECT code_hash AS hash, sub, client_id, browser_session, redirect_uri, scope, nonce, code_challenge, resource,
                expires_at, origin_jti
         FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2 FOR UPDATE",
        pool_id,
        hash
    )
    .fetch_optional(db)
    .await
}

/// Notes the session that a locked code was used for.
pub async fn use_up(db: &mut Connection, pool_id: &str, hash: &[u8], origin_jti: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE authorization_codes SET origin_jti = $3 WHERE user_pool_id = $1 AND code_hash = $2",
        pool_id,
        hash,
        origin_jti
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a locked code that must not be tried again.
pub async fn delete(db: &mut Connection, pool_id: &str, hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2", pool_id, hash)
        .execute(db)
        .await?;
    Ok(())
}
