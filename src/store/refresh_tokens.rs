//! Refreshing a session's tokens by one statement that reads and one that rotates its refresh token.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Connections,
    clients::Versions,
    groups::{Membership, membership_of},
    sessions::{Session, session_of},
    statement,
    users::{User, user_of},
};

/// Reads what a refresh needs by one statement: whether the client and its pool still have these versions, the session,
/// its user, and the user's groups. Sessions of a deleted app client are not found.
pub async fn read(
    db: &Connections,
    pool_id: &str,
    origin_jti: Uuid,
    client_id: &str,
    versions: Versions,
) -> sqlx::Result<Option<(bool, Session, User, Vec<Membership>)>> {
    let rows = statement!(query() {
        r#"SELECT s.origin_jti, s.client_id, s.refresh_hash, s.refresh_generation, s.rotated_at, s.auth_time, s.opened_at,
                s.expires_at, s.revoked_at, s.methods, s.device_key, s.named_device, s.browser, s.browser_session, s.scope,
                s.resource, s.user_agent, s.address,
                EXISTS (SELECT 1 FROM app_clients c JOIN user_pools p ON p.user_pool_id = c.user_pool_id
                    WHERE c.user_pool_id = $1 AND c.client_id = $3 AND c.version = $4 AND p.version = $5) AS "current!",
                g.group_name AS "group_name?", g.role_arn, g.precedence,"# USER
        "FROM" SESSION_AND_OWNER
        "LEFT JOIN group_members m ON m.user_pool_id = u.user_pool_id AND m.sub = u.sub
         LEFT JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
         WHERE s.user_pool_id = $1 AND s.origin_jti = $2
         ORDER BY g.precedence NULLS LAST, g.group_name"
        }
        pool_id,
        origin_jti,
        client_id,
        versions.client,
        versions.pool
    )
    .fetch_all(db)
    .await?;
    let mut read: Option<(bool, Session, User, Vec<Membership>)> = None;
    for row in rows {
        let membership = membership_of!(row);
        if let Some((.., memberships)) = &mut read {
            memberships.extend(membership);
            continue;
        }
        let session = session_of!(row);
        let user = user_of!(row)?;
        read = Some((row.current, session, user, membership.into_iter().collect()));
    }
    Ok(read)
}

/// Replaces a session's refresh token by its successor, if the session still has this hash and generation and is not
/// revoked, and its user's row still has this version. Returns whether it did.
pub async fn rotate(
    db: &Connections,
    pool_id: &str,
    origin_jti: Uuid,
    (hash, generation, user_version): (&[u8], i32, i64),
    next: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions s SET refresh_hash = $6, refresh_generation = $4 + 1, rotated_at = $7
         FROM users u
         WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.refresh_hash = $3 AND s.refresh_generation = $4
           AND s.revoked_at IS NULL AND u.user_pool_id = $1 AND u.sub = s.sub AND u.version = $5",
        pool_id,
        origin_jti,
        hash,
        generation,
        user_version,
        next,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
