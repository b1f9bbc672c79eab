//! UpdateGroup: what the request leaves out stays.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateGroup.html>

use super::{One, Shown, Told, no_such_group};
use crate::{app::App, call::Call, caller::Operator, error::Result, flows, store};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Told) -> Result<One> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    let mut group = store::groups::lock(&mut tx, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    let before = (group.description.clone(), group.role_arn.clone(), group.precedence);
    group.description = request.description.or(group.description);
    group.role_arn = request.role_arn.or(group.role_arn);
    group.precedence = request.precedence.or(group.precedence);
    if before == (group.description.clone(), group.role_arn.clone(), group.precedence) {
        return Ok(One { group: Shown::of(&pool.id, group) });
    }
    group.updated_at = trail.at;
    store::groups::update(&mut tx, &pool.id, &group).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "group.updated", None, None).await?;
    tx.commit().await?;
    Ok(One { group: Shown::of(&pool.id, group) })
}
