//! AdminUserGlobalSignOut: ends every session of a user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUserGlobalSignOut.html>

use super::UserId;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, sessions::session_limits},
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: UserId) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    change.user(user.sub).await?;
    if !store::sessions::revoke_all(&mut change, &pool.id, user.sub, None, now).await? {
        return change.unchanged(Empty {}).await;
    }
    change.commit(Event::UserSignedOut.of_user(user.sub), Empty {}).await
}
