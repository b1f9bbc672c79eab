//! AdminAddUserToGroup. Tokens that are issued afterwards contain the group.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminAddUserToGroup.html>

use super::{GroupMember, no_such_group};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows,
    operations::Empty,
    store::{self, audit::Event},
};

/// The maximum number of groups of a user.
const MAX_GROUPS: i64 = 100;

pub async fn handle(app: &App, context: &Context, operator: Operator, request: GroupMember) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    change.user(user.sub).await?;
    store::groups::lock(&mut change, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    if !store::groups::add_user(&mut change, &pool.id, user.sub, &request.group_name).await? {
        return change.unchanged(Empty {}).await;
    }
    if store::groups::count_of_user(&mut change, &pool.id, user.sub).await? > MAX_GROUPS {
        return Err(Error::InvalidParameter(format!("A user may be in {MAX_GROUPS} groups.").into()));
    }
    // This marks the user's row as changed, so that a sign-in that read the row earlier must read it again.
    store::users::touch(&mut change, &pool.id, user.sub, now).await?;
    change.commit(Event::GroupJoined.of_user(user.sub).and(&request.group_name), Empty {}).await
}
