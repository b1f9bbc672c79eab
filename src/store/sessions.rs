//! Sign-in sessions, to which access, ID and refresh tokens belong.

use serde::Deserialize;
use time::{OffsetDateTime, serde::rfc3339};
use uuid::Uuid;

use super::{
    Connection, Connections, statement, unknown_text,
    users::{User, user_of},
};
use crate::random;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    pub origin_jti: Uuid,
    pub sub: Uuid,
    pub client_id: String,
    pub refresh_hash: Vec<u8>,
    pub refresh_generation: i32,
    pub rotated_at: Option<OffsetDateTime>,
    pub auth_time: OffsetDateTime,
    /// When the session was opened, if that was not at `auth_time`.
    pub opened_at: Option<OffsetDateTime>,
    pub expires_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
    /// The values of the `amr` claim, separated by spaces.
    pub methods: String,
    /// The device key in the session's tokens, in pools that remember devices: that of the device which proved itself
    /// at the sign-in, or a new key that the client may confirm.
    pub device_key: Option<String>,
    /// The device whose key the client sent with the sign-in, if that device did not have to prove itself.
    pub named_device: Option<String>,
    /// Whether this is a browser's session on the sign-in pages. If so, `refresh_hash` is the hash of the browser's
    /// cookie.
    pub browser: bool,
    /// The browser's session through which an OAuth client got this session.
    pub browser_session: Option<Uuid>,
    /// The scopes that were granted to an OAuth client, separated by spaces; `None` for a sign-in through the API.
    pub scope: Option<String>,
    /// The resource server that access tokens are for.
    pub resource: Option<String>,
    /// The `User-Agent` that signed in, and its address, unless a server signed the user in.
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// What opened a session.
#[derive(Clone, Debug)]
pub enum OpenedWith {
    Password,
    /// The credential ID.
    Passkey(Vec<u8>),
    /// A code that was sent for the sign-in.
    Otp,
    /// A code that confirmed the user's sign-up just before.
    SignUp,
    /// Custom challenges, which the pool's triggers define.
    Custom,
}

impl OpenedWith {
    /// Returns what the database stores: the method and, for a passkey, the credential ID.
    fn parts(&self) -> (&'static str, Option<&[u8]>) {
        match self {
            Self::Password => ("password", None),
            Self::Passkey(id) => ("passkey", Some(id.as_slice())),
            Self::Otp => ("otp", None),
            Self::SignUp => ("sign_up", None),
            Self::Custom => ("custom", None),
        }
    }

    fn parse(method: &str, credential_id: Option<Vec<u8>>) -> Option<Self> {
        Some(match (method, credential_id) {
            ("password", None) => Self::Password,
            ("passkey", Some(id)) => Self::Passkey(id),
            ("otp", None) => Self::Otp,
            ("sign_up", None) => Self::SignUp,
            ("custom", None) => Self::Custom,
            _ => return None,
        })
    }
}

