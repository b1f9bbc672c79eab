//! DeleteUserPoolDomain.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolDomain.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::Empty,
    store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    domain: String,
    user_pool_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    if !store::domains::delete(&mut change, &request.user_pool_id, &request.domain).await? {
        return Err(Error::InvalidParameter("No such domain or user pool exists.".into()));
    }
    change.commit(Event::DomainDeleted.of(&request.domain), Empty {}).await
}
