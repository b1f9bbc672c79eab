//! CreateTerms: adds a document with terms to an app client.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateTerms.html>

use serde::Deserialize;

use super::{Document, TermsOutput, exists};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows, random,
    store::{
        self,
        audit::Event,
        page_settings::{Look, PageSettings},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    #[serde(flatten)]
    document: Document,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<TermsOutput>> {
    let Request { user_pool_id, client_id, document } = request;
    document.check()?;
    let pool = flows::pool(app, &user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    if !store::clients::lock(&mut change, &pool.id, &client_id).await? {
        return Err(Error::no_such_client(&client_id));
    }
    let row = PageSettings {
        id: random::uuid(),
        kind: document.kind()?.text().to_owned(),
        client_id,
        settings: document.stored()?,
        created_at: change.at(),
        updated_at: change.at(),
    };
    if !store::page_settings::insert(&mut change, &pool.id, &row, &Look::default()).await? {
        return Err(exists(&row.client_id, &row.kind));
    }
    change.commit(Event::TermsCreated.of(&row.id.to_string()), TermsOutput::of(&pool.id, row)).await
}
