//! GetUserPoolClientSessionConfiguration: returns for how long an app client silently uses a browser's sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserPoolClientSessionConfiguration.html>

use serde::Deserialize;

use super::set_user_pool_client_session_configuration::ClientSessionConfiguration;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows,
    store::{self, clients::SSO_MINUTES},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<ClientSessionConfiguration> {
    let Request { user_pool_id, client_id } = request;
    flows::pool(app, &user_pool_id).await?;
    let found = store::clients::sso_minutes(&app.db, &user_pool_id, &client_id).await?;
    let minutes = found.ok_or_else(|| Error::no_such_client(&client_id))?.unwrap_or(SSO_MINUTES);
    Ok(ClientSessionConfiguration::of(user_pool_id, client_id, minutes))
}
