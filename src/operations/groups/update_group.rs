//! UpdateGroup. What becomes of a member that the request leaves out is in the table
//! [`members::GROUP`](crate::operations::members).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateGroup.html>

use super::{GroupInput, GroupOutput, GroupType, no_such_group};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::members,
    store::{self, audit::Event, groups::Group},
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
    let before = GroupInput {
        user_pool_id: pool.id.clone(),
        group_name: group.name.clone(),
        description: group.description.clone(),
        role_arn: group.role_arn.clone(),
        precedence: group.precedence,
    };
    let after: GroupInput = members::GROUP.updated(&before, &request)?;
    if after == before {
        return change.unchanged(GroupOutput { group: GroupType::of(&pool.id, group) }).await;
    }
    group = Group {
        description: after.description,
        role_arn: after.role_arn,
        precedence: after.precedence,
        updated_at: change.at(),
        ..group
    };
    store::groups::update(&mut change, &pool.id, &group).await?;
    let name = group.name.clone();
    let answer = GroupOutput { group: GroupType::of(&pool.id, group) };
    change.commit(Event::GroupUpdated.of(&name), answer).await
}
