//! UpdateManagedLoginBranding: changes a style. Settings and assets that the request leaves out stay.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateManagedLoginBranding.html>

use serde::Deserialize;

use super::{BrandingOutput, no_such_style, parsed, style::Style};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows,
    store::{self, audit::Event, page_settings::Kind},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    user_pool_id: String,
    #[serde(default)]
    managed_login_branding_id: String,
    #[serde(flatten)]
    style: Style,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<BrandingOutput>> {
    request.style.check()?;
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.managed_login_branding_id)?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let found = store::page_settings::lock(&mut change, &pool.id, &[Kind::ManagedLoginBranding], id).await?;
    let mut row = found.ok_or_else(|| no_such_style(&request.managed_login_branding_id))?;
    let before: Style = serde_json::from_value(row.settings.clone()).map_err(Error::internal)?;
    let style = before.clone().updated(request.style)?;
    if style == before {
        return change.unchanged(BrandingOutput::of(&pool.id, row)).await;
    }
    row.settings = serde_json::to_value(&style).map_err(Error::internal)?;
    row.updated_at = change.at();
    store::page_settings::update(&mut change, &pool.id, &row, &style.look()?).await?;
    let client_id = row.client_id.clone();
    change.commit(Event::ManagedLoginBrandingUpdated.of(&client_id), BrandingOutput::of(&pool.id, row)).await
}
