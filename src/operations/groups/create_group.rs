//! CreateGroup.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateGroup.html>

use super::{GroupInput, GroupOutput, GroupType};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::members,
    store::audit::Event,
    store::{self, groups::Group},
};

/// The maximum number of groups of a pool.
const MAX_GROUPS: i64 = 10_000;

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: GroupInput,
) -> Result<Changed<GroupOutput>> {
    let request: GroupInput = members::GROUP.created(&request)?;
    let pool_id = &request.user_pool_id;
    let mut change = operator.begin(app, context, pool_id).await?;
    let now = change.at();
    let group = Group {
        name: request.group_name,
        description: request.description,
        precedence: request.precedence,
        role_arn: request.role_arn,
        created_at: now,
        updated_at: now,
    };
    // This locks the pool, so that no other request changes the count meanwhile.
    change.pool().await?;
    if store::groups::count(&mut change, pool_id).await? >= MAX_GROUPS {
        return Err(Error::LimitExceeded(format!("A user pool may have {MAX_GROUPS} groups.").into()));
    }
    if !store::groups::insert(&mut change, pool_id, &group).await? {
        return Err(Error::GroupExists("A group with the name already exists.".into()));
    }
    let name = group.name.clone();
    let answer = GroupOutput { group: GroupType::of(pool_id, group) };
    change.commit(Event::GroupCreated.of(&name), answer).await
}
