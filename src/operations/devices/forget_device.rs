//! ForgetDevice: forgets a device of the signed-in user, and ends the sessions whose sign-in used or named the device.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgetDevice.html>

use super::{Own, forget};
use crate::{
    app::App, caller::Bearer, change::Changed, context::Context, error::Result, flows::sessions::session_limits,
    operations::Empty,
};

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Own) -> Result<Changed<Empty>> {
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let (change, _) = bearer.begin(app, context).await?;
    forget(change, bearer.sub, &request.device_key, Some(bearer.origin_jti)).await
}
