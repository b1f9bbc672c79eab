//! E-mail addresses, phone numbers and preferred usernames that users sign in with. The primary key decides who owns a
//! name.

use uuid::Uuid;

use super::Connection;

/// Gives a name to a user; `false` when it is somebody else's.
///
/// Waits for a transaction that is giving the same name to somebody.
pub async fn insert(db: &mut Connection, pool_id: &str, sub: Uuid, kind: &str, value: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO user_aliases (user_pool_id, value, kind, sub) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_pool_id, value) DO NOTHING",
        pool_id,
        value,
        kind,
        sub
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(true);
    }
    // A statement of its own, so that it sees what the insert waited for.
    Ok(owner_of(db, pool_id, value).await? == Some(sub))
}

/// The user who has this name.
pub async fn owner_of(db: &mut Connection, pool_id: &str, value: &str) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT sub FROM user_aliases WHERE user_pool_id = $1 AND value = $2", pool_id, value)
        .fetch_optional(db)
        .await
}

/// Takes from a user all names that are not among these.
pub async fn delete_others(db: &mut Connection, pool_id: &str, sub: Uuid, keep: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM user_aliases WHERE user_pool_id = $1 AND sub = $2 AND value <> ALL ($3)",
        pool_id,
        sub,
        keep
    )
    .execute(db)
    .await?;
    Ok(())
}
