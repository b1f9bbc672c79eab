//! UpdateGroup. Members that the request leaves out stay unchanged.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateGroup.html>

use super::{GroupInput, GroupOutput, GroupType, no_such_group};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: GroupInput,
) -> Result<Changed<GroupOutput>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let mut group = store::groups::lock(&mut change, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    let before = (group.description.clone(), group.role_arn.clone(), group.precedence);
    group.description = request.description.or(group.description);
    group.role_arn = request.role_arn.or(group.role_arn);
    group.precedence = request.precedence.or(group.precedence);
    if before == (group.description.clone(), group.role_arn.clone(), group.precedence) {
        return change.unchanged(GroupOutput { group: GroupType::of(&pool.id, group) }).await;
    }
    group.updated_at = change.at();
    store::groups::update(&mut change, &pool.id, &group).await?;
    let name = group.name.clone();
    let answer = GroupOutput { group: GroupType::of(&pool.id, group) };
    change.commit(Event::GroupUpdated.of(&name), answer).await
}
