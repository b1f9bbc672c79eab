//! GetGroup.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetGroup.html>

use super::{GroupId, GroupOutput, GroupType, no_such_group};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

pub async fn handle(app: &App, _: &Context, _: Operator, request: GroupId) -> Result<GroupOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let group = store::groups::find(&app.db, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    Ok(GroupOutput { group: GroupType::of(&pool.id, group) })
}
