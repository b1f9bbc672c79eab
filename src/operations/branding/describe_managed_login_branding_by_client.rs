//! DescribeManagedLoginBrandingByClient: returns the style of an app client.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeManagedLoginBrandingByClient.html>

use serde::Deserialize;

use super::BrandingOutput;
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
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<BrandingOutput> {
    let (pool, client_id) = (flows::pool(app, &request.user_pool_id).await?, request.client_id);
    let found = store::page_settings::find(&app.db, &pool.id, Kind::ManagedLoginBranding, &client_id).await?;
    let none = || Error::ResourceNotFound(format!("App client {client_id} has no managed login branding.").into());
    Ok(BrandingOutput::of(&pool.id, found.ok_or_else(none)?))
}
