//! ListUserPoolClients: lists a pool's app clients, ordered by ID.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserPoolClients.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{app::App, caller::Operator, context::Context, error::Result, flows, page, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    max_results: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool_clients: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let list = format!("clients of {}", pool.id);
    let limit = request.max_results.unwrap_or(60);
    let after: String = page::open(&app.sealing, &list, request.next_token.as_deref())?.unwrap_or_default();
    let clients = store::clients::list(&app.db, &pool.id, &after, limit + 1).await?;
    let (clients, next_token) = page::cut(&app.sealing, &list, clients, limit, |(id, _)| id.clone());
    let shown = |(id, name): (String, String)| json!({"ClientId": id, "UserPoolId": pool.id, "ClientName": name});
    Ok(Response { user_pool_clients: clients.into_iter().map(shown).collect(), next_token })
}
