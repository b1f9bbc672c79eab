//! What a visit to the pages begins with, in one statement.

use uuid::Uuid;

use super::{
    Connections, Stored,
    clients::Versions,
    page_settings::Customization,
    pools::Branding,
    sessions::{Session, session_of},
    statement,
    users::{User, user_of},
};

/// What the first statement of a visit finds.
pub struct Found {
    /// The versions of the rows of the app client and of the pool.
    pub versions: Versions,
    /// What the pages of the client show.
    pub customization: Option<Customization>,
    /// The browser's session and its user, as [`super::sessions::find_live_browser`] finds them.
    pub browser: Option<(Session, User)>,
}

/// Finds what a visit through an app client begins with. `browser` is the ID of the session that the browser's cookie
/// names. Returns `None` if the pool has no such client.
///
/// This is one statement, or two if the cookie's session is not live.
pub async fn find(
    db: &Connections,
    pool_id: &str,
    client_id: &str,
    browser: Option<Uuid>,
) -> sqlx::Result<Option<Found>> {
    if let Some(origin_jti) = browser {
        let row = statement!(query() {
            r#"SELECT c.version AS client_version, p.version AS pool_version, l.id AS "look_id?",
                 l.look AS "look?: Stored<Branding>",
                 s.origin_jti, s.client_id, s.refresh_hash, s.refresh_generation, s.rotated_at, s.auth_time, s.opened_at,
                 s.expires_at, s.revoked_at, s.methods, s.device_key, s.named_device, s.browser, s.browser_session, s.scope,
                 s.resource, s.user_agent, s.address,"# USER
            "FROM" SESSION_AND_OWNER
            "JOIN app_clients c ON c.user_pool_id = $1 AND c.client_id = $2
             JOIN user_pools p ON p.user_pool_id = $1
             LEFT JOIN" LOOK "ON true
             WHERE s.user_pool_id = $1 AND s.origin_jti = $3 AND s.browser AND" LIVES
            }
            pool_id,
            client_id,
            origin_jti
        )
        .fetch_optional(db)
        .await?;
        if let Some(row) = row {
            return Ok(Some(Found {
                versions: Versions { client: row.client_version, pool: row.pool_version },
                customization: Customization::of(row.look_id, row.look),
                browser: Some((session_of!(row), user_of!(row)?)),
            }));
        }
    }
    let row = statement!(query() {
        r#"SELECT c.version AS client_version, p.version AS pool_version, l.id AS "look_id?",
             l.look AS "look?: Stored<Branding>"
           FROM app_clients c JOIN user_pools p ON p.user_pool_id = $1
           LEFT JOIN"# LOOK "ON true
         WHERE c.user_pool_id = $1 AND c.client_id = $2"
        }
        pool_id,
        client_id
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        versions: Versions { client: row.client_version, pool: row.pool_version },
        customization: Customization::of(row.look_id, row.look),
        browser: None,
    }))
}
