//! Users.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{Postgres, QueryBuilder, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections, Stored, clients::Versions, statement, unknown_text};
use crate::factor::SecondFactor;

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    pub sub: Uuid,
    pub username: String,
    pub status: Status,
    pub enabled: bool,
    /// Attribute values by name. All values are strings. `sub` is not among them.
    pub attributes: Map<String, Value>,
    /// The argon2id hash, as a PHC string. To keep it out of the log, never log a user.
    pub password_hash: Option<String>,
    pub password_set_at: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub mfa: Mfa,
    /// The version of the row, which is another after each update.
    pub version: i64,
}

/// The second factors that a user has switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mfa {
    pub enabled: Vec<SecondFactor>,
    /// One of `enabled`.
    pub preferred: Option<SecondFactor>,
    /// Whether a passkey that verifies its user counts as both factors.
    pub passkey: bool,
}

impl Mfa {
    /// Switches a second factor off.
    pub fn switch_off(&mut self, method: SecondFactor) {
        self.enabled.retain(|one| *one != method);
        if self.preferred == Some(method) {
            self.preferred = None;
        }
    }
}

/// `UserStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Unconfirmed,
    Confirmed,
    ResetRequired,
    ForceChangePassword,
}

impl Status {
    /// Returns the status as the API and the database write it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Unconfirmed, Self::Confirmed, Self::ResetRequired, Self::ForceChangePassword]
            .into_iter()
            .find(|status| status.text() == text)
    }
}

/// What is stored for a password.
pub struct Password {
    /// The hash: a PHC string, or a hash of bcrypt from an import.
    pub hash: String,
    /// The salt and the SRP verifier of the password, sealed.
    pub srp_verifier: Option<Vec<u8>>,
}

/// The types of the JSON columns. Their names are short because they are part of column aliases, and PostgreSQL allows
/// an alias only 63 bytes.
pub(super) type Attributes = Json<Map<String, Value>>;
pub(super) type StoredMfa = Stored<Mfa>;

/// A user as the database stores it.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) sub: Uuid,
    pub(super) username: String,
    pub(super) status: String,
    pub(super) enabled: bool,
    pub(super) attributes: Attributes,
    pub(super) password_hash: Option<String>,
    pub(super) password_set_at: Option<OffsetDateTime>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) mfa: StoredMfa,
    pub(super) version: i64,
}

impl TryFrom<Row> for User {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let status = Status::parse(&row.status).ok_or_else(|| unknown_text("users.status", row.sub, &row.status))?;
        Ok(Self {
            sub: row.sub,
            username: row.username,
            status,
            enabled: row.enabled,
            attributes: row.attributes.0,
            password_hash: row.password_hash,
            password_set_at: row.password_set_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            mfa: row.mfa.read("users.mfa", row.sub)?,
            version: row.version,
        })
    }
}

/// The user of a row with the columns of `USER`.
macro_rules! user_of {
    ($row:ident) => {
        $crate::store::users::User::try_from($crate::store::users::Row {
            sub: $row.sub,
            username: $row.username,
            status: $row.status,
            enabled: $row.enabled,
            attributes: $row.attributes,
            password_hash: $row.password_hash,
            password_set_at: $row.password_set_at,
            created_at: $row.created_at,
            updated_at: $row.updated_at,
            mfa: $row.mfa,
            version: $row.version,
        })
    };
}

pub(super) use user_of;

/// An entry in a list of users.
pub struct Listed {
    pub sub: Uuid,
    /// `None` if this release does not understand the user's row. The entry is in the list nevertheless, because a list
    /// with fewer entries than requested would look like the last page.
    pub user: Option<User>,
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        let sub = row.sub;
        let user = User::try_from(row).inspect_err(|cause| tracing::error!(%cause, "left out of a list")).ok();
        Self { sub, user }
    }
}

/// Finds the user with the username `username_key`, given in the form in which usernames are compared. If no user has
/// this username, finds the user with this subject (if the string is a UUID), and otherwise the user with this alias.
pub async fn find(db: &Connections, pool_id: &str, username_key: &str) -> sqlx::Result<Option<User>> {
    let row = statement!(query_as(Row) {
        "SELECT" USER
        "FROM (
             SELECT 1 AS rank, * FROM users WHERE user_pool_id = $1 AND username_key = $2
             UNION ALL
             SELECT 2, * FROM users WHERE user_pool_id = $1 AND sub = $3
             UNION ALL
             SELECT 3, u.* FROM user_aliases a JOIN users u ON u.user_pool_id = a.user_pool_id AND u.sub = a.sub
             WHERE a.user_pool_id = $1 AND a.value = $2
         ) AS u
         ORDER BY u.rank LIMIT 1"
        }
        pool_id,
        username_key,
        Uuid::try_parse(username_key).ok()
    )
    .fetch_optional(db)
    .await?;
    row.map(User::try_from).transpose()
}

