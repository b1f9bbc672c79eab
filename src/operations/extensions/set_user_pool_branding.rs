//! SetUserPoolBranding: replaces the name, the logo and the colors of a pool's pages. Members that are left out go back
//! to their defaults.
//!
//! - `DisplayName`: shown instead of the pool's name.
//! - `AccentColor`, `AccentColorDark`: `#rrggbb`, for buttons and links on light and on dark pages.
//! - `Logo`: a PNG, JPEG, WebP or SVG image in base64, up to 16 KB.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::Branding;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::branding::images,
    store,
    store::audit::Event,
};

/// The maximum size of a logo in bytes. It is small, so that the pages load fast.
const LARGEST_LOGO: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    branding: BrandingInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BrandingInput {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    accent_color: Option<String>,
    #[serde(default)]
    accent_color_dark: Option<String>,
    #[serde(default)]
    logo: Option<String>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Branding>> {
    let given = request.branding;
    let logo = given.logo.as_deref().map(image).transpose()?;
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let now = change.at();
    let mut pool = change.pool().await?;
    let before = pool.branding.clone();
    pool.branding = store::pools::Branding {
        display_name: given.display_name,
        accent_color: given.accent_color,
        accent_color_dark: given.accent_color_dark,
        page_color: None,
        page_color_dark: None,
        logo_version: logo.as_ref().map(|(_, image)| images::version(image)),
    };
    let logo = logo.as_ref().map(|(kind, image)| (*kind, image.as_slice()));
    let answer = Branding::of(&pool, logo);
    if pool.branding == before {
        return change.unchanged(answer).await;
    }
    store::pools::update_branding(&mut change, &pool, logo, now).await?;
    change.commit(Event::PoolBrandingSet.of_pool(), answer).await
}

/// Decodes an image, and determines its type.
fn image(base64: &str) -> Result<(&'static str, Vec<u8>)> {
    let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    let Ok(image) = BASE64_STANDARD.decode(base64) else { return refuse("Logo must be base64.") };
    if image.len() > LARGEST_LOGO {
        return refuse("Logo must not have more than 16384 bytes.");
    }
    match images::content_type(&image) {
        Some(kind) => Ok((kind, image)),
        None => refuse("Logo must be a PNG, JPEG, WebP or SVG image."),
    }
}
