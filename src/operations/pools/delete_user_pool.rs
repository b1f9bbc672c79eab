//! DeleteUserPool: removes a pool with its users. Their passkeys leave audit and outbox rows like any other.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPool.html>
//!
//! One transaction: a pool is removed entirely or not at all.

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, remove_user},
    operations::Empty,
    store,
};

/// Users read at a time.
const BATCH: i64 = 500;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Empty> {
    let pool_id = &request.user_pool_id;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    // Held against new users and clients: their foreign keys need a share of this row.
    let pool = store::pools::lock(&mut tx, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    if pool.settings.deletion_protection == "ACTIVE" {
        return Err(Error::InvalidParameter(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be \
             inactivated first."
                .into(),
        ));
    }
    if !store::domains::list(&mut *tx, pool_id).await?.is_empty() {
        return Err(Error::InvalidParameter(
            "User pool cannot be deleted. It has a domain configured that should be deleted first.".into(),
        ));
    }
    loop {
        let subs = store::users::list_subs(&mut tx, pool_id, BATCH).await?;
        if subs.is_empty() {
            break;
        }
        for sub in subs {
            remove_user::remove(&mut tx, pool_id, sub, &trail).await?;
        }
    }
    store::audit::insert(&mut tx, pool_id, &trail, "pool.deleted", None, None).await?;
    store::pools::delete(&mut tx, pool_id).await?;
    tx.commit().await?;
    Ok(Empty {})
}
