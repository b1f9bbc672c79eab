//! AdminGetDevice.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetDevice.html>

use super::{DeviceOutput, OfUser, one};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows};

pub async fn handle(app: &App, _: &Context, _: Operator, request: OfUser) -> Result<DeviceOutput> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    one(app, &pool.id, user.sub, &request.device_key).await
}
