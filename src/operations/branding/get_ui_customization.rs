//! GetUICustomization: returns the UI customization of an app client, or else that for all clients, or else an empty
//! structure.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUICustomization.html>

use serde::Deserialize;

use super::CustomizationOutput;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    flows,
    store::{
        self,
        page_settings::{ALL_CLIENTS, Kind},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    client_id: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<CustomizationOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let client_id = request.client_id.unwrap_or_else(|| ALL_CLIENTS.into());
    if client_id != ALL_CLIENTS
        && store::clients::names(&app.db, &pool.id, std::slice::from_ref(&client_id)).await?.is_empty()
    {
        return Err(Error::no_such_client(&client_id));
    }
    for client_id in [client_id.as_str(), ALL_CLIENTS] {
        if let Some(found) = store::page_settings::find(&app.db, &pool.id, Kind::UiCustomization, client_id).await? {
            return Ok(CustomizationOutput::of(app, &pool.id, found));
        }
    }
    Ok(CustomizationOutput::none())
}
