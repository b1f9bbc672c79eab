//! Authorization codes (RFC 6749 section 4.1.2). Only the hash of a code is stored.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Connection, Connections,
    clients::Versions,
    groups::{Membership, membership_of},
    sessions::Session,
    statement,
    users::{User, user_of},
};

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

/// Opens the session of an application through a browser's session by one statement, which uses up the authorization
/// code. Returns the session as it was stored, its user and the user's groups, or `None`, with nothing written, if the
/// code was used or has expired, or if the browser's session or its user may not act.
///
/// `draft` has the members that do not come from the browser's session. The statement takes its locks in the common
/// order, because each of its parts reads from the one before. If it waits for the user's row and the row has changed
/// meanwhile, it does nothing: it would not see what else that change did, for example to the user's groups.
pub async fn redeem(
    db: &Connections,
    pool_id: &str,
    code_hash: &[u8],
    draft: Session,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(Session, User, Vec<Membership>)>> {
    let rows = statement!(query() {
        r#"WITH held AS MATERIALIZED (
               SELECT * FROM users
               WHERE user_pool_id = $1 AND sub = $3 AND enabled AND status <> 'RESET_REQUIRED'
                 AND version = (SELECT version FROM users WHERE user_pool_id = $1 AND sub = $3)
               FOR SHARE
           ), browser AS MATERIALIZED (
               SELECT s.*
               FROM held u
               JOIN sessions s ON s.user_pool_id = u.user_pool_id AND s.sub = u.sub
               JOIN app_clients o ON o.user_pool_id = s.user_pool_id AND o.client_id = s.client_id
               WHERE s.user_pool_id = $1 AND s.origin_jti = $4 AND s.browser AND s.revoked_at IS NULL
               FOR SHARE OF s
           ), code AS MATERIALIZED (
               SELECT c.user_pool_id, c.code_hash
               FROM browser b JOIN authorization_codes c ON c.user_pool_id = b.user_pool_id
               WHERE c.user_pool_id = $1 AND c.code_hash = $2 AND c.origin_jti IS NULL AND c.expires_at > $11
               FOR UPDATE OF c
           ), used AS (
               UPDATE authorization_codes c SET origin_jti = $5, used_at = $11
               FROM code k WHERE c.user_pool_id = $1 AND c.user_pool_id = k.user_pool_id AND c.code_hash = k.code_hash
           ), opened AS (
               INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, credential_id, refresh_hash,
                   auth_time, expires_at, methods, device_key, browser, browser_session, scope, resource, named_device,
                   opened_at, user_agent, address)
               SELECT $1, $5, b.sub, $6, b.opened_with, b.credential_id, $7, b.auth_time, $8, b.methods, b.device_key, false,
                      b.origin_jti, $9, $10, b.named_device, $11, b.user_agent, b.address
               FROM browser b JOIN code k ON k.user_pool_id = b.user_pool_id
           )
           SELECT b.auth_time, b.methods, b.device_key, b.named_device, b.user_agent, b.address,
               g.group_name AS "group_name?", g.role_arn, g.precedence,"# USER
        "FROM held u
         JOIN browser b ON b.user_pool_id = u.user_pool_id
         JOIN code k ON k.user_pool_id = u.user_pool_id
         LEFT JOIN group_members m ON m.user_pool_id = u.user_pool_id AND m.sub = u.sub
         LEFT JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
         ORDER BY g.precedence NULLS LAST, g.group_name"
        }
        pool_id,
        code_hash,
        draft.sub,
        draft.browser_session,
        draft.origin_jti,
        draft.client_id,
        draft.refresh_hash,
        draft.expires_at,
        draft.scope,
        draft.resource,
        now
    )
    .fetch_all(db)
    .await?;
    let mut opened: Option<(Session, User, Vec<Membership>)> = None;
    for row in rows {
        let membership = membership_of!(row);
        if let Some((.., memberships)) = &mut opened {
            memberships.extend(membership);
            continue;
        }
        let session = Session {
            auth_time: row.auth_time,
            methods: row.methods,
            device_key: row.device_key,
            named_device: row.named_device,
            user_agent: row.user_agent,
            address: row.address,
            ..draft.clone()
        };
        let user = user_of!(row)?;
        opened = Some((session, user, membership.into_iter().collect()));
    }
    Ok(opened)
}
