//! Devices of users, in pools that remember devices.

use sqlx::PgExecutor;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};

/// A confirmed device.
#[derive(Clone, Debug)]
pub struct Device {
    /// `<region>_<UUID>`
    pub key: String,
    /// The key of the device's group. The device's proof is computed from this key and the device's own key.
    pub group_key: String,
    pub name: Option<String>,
    /// The salt and the SRP verifier of the device's password, sealed.
    pub verifier: Vec<u8>,
    /// Whether the device is asked to prove itself at sign-ins, and may then stand in for a second factor.
    pub remembered: bool,
    pub last_address: String,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub last_used_at: OffsetDateTime,
}

/// Adds a device. Returns `false` if the device was already confirmed.
pub async fn insert(db: &mut Connection, pool_id: &str, sub: Uuid, device: &Device) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO devices
             (user_pool_id, sub, device_key, group_key, name, verifier, remembered, last_address, created_at, updated_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9) ON CONFLICT DO NOTHING",
        pool_id,
        sub,
        device.key,
        device.group_key,
        device.name,
        device.verifier,
        device.remembered,
        device.last_address,
        device.created_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Finds a device of a user.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str, sub: Uuid, key: &str) -> sqlx::Result<Option<Device>> {
    sqlx::query_as!(
        Device,
        "SELECT device_key AS key, group_key, name, verifier, remembered, last_address, created_at, updated_at, last_used_at
         FROM devices WHERE user_pool_id = $1 AND sub = $2 AND device_key = $3",
        pool_id,
        sub,
        key
    )
    .fetch_optional(db)
    .await
}

/// Lists devices of a user, ordered by key: at most `limit`, beginning after the key `after`.
pub async fn list(db: &Connections, pool_id: &str, sub: Uuid, after: &str, limit: i64) -> sqlx::Result<Vec<Device>> {
    sqlx::query_as!(
        Device,
        "SELECT device_key AS key, group_key, name, verifier, remembered, last_address, created_at, updated_at, last_used_at
         FROM devices WHERE user_pool_id = $1 AND sub = $2 AND device_key > $3 ORDER BY device_key LIMIT $4",
        pool_id,
        sub,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Counts a user's devices. The caller has locked the user's row.
pub async fn count(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM devices WHERE user_pool_id = $1 AND sub = $2"#,
        pool_id,
        sub
    )
    .fetch_one(db)
    .await
}

/// Sets whether a device is remembered. Returns `None` if there is no such device, and `false` if nothing changed.
pub async fn remember(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    key: &str,
    remembered: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT remembered <> $4 AS changes FROM devices
               WHERE user_pool_id = $1 AND sub = $2 AND device_key = $3 FOR UPDATE
           ), changed AS (
               UPDATE devices SET remembered = $4, updated_at = $5
               WHERE user_pool_id = $1 AND sub = $2 AND device_key = $3 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        sub,
        key,
        remembered,
        now
    )
    .fetch_optional(db)
    .await
}

/// Records a sign-in with a remembered device, and locks the device's row, so that the device stays remembered until
/// the transaction ends. Returns `false` if the device is not remembered any more.
pub async fn use_remembered(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    key: &str,
    address: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE devices SET last_used_at = $5, last_address = $4
         WHERE user_pool_id = $1 AND sub = $2 AND device_key = $3 AND remembered",
        pool_id,
        sub,
        key,
        address,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a device. Returns `false` if there is no such device. The caller ends the device's sessions with
/// [`super::sessions::end_of_device`].
pub async fn delete(db: &mut Connection, pool_id: &str, sub: Uuid, key: &str) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("DELETE FROM devices WHERE user_pool_id = $1 AND sub = $2 AND device_key = $3", pool_id, sub, key)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets all devices of a user. Returns `false` if there are none.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("DELETE FROM devices WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
