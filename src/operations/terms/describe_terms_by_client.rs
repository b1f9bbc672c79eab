//! DescribeTermsByClient: returns a document with terms by its app client and its name.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeTermsByClient.html>

use serde::Deserialize;

use super::TermsOutput;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows,
    store::{self, page_settings::Kind},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    terms_name: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<TermsOutput> {
    let Request { user_pool_id, client_id, terms_name } = request;
    let pool = flows::pool(app, &user_pool_id).await?;
    let none = || Error::ResourceNotFound(format!("App client {client_id} has no {terms_name}.").into());
    let kind = Kind::TERMS.into_iter().find(|kind| kind.text() == terms_name).ok_or_else(none)?;
    let found = store::page_settings::find(&app.db, &pool.id, kind, &client_id).await?;
    Ok(TermsOutput::of(&pool.id, found.ok_or_else(none)?))
}
