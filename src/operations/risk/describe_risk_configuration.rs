//! DescribeRiskConfiguration: returns the risk configuration of a pool, or of one of its app clients.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeRiskConfiguration.html>

use serde::Deserialize;

use super::{RiskOutput, missing};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    client_id: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<RiskOutput> {
    let (pool, client_id) = (flows::pool(app, &request.user_pool_id).await?, request.client_id.as_deref());
    let found = store::risk_configurations::find(&app.db, &pool.id, client_id).await?;
    let configuration = found.ok_or_else(|| missing(&pool.id, client_id))?;
    Ok(RiskOutput::of(&pool.id, client_id, configuration))
}
