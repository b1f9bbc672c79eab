//! AdminDeleteUser: removes a user, including all sessions and passkeys.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html>

use super::UserId;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{self, accounts::remove_user, sessions::session_limits},
    operations::Empty,
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: UserId) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let trail = change.trail.clone();
    let removed = remove_user::remove(&mut change, &pool.id, user.sub, &trail).await?;
    change.commit_noted(removed.ok_or(Error::UserNotFound)?, Empty {}).await
}
