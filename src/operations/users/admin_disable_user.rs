//! AdminDisableUser: disables a user, who can then no longer sign in, and ends the user's sessions. Enabling the user
//! does not restore the sessions.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDisableUser.html>

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
    let (user, now) = (change.user(user.sub).await?, change.at());
    store::users::update_enabled(&mut change, &pool.id, user.sub, false, now).await?;
    // This statement follows the one that locked the user. So it sees sessions that were opened during the wait for the
    // lock.
    let ended = store::sessions::revoke_all(&mut change, &pool.id, user.sub, None, now).await?;
    if !user.enabled && !ended {
        return change.unchanged(Empty {}).await;
    }
    change.commit(Event::UserDisabled.of_user(user.sub), Empty {}).await
}
