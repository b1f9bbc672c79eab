//! AdminForgetDevice: the same by an operator as ForgetDevice.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminForgetDevice.html>

use super::{OfUser, forget};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows::{self, session_limits},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, operator: Operator, request: OfUser) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    forget(app, &mut tx, &pool.id, user.sub, &request.device_key, None, &trail).await?;
    tx.commit().await?;
    Ok(Empty {})
}
