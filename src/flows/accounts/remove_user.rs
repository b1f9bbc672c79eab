//! Removes a user with everything that belongs to the user. Passkeys are deleted separately, by the function that also
//! writes their audit and outbox rows.

use uuid::Uuid;

use crate::store::{
    self, Connection,
    audit::{Audited, Event, Trail},
};

/// Removes the user in the caller's transaction. Returns `None` if there is no such user.
pub async fn remove(db: &mut Connection, pool_id: &str, sub: Uuid, trail: &Trail) -> sqlx::Result<Option<Audited>> {
    if store::users::lock(db, pool_id, sub).await?.is_none() {
        return Ok(None);
    }
    store::sessions::delete_all(db, pool_id, sub).await?;
    store::challenges::delete_registrations(db, pool_id, sub).await?;
    store::passkeys::delete_all(db, pool_id, sub, trail).await?;
    let audited = store::audit::insert(db, pool_id, trail, Event::UserDeleted.of_user(sub)).await?;
    store::users::delete(db, pool_id, sub).await?;
    Ok(Some(audited))
}