/// Finds the user with this subject.
pub async fn find_by_sub(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<User>> {
    let row = statement!(query_as(Row) { "SELECT" USER "FROM users u WHERE u.user_pool_id = $1 AND u.sub = $2" }
        pool_id,
        sub
    )
    .fetch_optional(db)
    .await?;
    row.map(User::try_from).transpose()
}

/// Finds the user of a session, if the session is live and the user is enabled and needs no password reset. The time at
/// which the session expires is not checked.
pub async fn find_live(db: &mut Connection, pool_id: &str, sub: Uuid, origin_jti: Uuid) -> sqlx::Result<Option<User>> {
    let row = statement!(query_as(Row) {
        "SELECT" USER "FROM" SESSION_AND_OWNER
        "WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.sub IS NOT DISTINCT FROM $3 AND" LIVES
        }
        pool_id,
        origin_jti,
        sub
    )
    .fetch_optional(db)
    .await?;
    row.map(User::try_from).transpose()
}

/// Like [`find_live`]; also returns the versions of the rows of the session's app client and of the pool.
pub async fn find_live_with_versions(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    origin_jti: Uuid,
) -> sqlx::Result<Option<(User, Versions)>> {
    let row = statement!(query() {
        r#"SELECT o.version AS client_version, p.version AS pool_version,"# USER
        "FROM" SESSION_AND_OWNER
        "JOIN user_pools p ON p.user_pool_id = s.user_pool_id
         WHERE s.user_pool_id = $1 AND s.origin_jti = $2 AND s.sub IS NOT DISTINCT FROM $3 AND" LIVES
        }
        pool_id,
        origin_jti,
        sub
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let versions = Versions { client: row.client_version, pool: row.pool_version };
    let user = user_of!(row)?;
    Ok(Some((user, versions)))
}

/// Protects a user's row from every change until the transaction ends (`FOR SHARE`), and returns the user. This is for
/// sign-ins. Several sign-ins can hold this lock at the same time. Until they end, the user cannot be disabled or
/// deleted and cannot get another password.
pub async fn lock_shared(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<User>> {
    let row =
        statement!(query_as(Row) { "SELECT" USER "FROM users u WHERE u.user_pool_id = $1 AND u.sub = $2 FOR SHARE" }
            pool_id,
            sub
        )
        .fetch_optional(db)
        .await?;
    row.map(User::try_from).transpose()
}

/// Locks a user for a change of the user or of what belongs to the user, and returns the user. Only one transaction at
/// a time has this lock. A transaction that takes it must take it before the other locks that [`crate::store`] lists.
pub async fn lock(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<User>> {
    let row =
        statement!(query_as(Row) { "SELECT" USER "FROM users u WHERE u.user_pool_id = $1 AND u.sub = $2 FOR UPDATE" }
            pool_id,
            sub
        )
        .fetch_optional(db)
        .await?;
    row.map(User::try_from).transpose()
}

/// Adds a user. Returns `false` if the username is taken.
pub async fn insert(
    db: &mut Connection,
    pool_id: &str,
    username_key: &str,
    user: &User,
    srp_verifier: Option<&[u8]>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO users (user_pool_id, sub, username, username_key, status, enabled, attributes, password_hash,
                            password_set_at, created_at, updated_at, srp_verifier)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
         ON CONFLICT (user_pool_id, username_key) DO NOTHING",
        pool_id,
        user.sub,
        user.username,
        username_key,
        user.status.text(),
        user.enabled,
        Json(&user.attributes) as _,
        user.password_hash,
        user.password_set_at,
        user.created_at,
        srp_verifier
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a password's hash by another hash of the same password, unless the password has changed meanwhile.
pub async fn replace_hash(db: &Connections, pool_id: &str, sub: Uuid, old: &str, new: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET password_hash = $4 WHERE user_pool_id = $1 AND sub = $2 AND password_hash = $3",
        pool_id,
        sub,
        old,
        new
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the sealed SRP verifier of a user's password, if there is one.
pub async fn srp_verifier(db: &Connections, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<Vec<u8>>> {
    let found =
        sqlx::query_scalar!("SELECT srp_verifier FROM users WHERE user_pool_id = $1 AND sub = $2", pool_id, sub);
    Ok(found.fetch_optional(db).await?.flatten())
}

/// Whether the user exists and has no SRP verifier.
pub async fn lacks_verifier(db: &Connections, pool_id: &str, sub: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM users WHERE user_pool_id = $1 AND sub = $2 AND srp_verifier IS NULL) AS "lacks!""#,
        pool_id,
        sub
    )
    .fetch_one(db)
    .await
}

/// Adds the SRP verifier of a password, unless the password has changed meanwhile.
pub async fn add_verifier(db: &Connections, pool_id: &str, sub: Uuid, hash: &str, verifier: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET srp_verifier = $4 WHERE user_pool_id = $1 AND sub = $2 AND password_hash = $3",
        pool_id,
        sub,
        hash,
        verifier
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets a password and the status that goes with it. A code that was sent for choosing a new password becomes void.
/// `remembered` is how many previous passwords are kept, because the pool does not allow users to choose them again.
pub async fn update_password(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    password: &Password,
    status: Status,
    remembered: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    remember_password(db, pool_id, sub, remembered, now).await?;
    sqlx::query!(
        "UPDATE users SET password_hash = $3, srp_verifier = $6, password_set_at = $5, status = $4, updated_at = $5
         WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        password.hash,
        status.text(),
        now,
        password.srp_verifier
    )
    .execute(&mut *db)
    .await?;
    super::codes::delete(db, pool_id, sub, "forgot_password").await
}

/// Adds the present password of a locked user to the password history, and removes the oldest entries beyond
/// `remembered`.
async fn remember_password(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    remembered: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO password_history (user_pool_id, sub, set_at, password_hash)
         SELECT user_pool_id, sub, coalesce(password_set_at, $3), password_hash FROM users
         WHERE user_pool_id = $1 AND sub = $2 AND password_hash IS NOT NULL AND $4::bigint > 0
         ON CONFLICT (user_pool_id, sub, set_at) DO UPDATE SET password_hash = excluded.password_hash",
        pool_id,
        sub,
        now,
        remembered
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM password_history WHERE user_pool_id = $1 AND sub = $2 AND set_at NOT IN (
             SELECT set_at FROM password_history WHERE user_pool_id = $1 AND sub = $2 ORDER BY set_at DESC LIMIT $3)",
        pool_id,
        sub,
        remembered
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the hashes of a user's passwords: the present one, then those of the history, newest first. At most `limit`.
pub async fn password_hashes(db: &Connections, pool_id: &str, sub: Uuid, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT password_hash AS "password_hash!" FROM (
               SELECT 1 AS rank, password_set_at AS set_at, password_hash FROM users
               WHERE user_pool_id = $1 AND sub = $2 AND password_hash IS NOT NULL
               UNION ALL
               SELECT 2, set_at, password_hash FROM password_history WHERE user_pool_id = $1 AND sub = $2
           ) AS passwords
           ORDER BY rank, set_at DESC LIMIT $3"#,
        pool_id,
        sub,
        limit
    )
    .fetch_all(db)
    .await
}

/// Replaces a user's attributes.
pub async fn update_attributes(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    attributes: &Map<String, Value>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET attributes = $3, updated_at = $4 WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        Json(attributes) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the time of a user's last change, because something changed that belongs to the user but is in another table.
pub async fn touch(db: &mut Connection, pool_id: &str, sub: Uuid, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET updated_at = $3 WHERE user_pool_id = $1 AND sub = $2", pool_id, sub, now)
        .execute(db)
        .await?;
    Ok(())
}

/// Replaces a user's second factors.
pub async fn update_mfa(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    mfa: &Mfa,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET mfa = $3, updated_at = $4 WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        Json(mfa) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Enables or disables a user. A code that was sent for choosing a new password becomes void.
pub async fn update_enabled(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    enabled: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET enabled = $3, updated_at = $4 WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        enabled,
        now
    )
    .execute(&mut *db)
    .await?;
    super::codes::delete(db, pool_id, sub, "forgot_password").await
}

/// Confirms an unconfirmed user. Returns `false` if the user has another status.
pub async fn confirm(db: &mut Connection, pool_id: &str, sub: Uuid, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE users SET status = 'CONFIRMED', sign_up_browser = NULL, updated_at = $3
         WHERE user_pool_id = $1 AND sub = $2 AND status = 'UNCONFIRMED'",
        pool_id,
        sub,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records the browser in which an unconfirmed user signed up on the pages.
pub async fn signed_up_in(db: &mut Connection, pool_id: &str, sub: Uuid, browser: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET sign_up_browser = $3 WHERE user_pool_id = $1 AND sub = $2 AND status = 'UNCONFIRMED'",
        pool_id,
        sub,
        browser
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records that somebody signed up on the pages again with the name of an unconfirmed user. It may be another person,
/// with another password.
pub async fn signed_up_again(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET sign_up_browser = '' WHERE user_pool_id = $1 AND sub = $2 AND status = 'UNCONFIRMED'",
        pool_id,
        sub
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the browser in which an unconfirmed user signed up on the pages.
///
/// The result is an empty string if somebody has signed up again with the user's name ([`signed_up_again`]). It is
/// `None` if nobody has signed up with the name on the pages, or if [`confirm`] has confirmed the user.
pub async fn sign_up_browser(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<String>> {
    let found =
        sqlx::query_scalar!("SELECT sign_up_browser FROM users WHERE user_pool_id = $1 AND sub = $2", pool_id, sub);
    Ok(found.fetch_optional(db).await?.flatten())
}

/// Sets a user's status.
pub async fn update_status(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    status: Status,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET status = $3, updated_at = $4 WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        status.text(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the row of a locked user whose sessions and passkeys are already gone. Also removes the user's other names,
/// codes, authenticator app and group memberships. Foreign keys remove devices, previous passwords, authentication
/// events and authorization codes.
pub async fn delete(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM user_aliases WHERE user_pool_id = $1 AND sub = $2", pool_id, sub)
        .execute(&mut *db)
        .await?;
    super::codes::delete_all(db, pool_id, sub).await?;
    super::software_tokens::delete(db, pool_id, sub).await?;
    sqlx::query!("DELETE FROM group_members WHERE user_pool_id = $1 AND sub = $2", pool_id, sub)
        .execute(&mut *db)
        .await?;
    sqlx::query!("DELETE FROM users WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(db).await?;
    Ok(())
}

/// Counts the users of a pool, up to 10 000, which bounds the work.
pub async fn estimate(db: &Connections, pool_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT 1 FROM users WHERE user_pool_id = $1 LIMIT 10000) AS counted"#,
        pool_id
    )
    .fetch_one(db)
    .await
}

/// A filter of ListUsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub field: Field,
    /// Whether the operator is `^=` (starts with) rather than `=`.
    pub prefix: bool,
    pub value: String,
}

/// What ListUsers can filter by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Username,
    Sub,
    /// `cognito:user_status`
    UserStatus,
    /// `status`: `Enabled` or `Disabled`
    Enabled,
    /// `email`, `phone_number`, `name`, `given_name`, `family_name` or `preferred_username`
    Attribute(&'static str),
}

/// Lists users that fit the filter, ordered by subject: at most `limit`, beginning after the subject `after`.
pub async fn list(
    db: &Connections,
    pool_id: &str,
    filter: Option<&Filter>,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Listed>> {
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT sub, username, status, enabled, attributes, password_hash, password_set_at, created_at, updated_at, mfa,
         version
         FROM users WHERE user_pool_id = ",
    );
    query.push_bind(pool_id).push(" AND sub > ").push_bind(after);
    if let Some(filter) = filter {
        // Only these fixed strings become part of the SQL. The caller's value is bound as a parameter.
        query.push(" AND ").push(match &filter.field {
            Field::Username => "username_key",
            Field::Sub => "sub::text",
            Field::UserStatus => "status",
            Field::Enabled => "CASE WHEN enabled THEN 'Enabled' ELSE 'Disabled' END",
            Field::Attribute("email") => "(attributes ->> 'email')",
            Field::Attribute("phone_number") => "(attributes ->> 'phone_number')",
            Field::Attribute("preferred_username") => "(attributes ->> 'preferred_username')",
            Field::Attribute("name") => "(attributes ->> 'name')",
            Field::Attribute("given_name") => "(attributes ->> 'given_name')",
            Field::Attribute(_) => "(attributes ->> 'family_name')",
        });
        if filter.prefix {
            query.push(" LIKE ").push_bind(like_prefix(&filter.value));
        } else {
            query.push(" = ").push_bind(&filter.value);
        }
    }
    query.push(" ORDER BY sub LIMIT ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(db).await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// Returns the LIKE pattern for strings that start with `value`.
fn like_prefix(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len() + 1);
    for c in value.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
