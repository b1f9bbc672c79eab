//! DeleteGroup: its members go on without it.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteGroup.html>

use super::{Named, no_such_group};
use crate::{app::App, call::Call, caller::Operator, error::Result, flows, operations::Empty, store};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Named) -> Result<Empty> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    store::groups::lock(&mut tx, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    store::groups::delete(&mut tx, &pool.id, &request.group_name).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "group.deleted", None, None).await?;
    tx.commit().await?;
    Ok(Empty {})
}
