//! DeleteUserPool. After its response, no new request to the pool succeeds.
//!
//! `jobs::delete_pools` then removes the pool's users, passkeys and other rows in batches, however many there are, and
//! writes the audit and outbox rows for these deletions.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPool.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::Empty,
    store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let pool_id = &request.user_pool_id;
    let mut change = operator.begin(app, context, pool_id).await?;
    let trail = change.trail.clone();
    let pool = store::pools::lock_settings(&mut change, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    if pool.deletion_protection == "ACTIVE" {
        return Err(Error::InvalidParameter(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be \
             inactivated first."
                .into(),
        ));
    }
    if !store::domains::list(&mut *change, pool_id).await?.is_empty() {
        return Err(Error::InvalidParameter(
            "User pool cannot be deleted. It has a domain configured that should be deleted first.".into(),
        ));
    }
    store::deleted_pools::bury(&mut change, pool_id, &trail).await?;
    change.commit(Event::PoolDeleted.of_pool(), Empty {}).await
}
