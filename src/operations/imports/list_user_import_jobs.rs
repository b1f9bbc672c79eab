//! ListUserImportJobs: lists a pool's import jobs, oldest first.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserImportJobs.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shown;
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, page, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    max_results: i64,
    #[serde(default)]
    pagination_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_import_jobs: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, operator: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let (list, limit) = (format!("user imports of {}", pool.id), request.max_results);
    let after: Option<String> = page::open(&app.sealing, &list, request.pagination_token.as_deref())?;
    let found = store::user_imports::list(&app.db, &pool.id, &after.unwrap_or_default(), limit + 1).await?;
    let (found, pagination_token) = page::cut(&app.sealing, &list, found, limit, |job| job.id.clone());
    let jobs = found.iter().map(|job| shown(app, &operator, &pool.id, job)).collect::<Result<_>>()?;
    Ok(Response { user_import_jobs: jobs, pagination_token })
}
