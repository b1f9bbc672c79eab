//! ListUserPoolClientSecrets: lists an app client's secrets without their values. There is only one page, because a
//! client has at most two secrets.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolClientSecrets.html>

use serde::{Deserialize, Serialize};

use super::Descriptor;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows, store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    client_secrets: Vec<Descriptor>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let found = store::clients::find_with_pool(&app.db, &app.sealing, &pool.id, &request.client_id).await?;
    let client = found.ok_or_else(|| Error::no_such_client(&request.client_id))?.client;
    Ok(Response { client_secrets: client.secrets.iter().map(|secret| Descriptor::of(secret, None)).collect() })
}
