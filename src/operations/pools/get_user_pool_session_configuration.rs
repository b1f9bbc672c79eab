//! GetUserPoolSessionConfiguration: returns how many sessions a user of a pool may have. By default, the limit is 20
//! and switched off.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserPoolSessionConfiguration.html>

use serde::Deserialize;

use super::set_user_pool_session_configuration::SessionConfiguration;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<SessionConfiguration> {
    let limit = store::pools::session_limit(&app.db, &request.user_pool_id).await?;
    let limit = limit.ok_or_else(|| Error::no_such_pool(&request.user_pool_id))?;
    Ok(SessionConfiguration::of(request.user_pool_id, limit))
}
