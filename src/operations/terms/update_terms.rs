//! UpdateTerms: changes a document with terms. Members that the request leaves out stay.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateTerms.html>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Document, TermsOutput, exists, no_such_terms, parsed};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    store::{
        self,
        audit::Event,
        page_settings::{Kind, Look},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    terms_id: String,
    #[serde(default)]
    terms_name: Option<String>,
    #[serde(default)]
    terms_source: Option<String>,
    #[serde(default)]
    enforcement: Option<String>,
    #[serde(default)]
    links: Option<BTreeMap<String, String>>,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<TermsOutput>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.terms_id)?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let found = store::page_settings::lock(&mut change, &pool.id, &Kind::TERMS, id).await?;
    let mut row = found.ok_or_else(|| no_such_terms(&request.terms_id))?;
    let before = Document::read(&row)?;
    let document = Document {
        terms_name: request.terms_name.unwrap_or_else(|| before.terms_name.clone()),
        terms_source: request.terms_source.unwrap_or_else(|| before.terms_source.clone()),
        enforcement: request.enforcement.unwrap_or_else(|| before.enforcement.clone()),
        links: request.links.unwrap_or_else(|| before.links.clone()),
    };
    document.check()?;
    if document == before {
        return change.unchanged(TermsOutput::of(&pool.id, row)).await;
    }
    row.kind = document.kind()?.text().to_owned();
    row.settings = document.stored()?;
    row.updated_at = change.at();
    if !store::page_settings::update(&mut change, &pool.id, &row, &Look::default()).await? {
        return Err(exists(&row.client_id, &row.kind));
    }
    change.commit(Event::TermsUpdated.of(&id.to_string()), TermsOutput::of(&pool.id, row)).await
}
