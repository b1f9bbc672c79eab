//! Authenticator apps (time-based one-time passwords).

use uuid::Uuid;

use super::Connection;

/// A user's authenticator app.
#[derive(Debug)]
pub struct SoftwareToken {
    /// The secret in use, sealed; `None` until the user has given a first right code.
    pub secret: Option<Vec<u8>>,
    /// A secret that was offered and is not verified yet, sealed.
    pub pending: Option<Vec<u8>>,
    /// The name that the user gave the app.
    pub friendly_name: Option<String>,
}

/// Offers a new secret. The secret in use stays until the new one is verified.
pub async fn offer(db: &mut Connection, pool_id: &str, sub: Uuid, pending: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO software_tokens (user_pool_id, sub, pending) VALUES ($1, $2, $3)
         ON CONFLICT (user_pool_id, sub) DO UPDATE SET pending = $3",
        pool_id,
        sub,
        pending
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds a user's authenticator app.
pub async fn find(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Option<SoftwareToken>> {
    sqlx::query_as!(
        SoftwareToken,
        "SELECT secret, pending, friendly_name FROM software_tokens WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub
    )
    .fetch_optional(db)
    .await
}

/// Makes the offered secret the one in use, because the code of the time step `step` has verified it.
pub async fn accept(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    step: i64,
    friendly_name: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE software_tokens SET secret = pending, pending = NULL, last_step = $3, friendly_name = $4
         WHERE user_pool_id = $1 AND sub = $2",
        pool_id,
        sub,
        step,
        friendly_name
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses up the code of the time step `step`. Returns `false` if that code or a later one was used before. If several
/// callers have the same code, only one gets `true`.
pub async fn use_step(db: &mut Connection, pool_id: &str, sub: Uuid, step: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE software_tokens SET last_step = $3 WHERE user_pool_id = $1 AND sub = $2 AND last_step < $3",
        pool_id,
        sub,
        step
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a user's authenticator app, verified or not. Returns `false` if there is none.
pub async fn delete(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM software_tokens WHERE user_pool_id = $1 AND sub = $2", pool_id, sub)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
