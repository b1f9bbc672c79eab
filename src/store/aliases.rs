//! The names that users sign in with, in pools with aliases or username attributes: usernames, e-mail addresses, phone
//! numbers and preferred usernames. The primary key (pool and name) gives each name a single owner.

use uuid::Uuid;

use super::Connection;

/// Gives a name to a user. Returns `false` if the name belongs to another user.
///
/// If another transaction is giving the same name to somebody, waits until that transaction ends.
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
    // The insert may have waited for another transaction. Only a separate statement sees what that transaction has
    // committed.
    Ok(owner_of(db, pool_id, value).await? == Some(sub))
}

/// Returns the subject of the user who has this name.
pub async fn owner_of(db: &mut Connection, pool_id: &str, value: &str) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT sub FROM user_aliases WHERE user_pool_id = $1 AND value = $2", pool_id, value)
        .fetch_optional(db)
        .await
}

/// Removes all names of a user except those in `keep`.
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
