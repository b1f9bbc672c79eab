//! AdminEnableUser.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminEnableUser.html>

use super::Named;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Named) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    if store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?.enabled {
        return Ok(Empty {});
    }
    store::users::update_enabled(&mut tx, &pool.id, user.sub, true, trail.at).await?;
    store::audit::insert(&mut tx, &pool.id, &trail, "user.enabled", Some(user.sub), None).await?;
    tx.commit().await?;
    Ok(Empty {})
}
