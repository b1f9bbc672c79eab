//! UpdateDeviceStatus: sets whether a device of the signed-in user is remembered.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateDeviceStatus.html>

use serde::Deserialize;

use super::set_status;
use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, accounts::step_up},
    operations::Empty,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    device_key: String,
    #[serde(default)]
    device_remembered_status: Option<String>,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Empty>> {
    let pool = flows::pool_of(app, &bearer).await?;
    let (mut change, _) = bearer.begin(app, context).await?;
    step_up::check(app, &mut change, &pool, &bearer).await?;
    set_status(change, bearer.sub, &request.device_key, request.device_remembered_status.as_deref()).await
}
