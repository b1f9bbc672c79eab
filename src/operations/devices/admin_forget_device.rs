//! AdminForgetDevice: forgets a user's device, and ends the sessions whose sign-in used or named the device.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminForgetDevice.html>

use super::{OfUser, forget};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, sessions::session_limits},
    operations::Empty,
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: OfUser) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    session_limits::bring_under(app, &pool.id, user.sub, None).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    change.user(user.sub).await?;
    forget(change, user.sub, &request.device_key, None).await
}