/// Opens a session. The caller has locked the user's row.
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    session: &Session,
    opened_with: &OpenedWith,
) -> sqlx::Result<()> {
    let (method, credential_id) = opened_with.parts();
    sqlx::query!(
        "INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, credential_id, refresh_hash, auth_time,
             expires_at, methods, device_key, browser, browser_session, scope, resource, named_device, opened_at, user_agent,
             address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        pool_id,
        session.origin_jti,
        session.sub,
        session.client_id,
        method,
        credential_id,
        session.refresh_hash,
        session.auth_time,
        session.expires_at,
        session.methods,
        session.device_key,
        session.browser,
        session.browser_session,
        session.scope,
        session.resource,
        session.named_device,
        session.opened_at,
        session.user_agent,
        session.address
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the session is live, and its user is enabled and needs no password reset. If so, nobody can revoke the
/// session before the transaction ends. The time at which the session expires is not checked.
pub async fn lock_live(db: &mut Connection, pool_id: &str, sub: Uuid, origin_jti: Uuid) -> sqlx::Result<bool> {
    let live = statement!(query_scalar() {
        r#"SELECT 1 AS "live!" FROM"# SESSION_AND_OWNER
        "WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.sub IS NOT DISTINCT FROM $3 AND" LIVES "FOR SHARE OF s"
        }
        pool_id,
        origin_jti,
        sub
    );
    Ok(live.fetch_optional(db).await?.is_some())
}

/// Locks a session for a change, and returns the session. Sessions of a deleted app client are not found, because they
/// ended with the client.
pub async fn lock(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        "SELECT origin_jti, sub, client_id, refresh_hash, refresh_generation, rotated_at, auth_time, opened_at, expires_at,
                revoked_at, methods, device_key, named_device, browser, browser_session, scope, resource, user_agent, address
         FROM sessions s WHERE user_pool_id = $1 AND origin_jti = $2
           AND EXISTS (SELECT 1 FROM app_clients WHERE user_pool_id = $1 AND client_id = s.client_id) FOR UPDATE OF s",
        pool_id,
        origin_jti
    )
    .fetch_optional(db)
    .await
}

/// The session of a row that has a session's columns and those of its user (`USER`).
macro_rules! session_of {
    ($row:ident) => {
        $crate::store::sessions::Session {
            origin_jti: $row.origin_jti,
            sub: $row.sub,
            client_id: $row.client_id,
            refresh_hash: $row.refresh_hash,
            refresh_generation: $row.refresh_generation,
            rotated_at: $row.rotated_at,
            auth_time: $row.auth_time,
            opened_at: $row.opened_at,
            expires_at: $row.expires_at,
            revoked_at: $row.revoked_at,
            methods: $row.methods,
            device_key: $row.device_key,
            named_device: $row.named_device,
            browser: $row.browser,
            browser_session: $row.browser_session,
            scope: $row.scope,
            resource: $row.resource,
            user_agent: $row.user_agent,
            address: $row.address,
        }
    };
}

pub(super) use session_of;

/// Finds a browser's session and its user, if the session is live and the user is enabled and needs no password reset.
/// The time at which the session expires is not checked.
pub async fn find_live_browser(
    db: &mut Connection,
    pool_id: &str,
    origin_jti: Uuid,
) -> sqlx::Result<Option<(Session, User)>> {
    let row = statement!(query() {
        "SELECT s.origin_jti, s.client_id, s.refresh_hash, s.refresh_generation, s.rotated_at, s.auth_time, s.opened_at,
             s.expires_at, s.revoked_at, s.methods, s.device_key, s.named_device, s.browser, s.browser_session, s.scope,
             s.resource, s.user_agent, s.address," USER
        "FROM" SESSION_AND_OWNER
        "WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.browser AND" LIVES
        }
        pool_id,
        origin_jti
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let session = session_of!(row);
    let user = user_of!(row)?;
    Ok(Some((session, user)))
}

/// Finds a browser's session without locking it. [`super::users::find_live`] finds out whether the session is live.
pub async fn find_browser(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        "SELECT origin_jti, sub, client_id, refresh_hash, refresh_generation, rotated_at, auth_time, opened_at, expires_at,
                revoked_at, methods, device_key, named_device, browser, browser_session, scope, resource, user_agent, address
         FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2 AND browser",
        pool_id,
        origin_jti
    )
    .fetch_optional(db)
    .await
}

/// Returns what opened a session. The caller has locked the session.
pub async fn opened_with(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<OpenedWith>> {
    let row = sqlx::query!(
        "SELECT opened_with, credential_id FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2",
        pool_id,
        origin_jti
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
    let unknown = || unknown_text("sessions.opened_with", origin_jti, &row.opened_with);
    OpenedWith::parse(&row.opened_with, row.credential_id).ok_or_else(unknown).map(Some)
}

/// Ends a browser's session and all sessions that were opened through it. The browser's session is the given session
/// itself if that is a browser's. Otherwise it is the one through which the given session was opened, if any.
pub async fn revoke_associated(
    db: &mut Connection,
    pool_id: &str,
    origin_jti: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH browser AS (
             SELECT CASE WHEN browser THEN origin_jti ELSE browser_session END AS id
             FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2
         )
         UPDATE sessions s SET revoked_at = $3 FROM browser b
         WHERE s.user_pool_id = $1 AND (s.origin_jti = b.id OR s.browser_session = b.id) AND s.revoked_at IS NULL",
        pool_id,
        origin_jti,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the subject of a session's user, without locking the session.
pub async fn find_sub(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT sub FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2", pool_id, origin_jti)
        .fetch_optional(db)
        .await
}

/// Returns when the user of a session signed in. This time never changes.
pub async fn auth_time(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<OffsetDateTime>> {
    let found = sqlx::query_scalar!(
        "SELECT auth_time FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2",
        pool_id,
        origin_jti
    );
    found.fetch_optional(db).await
}

/// Returns the device key of a session. It changes only when the device is forgotten ([`end_of_device`]).
pub async fn device_key(db: &mut Connection, pool_id: &str, origin_jti: Uuid) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(
        "SELECT device_key FROM sessions WHERE user_pool_id = $1 AND origin_jti = $2",
        pool_id,
        origin_jti
    );
    Ok(found.fetch_optional(db).await?.flatten())
}

/// Stores the hash of a locked session's next refresh token.
pub async fn update_refresh(
    db: &mut Connection,
    pool_id: &str,
    origin_jti: Uuid,
    hash: &[u8],
    generation: i32,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET refresh_hash = $3, refresh_generation = $4, rotated_at = $5 WHERE user_pool_id = $1 AND origin_jti = $2",
        pool_id,
        origin_jti,
        hash,
        generation,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a session. Returns `false` if there is none, or if it has already ended.
pub async fn revoke(db: &mut Connection, pool_id: &str, origin_jti: Uuid, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $3 WHERE user_pool_id = $1 AND origin_jti = $2 AND revoked_at IS NULL",
        pool_id,
        origin_jti,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends one session of a user whose row the caller has locked. Returns `false` if the session has ended or expired, or
/// is another user's.
pub async fn revoke_of_user(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    origin_jti: Uuid,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $4
         WHERE user_pool_id = $1 AND origin_jti = $2 AND sub = $3 AND revoked_at IS NULL AND expires_at > $4",
        pool_id,
        origin_jti,
        sub,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A live session.
#[derive(Debug, Deserialize)]
pub struct LiveSession {
    pub origin_jti: Uuid,
    pub client_id: String,
    pub client_name: String,
    #[serde(with = "rfc3339")]
    pub auth_time: OffsetDateTime,
    #[serde(with = "rfc3339::option")]
    pub rotated_at: Option<OffsetDateTime>,
    pub browser: bool,
    /// The values of the `amr` claim, separated by spaces.
    pub methods: String,
    /// When the session is known to have been used last: when its refresh token was replaced, or when an application
    /// opened a session through it. `None` if it is not known to have been used since it was opened.
    #[serde(with = "rfc3339::option")]
    pub used_at: Option<OffsetDateTime>,
    /// See [`Session::user_agent`].
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// Lists live sessions of a user, ordered by the time of the sign-in and then by ID, newest first: at most `limit`,
/// beginning after `after`.
pub async fn list_live(
    db: &Connections,
    pool_id: &str,
    sub: Uuid,
    after: Option<(OffsetDateTime, Uuid)>,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<LiveSession>> {
    let (after_time, after_id) = after.unzip();
    statement!(query_as(LiveSession) { LIVE_SESSIONS }
        pool_id,
        sub,
        now,
        after_time,
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Ends all sessions of a user whose row the caller has locked, apart from `except`. Returns `false` if there was no
/// session to end.
pub async fn revoke_all(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    except: Option<Uuid>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $4
         WHERE user_pool_id = $1 AND sub = $2 AND revoked_at IS NULL AND origin_jti IS DISTINCT FROM $3",
        pool_id,
        sub,
        except,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a user that have a device as their `device_key` or `named_device`. The caller has locked the
/// user's row.
///
/// If the session `stays` has the device, it does not end now but at the given time, by which its access tokens have
/// expired. It loses the device, and its refresh token is replaced by one that nobody has.
pub async fn end_of_device(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    device_key: &str,
    stays: Option<(Uuid, OffsetDateTime)>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (stays, until) = stays.unzip();
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $5
         WHERE user_pool_id = $1 AND sub = $2 AND (device_key = $3 OR named_device = $3) AND revoked_at IS NULL
           AND origin_jti IS DISTINCT FROM $4",
        pool_id,
        sub,
        device_key,
        stays,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE sessions SET device_key = NULL, named_device = NULL, refresh_hash = $6, expires_at = least(expires_at, $5)
         WHERE user_pool_id = $1 AND sub = $2 AND (device_key = $3 OR named_device = $3) AND origin_jti = $4",
        pool_id,
        sub,
        device_key,
        stays,
        until,
        &random::bytes::<32>()[..]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes all sessions of a user whose row the caller has locked.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM sessions WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(db).await?;
    Ok(())
}

/// A user who has more sessions than the limits allow.
#[derive(Debug)]
pub struct Over {
    pub sub: Uuid,
    /// The most sessions with tokens that the pool allows, if it limits them.
    pub tokens: Option<i64>,
}

/// Returns the users among these who have too many sessions: more than `most` live ones, more than `most` ended or
/// expired ones, or more live ones with tokens than the pool allows. For each user, this reads about as many sessions
/// as the limits allow, however many the user has.
pub async fn over_limits(
    db: &Connections,
    pool_id: &str,
    subs: &[Uuid],
    most: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Over>> {
    sqlx::query_as!(
        Over,
        r#"SELECT a.sub AS "sub!", CASE WHEN p.session_tracking THEN p.token_sessions_per_user END::bigint AS tokens
           FROM user_pools p, unnest((SELECT $2::uuid[])) AS a (sub)
           WHERE p.user_pool_id = $1 AND (
               EXISTS (SELECT 1 FROM sessions s WHERE s.user_pool_id = $1 AND s.sub = a.sub AND s.revoked_at IS NULL
                           AND s.expires_at > $4
                       ORDER BY coalesce(s.opened_at, s.auth_time) DESC, s.origin_jti DESC OFFSET $3)
               OR EXISTS (SELECT 1 FROM sessions s WHERE s.user_pool_id = $1 AND s.sub = a.sub
                              AND (s.revoked_at IS NOT NULL OR s.expires_at <= $4) OFFSET $3)
               OR (p.session_tracking
                   AND EXISTS (SELECT 1 FROM sessions s WHERE s.user_pool_id = $1 AND s.sub = a.sub AND s.revoked_at IS NULL
                                   AND NOT s.browser AND s.expires_at > $4
                               ORDER BY coalesce(s.opened_at, s.auth_time) DESC, s.origin_jti DESC
                               OFFSET p.token_sessions_per_user)))"#,
        pool_id,
        subs,
        most,
        now
    )
    .fetch_all(db)
    .await
}

/// Removes the oldest live sessions of a user whose row the caller has locked, at most `limit`. The newest `keep`
/// sessions stay, and so does `own`. If `tokens` is true, only sessions with tokens are counted and removed.
pub async fn delete_oldest(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    (keep, limit): (i64, i64),
    own: Option<Uuid>,
    (tokens, now): (bool, OffsetDateTime),
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "WITH last AS MATERIALIZED (
             SELECT coalesce(opened_at, auth_time) AS at, origin_jti FROM sessions
             WHERE user_pool_id = $1 AND sub = $2 AND revoked_at IS NULL AND expires_at > $6 AND NOT ($7 AND browser)
             ORDER BY coalesce(opened_at, auth_time) DESC, origin_jti DESC OFFSET $3 LIMIT 1
         ), old AS MATERIALIZED (
             SELECT s.origin_jti FROM sessions s
             WHERE s.user_pool_id = $1 AND s.sub = $2 AND s.revoked_at IS NULL AND s.origin_jti IS DISTINCT FROM $4
               AND s.expires_at > $6 AND NOT ($7 AND s.browser)
               AND (coalesce(s.opened_at, s.auth_time), s.origin_jti)
                   <= ((SELECT at FROM last), (SELECT origin_jti FROM last))
             ORDER BY coalesce(s.opened_at, s.auth_time), s.origin_jti LIMIT $5
         )
         DELETE FROM sessions s USING old o WHERE s.user_pool_id = $1 AND s.origin_jti = o.origin_jti",
        pool_id,
        sub,
        keep,
        own,
        limit,
        now,
        tokens
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Removes ended and expired sessions of a user, at most `limit`; `keep` of them stay. This also reads the user's live
/// sessions, but they are few.
pub async fn delete_ended(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    (keep, limit): (i64, i64),
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "WITH ended AS MATERIALIZED (
             SELECT origin_jti FROM sessions WHERE user_pool_id = $1 AND sub = $2
               AND (revoked_at IS NOT NULL OR expires_at <= $5) OFFSET $3 LIMIT $4
         )
         DELETE FROM sessions s USING ended e WHERE s.user_pool_id = $1 AND s.origin_jti = e.origin_jti",
        pool_id,
        sub,
        keep,
        limit,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A user, as a position in the list of all sessions, which is ordered by pool and user.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub pool_id: String,
    pub sub: Uuid,
}

/// Reads the next `page` sessions after a position, ordered by pool and user. Sessions that were ended are left out.
///
/// Returns the users who seem to have more sessions than the limits allow. In addition, it always returns the last user
/// on the page, because perhaps not all of that user's sessions are on it. An empty result means that there are no more
/// sessions.
pub async fn scan(db: &mut Connection, after: &Place, page: i64, most: i64) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"WITH page AS MATERIALIZED (
               SELECT user_pool_id, sub FROM sessions
               WHERE (user_pool_id, sub) > ($1, $2) AND revoked_at IS NULL ORDER BY user_pool_id, sub LIMIT $3
           ), seen AS (
               SELECT user_pool_id, sub, count(*) AS sessions, row_number() OVER (ORDER BY user_pool_id DESC, sub DESC) = 1 AS last
               FROM page GROUP BY user_pool_id, sub
           )
           SELECT s.user_pool_id AS "pool_id!", s.sub AS "sub!" FROM seen s
           LEFT JOIN user_pools p ON p.user_pool_id = s.user_pool_id
           WHERE s.last OR s.sessions > CASE WHEN p.session_tracking THEN least(p.token_sessions_per_user::bigint, $4::bigint) ELSE $4::bigint END
           ORDER BY 1, 2"#,
        after.pool_id,
        after.sub,
        page,
        most
    )
    .fetch_all(db)
    .await
}

/// Reads the next `page` sessions of a pool after the ID `after`, and removes those of the given client that no other
/// transaction has locked. Returns how many were removed, and the ID of the last session read (`None` if there are no
/// more).
pub async fn delete_of_client(
    db: &mut Connection,
    pool_id: &str,
    client_id: &str,
    after: Uuid,
    page: i64,
) -> sqlx::Result<(u64, Option<Uuid>)> {
    let row = sqlx::query!(
        r#"WITH page AS MATERIALIZED (
               SELECT origin_jti, client_id FROM sessions
               WHERE user_pool_id = $1 AND origin_jti > $3 ORDER BY origin_jti LIMIT $4
           ), own AS MATERIALIZED (
               SELECT s.origin_jti FROM sessions s JOIN page p ON p.origin_jti = s.origin_jti
               WHERE s.user_pool_id = $1 AND p.client_id = $2 FOR UPDATE OF s SKIP LOCKED
           ), deleted AS (
               DELETE FROM sessions s USING own o WHERE s.user_pool_id = $1 AND s.origin_jti = o.origin_jti
               RETURNING s.origin_jti
           )
           SELECT (SELECT count(*) FROM deleted) AS "deleted!", (SELECT origin_jti FROM page ORDER BY origin_jti DESC LIMIT 1) AS last"#,
        pool_id,
        client_id,
        after,
        page
    )
    .fetch_one(db)
    .await?;
    Ok((row.deleted.unsigned_abs(), row.last))
}
