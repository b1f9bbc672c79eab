//! Deleted app clients whose sessions are not all removed yet (`jobs::delete_clients`).

use uuid::Uuid;

use super::Connection;

/// A deleted client whose sessions are being removed.
#[derive(Debug)]
pub struct DeletedClient {
    pub pool_id: String,
    pub client_id: String,
    /// The ID of the last session that the job has checked. The job goes through the pool's sessions in the order of
    /// their IDs.
    pub looked_at: Uuid,
}

/// Records that a client is deleted, in the transaction that deletes it.
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

/// Returns one deleted client, if there is any.
pub async fn next(db: &mut Connection) -> sqlx::Result<Option<DeletedClient>> {
    sqlx::query_as!(
        DeletedClient,
        "SELECT user_pool_id AS pool_id, client_id, looked_at FROM deleted_clients ORDER BY user_pool_id, client_id LIMIT 1"
    )
    .fetch_optional(db)
    .await
}

/// Records how far the job has come with a client's sessions.
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

/// Forgets a deleted client. The job calls this when it has checked all sessions of the pool. It may have skipped
/// sessions that another transaction had locked. Without the client they are not live, and they are removed when they
/// expire.
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
