//! DescribeTerms: returns a document with terms by its ID.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeTerms.html>

use super::{TermsId, TermsOutput, no_such_terms, parsed};
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::Result,
    flows,
    store::{self, page_settings::Kind},
};

pub async fn handle(app: &App, _: &Context, _: Operator, request: TermsId) -> Result<TermsOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.terms_id)?;
    let found = store::page_settings::find_by_id(&app.db, &pool.id, &Kind::TERMS, id).await?;
    Ok(TermsOutput::of(&pool.id, found.ok_or_else(|| no_such_terms(&request.terms_id))?))
}
