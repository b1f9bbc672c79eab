//! GetUserPoolBranding: returns the name, the logo and the colors of a pool's pages.

use super::{Branding, OfPool};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

pub async fn handle(app: &App, _: &Context, _: Operator, request: OfPool) -> Result<Branding> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let logo = match pool.branding.logo_version {
        Some(_) => store::pools::logo(&app.db, &pool.id).await?,
        None => None,
    };
    Ok(Branding::of(&pool, logo.as_ref().map(|(kind, image)| (kind.as_str(), image.as_slice()))))
}
