//! DeleteTerms: takes a document with terms away from its app client.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteTerms.html>

use super::{TermsId, no_such_terms, parsed};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::Empty,
    store::{self, audit::Event, page_settings::Kind},
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: TermsId) -> Result<Changed<Empty>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.terms_id)?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    if store::page_settings::delete(&mut change, &pool.id, &Kind::TERMS, id).await?.is_none() {
        return Err(no_such_terms(&request.terms_id));
    }
    change.commit(Event::TermsDeleted.of(&id.to_string()), Empty {}).await
}
