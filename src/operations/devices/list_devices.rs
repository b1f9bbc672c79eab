//! ListDevices: lists the signed-in user's devices, ordered by key.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListDevices.html>

use serde::Deserialize;

use super::{DevicesPage, list};
use crate::{app::App, caller::SignedIn, context::Context, error::Result};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    pagination_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, caller: SignedIn, request: Request) -> Result<DevicesPage> {
    let bearer = &caller.bearer;
    list(app, &bearer.pool_id, bearer.sub, request.limit, request.pagination_token.as_deref()).await
}
