//! ForgetDevice: a device of the signed-in user no longer signs in as one, and is signed out.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgetDevice.html>

use super::{Own, forget};
use crate::{
    app::App, call::Call, caller::Bearer, change::Changed, error::Result, flows::session_limits, operations::Empty,
};

pub async fn handle(app: &App, call: &Call, bearer: Bearer, request: Own) -> Result<Changed<Empty>> {
    session_limits::bring_under(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti)).await?;
    let (change, _) = bearer.begin(app, call).await?;
    forget(change, bearer.sub, &request.device_key, Some(bearer.origin_jti)).await
}
