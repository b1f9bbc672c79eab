//! Removing a user with everything that hangs on it. Passkeys go the one way that leaves audit and outbox rows.

use uuid::Uuid;

use crate::store::{self, Connection, audit::Trail};

/// Removes the user in the caller's transaction; `false` when there is none.
pub async fn remove(db: &mut Connection, pool_id: &str, sub: Uuid, trail: &Trail) -> sqlx::Result<bool> {
    if store::users::lock(db, pool_id, sub).await?.is_none() {
        return Ok(false);
    }
    store::sessions::delete_all(db, pool_id, sub).await?;
    store::challenges::take_registration(db, pool_id, sub).await?;
    store::passkeys::delete_all(db, pool_id, sub, trail).await?;
    store::audit::insert(db, pool_id, trail, "user.deleted", Some(sub), None).await?;
    store::users::delete(db, pool_id, sub).await?;
    Ok(true)
}
