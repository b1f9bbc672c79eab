//! GetDevice: returns a device of the signed-in user.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetDevice.html>

use super::{DeviceOutput, Own, one};
use crate::{app::App, caller::SignedIn, context::Context, error::Result};

pub async fn handle(app: &App, _: &Context, caller: SignedIn, request: Own) -> Result<DeviceOutput> {
    one(app, &caller.bearer.pool_id, caller.bearer.sub, &request.device_key).await
}
