//! ListTagsForResource.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListTagsForResource.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{pool_id, tags};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    resource_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    tags: Map<String, Value>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let mut pool = flows::pool(app, pool_id(app, &request.resource_arn)?).await?;
    Ok(Response { tags: std::mem::take(tags(&mut pool)) })
}
