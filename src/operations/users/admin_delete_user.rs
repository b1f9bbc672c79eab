//! AdminDeleteUser: removes a user with sessions and passkeys.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html>

use super::Named;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, remove_user, session_limits},
    operations::Empty,
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Named) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut tx = app.db.begin().await?;
    let trail = flows::trail(app, call, operator.actor());
    if !remove_user::remove(&mut tx, &pool.id, user.sub, &trail).await? {
        return Err(Error::UserNotFound);
    }
    tx.commit().await?;
    Ok(Empty {})
}
