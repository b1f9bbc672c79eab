//! ListUserPools: lists all user pools, ordered by ID.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPools.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{app::App, caller::Operator, clock::epoch_seconds, context::Context, error::Result, page, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    max_results: i64,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let after: String = page::open(&app.sealing, "user pools", request.next_token.as_deref())?.unwrap_or_default();
    let pools = store::pools::list(&app.db, &after, request.max_results + 1).await?;
    let (pools, next_token) = page::cut(&app.sealing, "user pools", pools, request.max_results, |pool| pool.id.clone());
    let shown = |pool: store::pools::PoolSummary| {
        json!({
            "Id": pool.id, "Name": pool.name, "LambdaConfig": pool.functions,
            "CreationDate": epoch_seconds(pool.created_at), "LastModifiedDate": epoch_seconds(pool.updated_at),
        })
    };
    Ok(Response { user_pools: pools.into_iter().map(shown).collect(), next_token })
}
