//! SetUICustomization: replaces the style sheet and the logo of an app client's pages, or of all clients that have none
//! of their own (`ClientId` `ALL`). Without both, the customization is removed.
//!
//! The pages use the colors of the classes `submitButton-customizable` and `background-customizable`; the rest of the
//! style sheet is only given back.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUICustomization.html>

use serde::Deserialize;
use serde_json::{Map, json};
use time::{OffsetDateTime, macros::format_description};

use super::{CustomizationOutput, css, decoded, images};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    random,
    store::{
        self,
        audit::Event,
        page_settings::{ALL_CLIENTS, Kind, Look, PageSettings},
    },
};

/// The maximum size of a logo in bytes.
const LARGEST_LOGO: usize = 131_072;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(rename = "CSS", default)]
    css: Option<String>,
    #[serde(default)]
    image_file: Option<String>,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<CustomizationOutput>> {
    let css = request.css.filter(|css| !css.is_empty());
    let logo = request.image_file.as_deref().filter(|image| !image.is_empty()).map(image).transpose()?;
    let (pool_id, client_id) = (&request.user_pool_id, request.client_id.as_deref().unwrap_or(ALL_CLIENTS));
    let mut change = operator.begin(app, context, pool_id).await?;
    // This also locks what the customization belongs to, so that requests at the same time follow each other.
    change.pool().await?;
    if client_id != ALL_CLIENTS && !store::clients::lock(&mut change, pool_id, client_id).await? {
        return Err(Error::no_such_client(client_id));
    }
    let before = store::page_settings::find(&mut *change, pool_id, Kind::UiCustomization, client_id).await?;
    let event = Event::UiCustomizationSet.of(client_id);
    if css.is_none() && logo.is_none() {
        let Some(before) = before else { return change.unchanged(CustomizationOutput::none()).await };
        store::page_settings::delete(&mut change, pool_id, &[Kind::UiCustomization], before.id).await?;
        return change.commit(event, CustomizationOutput::none()).await;
    }
    let now = change.at();
    let mut branding = css.as_deref().map(css::colors).unwrap_or_default();
    branding.logo_version = logo.as_ref().map(|(_, image)| images::version(image));
    let mut settings = Map::new();
    settings.extend(css.map(|css| ("CSS".to_owned(), json!(css))));
    settings.extend(branding.logo_version.as_ref().map(|version| ("ImageVersion".to_owned(), json!(version))));
    let same = |before: &&PageSettings| {
        ["CSS", "ImageVersion"].iter().all(|name| before.settings.get(*name) == settings.get(*name))
    };
    if let Some(before) = before.as_ref().filter(same) {
        return change.unchanged(CustomizationOutput::of(app, pool_id, before.clone())).await;
    }
    settings.insert("CSSVersion".to_owned(), json!(version(now)?));
    let look = Look { branding: Some(branding), logo };
    let row = PageSettings {
        id: before.as_ref().map_or_else(random::uuid, |before| before.id),
        kind: Kind::UiCustomization.text().to_owned(),
        client_id: client_id.to_owned(),
        settings: settings.into(),
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: now,
    };
    match before {
        Some(_) => store::page_settings::update(&mut change, pool_id, &row, &look).await?,
        None => store::page_settings::insert(&mut change, pool_id, &row, &look).await?,
    };
    let answer = CustomizationOutput::of(app, pool_id, row);
    change.commit(event, answer).await
}

/// Decodes the logo, and determines its type.
fn image(base64: &str) -> Result<(&'static str, Vec<u8>)> {
    let image = decoded(base64, "ImageFile")?;
    if image.len() > LARGEST_LOGO {
        return Err(Error::InvalidParameter(format!("ImageFile must not have more than {LARGEST_LOGO} bytes.").into()));
    }
    match images::content_type(&image) {
        Some(kind) => Ok((kind, image)),
        None => Err(Error::InvalidParameter("ImageFile must be a PNG, JPEG, WebP or SVG image.".into())),
    }
}

/// The version of a style sheet: the time when it was set.
fn version(now: OffsetDateTime) -> Result<String> {
    now.format(format_description!("[year][month][day][hour][minute][second]")).map_err(Error::internal)
}
