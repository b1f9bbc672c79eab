//! DescribeManagedLoginBranding: returns a style by its ID.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeManagedLoginBranding.html>

use serde::Deserialize;

use super::{BrandingOutput, no_such_style, parsed};
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::Result,
    flows,
    store::{self, page_settings::Kind},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    managed_login_branding_id: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<BrandingOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.managed_login_branding_id)?;
    let found = store::page_settings::find_by_id(&app.db, &pool.id, &[Kind::ManagedLoginBranding], id).await?;
    let found = found.ok_or_else(|| no_such_style(&request.managed_login_branding_id))?;
    Ok(BrandingOutput::of(&pool.id, found))
}
