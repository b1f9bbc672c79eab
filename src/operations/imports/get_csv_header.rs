//! GetCSVHeader: returns the columns that a CSV file of users may have.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetCSVHeader.html>

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::Result,
    flows::{self, accounts::user_import},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool_id: String,
    #[serde(rename = "CSVHeader")]
    csv_header: Vec<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    Ok(Response { csv_header: user_import::header(&pool), user_pool_id: pool.id })
}
