//! DescribeUserPoolClient. Operators with the role `read-only` or `support` do not see the client's secret
//! (docs/decisions/0028).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolClient.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shown;
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
    user_pool_client: Value,
}

pub async fn handle(app: &App, _: &Context, operator: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let found = store::clients::find_with_pool(&app.db, &app.sealing, &pool.id, &request.client_id).await?;
    let found = found.ok_or_else(|| Error::no_such_client(&request.client_id))?;
    Ok(Response { user_pool_client: shown(&found.client, operator.is_administrator)? })
}
