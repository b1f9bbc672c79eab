//! App clients that were deleted, and whose sessions are not removed yet (`jobs::delete_clients`).

use uuid::Uuid;

use super::Connection;

/// A client whose sessions are being removed.
#[derive(Debug)]
pub struct DeletedClient {
    pub pool_id: String,
    pub client_id: String,
    /// The sessions up to this one were looked at.
    pub looked_at: Uuid,
}

/// Notes a client's deletion, in the transaction that does it.
pub async fn insert(db: &mut Connection, pool_id: &str, client_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO deleted_clients (user_pool_id, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        pool_id,
        client_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One deleted client, if there is any.
pub async fn next(db: &mut Connection) -> sqlx::Result<Option<DeletedClient>> {
    sqlx::query_as!(
        DeletedClient,
        "SELECT user_pool_id AS pool_id, client_id, looked_at FROM deleted_clients ORDER BY user_pool_id, client_id LIMIT 1"
    )
    .fetch_optional(db)
    .await
}

/// Notes how far the job has come.
pub async fn update_looked_at(db: &mut Connection, client: &DeletedClient, looked_at: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deleted_clients SET looked_at = $3 WHERE user_pool_id = $1 AND client_id = $2",
        client.pool_id,
        client.client_id,
        looked_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a client whose sessions have all been looked at. A session that somebody held meanwhile is dead, too, and is
/// removed when it expires.
pub async fn delete(db: &mut Connection, client: &DeletedClient) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM deleted_clients WHERE user_pool_id = $1 AND client_id = $2",
        client.pool_id,
        client.client_id
    )
    .execute(db)
    .await?;
    Ok(())
}
