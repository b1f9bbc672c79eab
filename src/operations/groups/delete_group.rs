//! DeleteGroup. The users in the group are not deleted.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteGroup.html>

use super::{GroupId, no_such_group};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: GroupId) -> Result<Changed<Empty>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    store::groups::lock(&mut change, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    store::groups::delete(&mut change, &pool.id, &request.group_name).await?;
    change.commit(Event::GroupDeleted.of(&request.group_name), Empty {}).await
}
