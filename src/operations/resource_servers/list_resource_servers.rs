//! ListResourceServers: lists a pool's resource servers, ordered by identifier.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListResourceServers.html>

use serde::{Deserialize, Serialize};

use super::ResourceServerType;
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, page, store};

/// The maximum and default number of resource servers on a page.
const PAGE: i64 = 50;

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
    resource_servers: Vec<ResourceServerType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let (list, limit) = (format!("resource servers of {}", pool.id), request.max_results.unwrap_or(PAGE));
    let after: Option<String> = page::open(&app.sealing, &list, request.next_token.as_deref())?;
    let found = store::resource_servers::list(&app.db, &pool.id, &after.unwrap_or_default(), limit + 1).await?;
    let (found, next_token) = page::cut(&app.sealing, &list, found, limit, |server| server.identifier.clone());
    Ok(Response {
        resource_servers: found.into_iter().map(|server| ResourceServerType::of(&pool.id, server)).collect(),
        next_token,
    })
}
