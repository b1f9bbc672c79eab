//! Operators' key pairs. The secrets are sealed in the database.

use time::OffsetDateTime;

use super::Connections;
use crate::{
    error::{Error, Result},
    role::Role,
    sealing::SealingKey,
    secret::Secret,
};

/// The `user_pool_id` of operators who may work on every pool.
pub const EVERY_POOL: &str = "*";

/// An operator's key pair.
pub struct Operator {
    pub secret_access_key: Secret,
    pub role: Role,
    /// The only pool that the operator may work on; `None` if the operator may work on every pool.
    pub pool_id: Option<String>,
}

fn context(access_key_id: &str) -> String {
    format!("operators.secret_access_key {access_key_id}")
}

/// Finds the key pair with this access key ID.
pub async fn find(db: &Connections, sealing: &SealingKey, access_key_id: &str) -> Result<Option<Operator>> {
    let row = sqlx::query!(
        "SELECT user_pool_id, secret_access_key, role FROM operators WHERE access_key_id = $1",
        access_key_id
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let secret = sealing.open(&context(access_key_id), &row.secret_access_key).map_err(Error::internal)?;
    Ok(Some(Operator {
        secret_access_key: String::from_utf8(secret).map_err(Error::internal)?.into(),
        role: Role::parse(&row.role).ok_or_else(|| Error::internal(format!("operator role {}", row.role)))?,
        pool_id: (row.user_pool_id != EVERY_POOL).then_some(row.user_pool_id),
    }))
}

/// Fails if the sealing key is not the one that sealed the operators' secrets. Tries to open one of them, if there is
/// any.
pub async fn check_sealing(db: &Connections, sealing: &SealingKey) -> Result<()> {
    let row = sqlx::query!("SELECT access_key_id, secret_access_key FROM operators LIMIT 1").fetch_optional(db).await?;
    if let Some(row) = row {
        sealing.open(&context(&row.access_key_id), &row.secret_access_key).map_err(Error::internal)?;
    }
    Ok(())
}

/// Adds a key pair for a pool, or for every pool (`None`). If a key pair with the same pool and access key ID exists,
/// gives it this secret and this role.
pub async fn put(
    db: impl sqlx::PgExecutor<'_>,
    sealing: &SealingKey,
    pool_id: Option<&str>,
    access_key_id: &str,
    secret: &Secret,
    role: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO operators (user_pool_id, access_key_id, secret_access_key, role, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_pool_id, access_key_id) DO UPDATE SET secret_access_key = $3, role = $4",
        pool_id.unwrap_or(EVERY_POOL),
        access_key_id,
        sealing.seal(&context(access_key_id), secret.expose().as_bytes()),
        role,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a key pair. Returns `false` if there is no such key pair.
pub async fn delete(db: &Connections, access_key_id: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM operators WHERE access_key_id = $1", access_key_id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Lists all key pairs, as access key ID, role, and pool ID or `*`.
pub async fn list(db: &Connections) -> sqlx::Result<Vec<(String, String, String)>> {
    let rows = sqlx::query!("SELECT access_key_id, role, user_pool_id FROM operators ORDER BY created_at")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.access_key_id, row.role, row.user_pool_id)).collect())
}

/// Returns the access key ID of a key pair with this secret, if there is one.
pub async fn with_secret(db: &Connections, sealing: &SealingKey, secret: &str) -> sqlx::Result<Option<String>> {
    let rows = sqlx::query!("SELECT access_key_id, secret_access_key FROM operators").fetch_all(db).await?;
    let mut found = rows.into_iter().filter(|row| {
        // A secret that cannot be opened is passed over, because nobody can sign with it.
        sealing
            .open(&context(&row.access_key_id), &row.secret_access_key)
            .is_ok_and(|opened| opened == secret.as_bytes())
    });
    Ok(found.next().map(|row| row.access_key_id))
}

/// Whether there is any operator.
pub async fn any(db: &Connections) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM operators) AS "any!""#).fetch_one(db).await
}
