//! AdminListDevices: lists a user's devices, ordered by key.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListDevices.html>

use serde::Deserialize;

use super::{DevicesPage, list};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    pagination_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<DevicesPage> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    list(app, &pool.id, user.sub, request.limit, request.pagination_token.as_deref()).await
}
