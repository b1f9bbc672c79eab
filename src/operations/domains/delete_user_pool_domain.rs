//! DeleteUserPoolDomain.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPoolDomain.html>

use serde::Deserialize;

use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    domain: String,
    user_pool_id: String,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Request) -> Result<Empty> {
    if !store::domains::delete(&app.db, &request.user_pool_id, &request.domain).await? {
        return Err(Error::InvalidParameter("No such domain or user pool exists.".into()));
    }
    Ok(Empty {})
}
