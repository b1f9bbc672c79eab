//! Authorization codes (RFC 6749 section 4.1.2). Only the hash of a code is stored.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections, clients::Versions};

/// A code, and what was granted with it.
#[derive(Debug)]
pub struct AuthorizationCode {
    pub hash: Vec<u8>,
    pub sub: Uuid,
    pub client_id: String,
    /// The browser's session in which the code was granted.
    pub browser_session: Uuid,
    pub redirect_uri: String,
    /// The granted scopes, separated by spaces.
    pub scope: String,
    pub nonce: Option<String>,
    /// The code challenge of PKCE, by the method S256.
    pub code_challenge: Option<String>,
    pub resource: Option<String>,
    pub expires_at: OffsetDateTime,
    /// The session that the code opened; `None` until the code is used.
    pub origin_jti: Option<Uuid>,
    /// When the code was used. `None` if it was not, or was used at a replica of the previous release.
    pub used_at: Option<OffsetDateTime>,
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

/// Returns the subject of the user that a code was granted for, without locking the code.
pub async fn find_sub(db: &Connections, pool_id: &str, hash: &[u8]) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT sub FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2", pool_id, hash)
        .fetch_optional(db)
        .await
}

/// Reads a code without locking it, and whether the client and its pool still have these versions.
pub async fn read(
    db: &Connections,
    pool_id: &str,
    hash: &[u8],
    client_id: &str,
    versions: Versions,
) -> sqlx::Result<Option<(bool, AuthorizationCode)>> {
    let row = sqlx::query!(
        r#"SELECT a.code_hash, a.sub, a.client_id, a.browser_session, a.redirect_uri, a.scope, a.nonce, a.code_challenge,
                a.resource, a.expires_at, a.origin_jti, a.used_at,
                EXISTS (SELECT 1 FROM app_clients c JOIN user_pools p ON p.user_pool_id = c.user_pool_id
                    WHERE c.user_pool_id = $1 AND c.client_id = $3 AND c.version = $4 AND p.version = $5) AS "current!"
           FROM authorization_codes a WHERE a.user_pool_id = $1 AND a.code_hash = $2"#,
        pool_id,
        hash,
        client_id,
        versions.client,
        versions.pool
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let code = AuthorizationCode {
            hash: row.code_hash,
            sub: row.sub,
            client_id: row.client_id,
            browser_session: row.browser_session,
            redirect_uri: row.redirect_uri,
            scope: row.scope,
            nonce: row.nonce,
            code_challenge: row.code_challenge,
            resource: row.resource,
            expires_at: row.expires_at,
            origin_jti: row.origin_jti,
            used_at: row.used_at,
        };
        (row.current, code)
    }))
}

/// Locks a code until the transaction ends, and returns the code. The caller has locked the user's row.
pub async fn lock(db: &mut Connection, pool_id: &str, hash: &[u8]) -> sqlx::Result<Option<AuthorizationCode>> {
    sqlx::query_as!(
        AuthorizationCode,
        "SELECT code_hash AS hash, sub, client_id, browser_session, redirect_uri, scope, nonce, code_challenge, resource,
                expires_at, origin_jti, used_at
         FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2 FOR UPDATE",
        pool_id,
        hash
    )
    .fetch_optional(db)
    .await
}

/// Records the session that a locked code has opened.
pub async fn use_up(
    db: &mut Connection,
    pool_id: &str,
    hash: &[u8],
    origin_jti: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE authorization_codes SET origin_jti = $3, used_at = $4 WHERE user_pool_id = $1 AND code_hash = $2",
        pool_id,
        hash,
        origin_jti,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a locked code, so that nobody can try it again.
pub async fn delete(db: &mut Connection, pool_id: &str, hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM authorization_codes WHERE user_pool_id = $1 AND code_hash = $2", pool_id, hash)
        .execute(db)
        .await?;
    Ok(())
}
