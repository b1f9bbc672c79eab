//! AdminUpdateDeviceStatus.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateDeviceStatus.html>

use serde::Deserialize;

use super::set_status;
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows,
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    device_key: String,
    #[serde(default)]
    device_remembered_status: Option<String>,
}

pub async fn handle(app: &App, call: &Call, operator: Operator, request: Request) -> Result<Empty> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let trail = flows::trail(app, call, operator.actor());
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFound)?;
    let status = request.device_remembered_status.as_deref();
    set_status(app, &mut tx, &pool.id, user.sub, &request.device_key, status, &trail).await?;
    tx.commit().await?;
    Ok(Empty {})
}
