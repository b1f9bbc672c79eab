//! AdminUpdateDeviceStatus.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateDeviceStatus.html>

use serde::Deserialize;

use super::set_status;
use crate::{app::App, caller::Operator, change::Changed, context::Context, error::Result, flows, operations::Empty};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    device_key: String,
    #[serde(default)]
    device_remembered_status: Option<String>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    change.user(user.sub).await?;
    set_status(change, user.sub, &request.device_key, request.device_remembered_status.as_deref()).await
}
