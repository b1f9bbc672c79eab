//! ListTerms: lists a pool's documents with terms, ordered by ID.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListTerms.html>

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Document;
use crate::{
    app::App,
    caller::Operator,
    clock::epoch_seconds,
    context::Context,
    error::Result,
    flows, page,
    store::{self, page_settings::PageSettings},
};

/// The maximum and default number of documents on a page.
const PAGE: i64 = 60;

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
    terms: Vec<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The service model's `TermsDescriptionType`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    terms_id: Uuid,
    terms_name: String,
    enforcement: String,
    creation_date: f64,
    last_modified_date: f64,
}

impl Description {
    fn of(row: &PageSettings) -> Result<Self> {
        let Document { terms_name, enforcement, .. } = Document::read(row)?;
        let (creation_date, last_modified_date) = (epoch_seconds(row.created_at), epoch_seconds(row.updated_at));
        Ok(Self { terms_id: row.id, terms_name, enforcement, creation_date, last_modified_date })
    }
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let (list, limit) = (format!("terms of {}", pool.id), request.max_results.unwrap_or(PAGE));
    let after: Option<Uuid> = page::open(&app.sealing, &list, request.next_token.as_deref())?;
    let found = store::page_settings::list_terms(&app.db, &pool.id, after.unwrap_or_default(), limit + 1).await?;
    let (found, next_token) = page::cut(&app.sealing, &list, found, limit, |row| row.id);
    Ok(Response { terms: found.iter().map(Description::of).collect::<Result<_>>()?, next_token })
}
