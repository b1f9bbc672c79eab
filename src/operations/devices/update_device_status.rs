//! UpdateDeviceStatus: whether a device of the signed-in user is remembered.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateDeviceStatus.html>

use serde::Deserialize;

use super::set_status;
use crate::{
    app::App,
    call::Call,
    caller::Bearer,
    error::Result,
    flows::{self, step_up},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    device_key: String,
    #[serde(default)]
    device_remembered_status: Option<String>,
}

pub async fn handle(app: &App, call: &Call, bearer: Bearer, request: Request) -> Result<Empty> {
    let pool = flows::pool_of(app, &bearer).await?;
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &bearer.pool_id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    step_up::check(app, &mut tx, &pool, &bearer).await?;
    let status = request.device_remembered_status.as_deref();
    set_status(app, &mut tx, &bearer.pool_id, bearer.sub, &request.device_key, status, &trail).await?;
    tx.commit().await?;
    Ok(Empty {})
}
