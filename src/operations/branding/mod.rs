//! How the pages of app clients look: UI customizations (of the classic hosted UI) and styles of managed login.
//!
//! Keystead has one set of pages, which takes colors and a logo from both kinds. All settings are stored and given back.

pub(crate) mod create_managed_login_branding;
mod css;
pub(crate) mod delete_managed_login_branding;
pub(crate) mod describe_managed_login_branding;
pub(crate) mod describe_managed_login_branding_by_client;
pub(crate) mod get_ui_customization;
pub(crate) mod images;
pub(crate) mod set_ui_customization;
mod style;
pub(crate) mod update_managed_login_branding;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    app::App,
    clock::epoch_seconds,
    error::{Error, Result},
    store::page_settings::PageSettings,
};

/// Returns settings as they were given, with what the service adds: `id` is the name of the member with their ID.
pub(super) fn shown(pool_id: &str, id: &str, found: PageSettings) -> Map<String, Value> {
    let mut out = match found.settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    out.insert(id.into(), json!(found.id));
    out.insert("UserPoolId".into(), json!(pool_id));
    out.insert("CreationDate".into(), json!(epoch_seconds(found.created_at)));
    out.insert("LastModifiedDate".into(), json!(epoch_seconds(found.updated_at)));
    out
}

/// The output of the operations on a style of managed login.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BrandingOutput {
    managed_login_branding: Map<String, Value>,
}

impl BrandingOutput {
    fn of(pool_id: &str, found: PageSettings) -> Self {
        Self { managed_login_branding: shown(pool_id, "ManagedLoginBrandingId", found) }
    }
}

/// The output of GetUICustomization and SetUICustomization.
#[derive(Serialize)]
pub struct CustomizationOutput {
    #[serde(rename = "UICustomization")]
    customization: Map<String, Value>,
}

impl CustomizationOutput {
    /// Nothing is set: an empty structure.
    fn none() -> Self {
        Self { customization: Map::new() }
    }

    fn of(app: &App, pool_id: &str, found: PageSettings) -> Self {
        let (id, client_id) = (found.id, found.client_id.clone());
        let mut out = shown(pool_id, "ClientId", found);
        out.insert("ClientId".into(), json!(client_id));
        if let Some(version) = out.remove("ImageVersion").as_ref().and_then(Value::as_str) {
            out.insert("ImageUrl".into(), json!(format!("{}/assets/logo/{pool_id}/{id}/{version}", app.public_url)));
        }
        Self { customization: out }
    }
}

/// Decodes the bytes of a member.
fn decoded(base64: &str, member: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD.decode(base64).map_err(|_| Error::InvalidParameter(format!("{member} must be base64.").into()))
}

/// Reads an ID. The service model's pattern allows only UUIDs.
fn parsed(id: &str) -> Result<Uuid> {
    id.parse().map_err(|_| no_such_style(id))
}

fn no_such_style(id: &str) -> Error {
    Error::ResourceNotFound(format!("Managed login branding {id} does not exist.").into())
}
