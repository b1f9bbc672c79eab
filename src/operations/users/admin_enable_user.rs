//! AdminEnableUser.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminEnableUser.html>

use super::UserId;
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

pub async fn handle(app: &App, context: &Context, operator: Operator, request: UserId) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    if change.user(user.sub).await?.enabled {
        return change.unchanged(Empty {}).await;
    }
    store::users::update_enabled(&mut change, &pool.id, user.sub, true, now).await?;
    change.commit(Event::UserEnabled.of_user(user.sub), Empty {}).await
}
