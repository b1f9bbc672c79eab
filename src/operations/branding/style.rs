//! A style of managed login: its settings and assets, and what of them the pages show.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{decoded, images};
use crate::{
    error::{Error, Result},
    store::{page_settings::Look, pools::Branding},
};

/// The most assets of a style, as in one request of the service model.
const MOST_ASSETS: usize = 40;
/// The most characters that all assets of a style have in base64. Amazon Cognito limits requests to 2 MB, and a style
/// may be made of several.
const LARGEST_ASSETS: usize = 4 * 1024 * 1024;

/// The most bytes of a style's settings, as JSON. An update adds to them.
const LARGEST_SETTINGS: usize = 256 * 1024;

/// What a request says about a style, and what the database stores of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Style {
    #[serde(default)]
    pub use_cognito_provided_values: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
}

/// The service model's `AssetType`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asset {
    category: String,
    color_mode: String,
    extension: String,
    /// The image in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

impl Style {
    /// Checks what a request says about a style.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
        if self.use_cognito_provided_values && (self.settings.is_some() || !self.assets.is_empty()) {
            return refuse("UseCognitoProvidedValues: with true, leave Settings and Assets out.");
        }
        if self.settings.as_ref().is_some_and(|settings| !settings.is_object()) {
            return refuse("Settings must be a JSON object.");
        }
        for asset in &self.assets {
            asset.image()?;
        }
        self.check_size()
    }

    fn check_size(&self) -> Result<()> {
        if self.settings.as_ref().is_some_and(|settings| settings.to_string().len() > LARGEST_SETTINGS) {
            let text = format!("Settings: a style may have {LARGEST_SETTINGS} bytes of them.");
            return Err(Error::InvalidParameter(text.into()));
        }
        let size: usize = self.assets.iter().filter_map(|asset| asset.bytes.as_ref()).map(String::len).sum();
        if self.assets.len() > MOST_ASSETS || size > LARGEST_ASSETS {
            let text = format!(
                "Assets: a style may have {MOST_ASSETS} assets, and {LARGEST_ASSETS} characters of them in base64."
            );
            return Err(Error::InvalidParameter(text.into()));
        }
        Ok(())
    }

    /// Applies an update: settings that it does not have stay, and so do assets of other categories and color modes.
    pub fn updated(self, update: Self) -> Result<Self> {
        if update.use_cognito_provided_values {
            return Ok(update);
        }
        let mut style = Self { use_cognito_provided_values: false, ..self };
        match (&mut style.settings, update.settings) {
            (Some(settings), Some(new)) => merge(settings, new),
            (settings, Some(new)) => *settings = Some(new),
            (_, None) => {}
        }
        for new in update.assets {
            match style.assets.iter_mut().find(|asset| asset.is_replaced_by(&new)) {
                Some(asset) => *asset = new,
                None => style.assets.push(new),
            }
        }
        style.check_size()?;
        Ok(style)
    }

    /// Returns what the pages show: the colors of the primary button and of the page, and a logo.
    pub fn look(&self) -> Result<Look> {
        if self.use_cognito_provided_values {
            return Ok(Look::default());
        }
        let logo = self.logo()?;
        let color = |path: &str| color(self.settings.as_ref()?.pointer(path)?.as_str()?);
        let branding = Branding {
            display_name: None,
            accent_color: color("/components/primaryButton/lightMode/defaults/backgroundColor"),
            accent_color_dark: color("/components/primaryButton/darkMode/defaults/backgroundColor"),
            page_color: color("/components/pageBackground/lightMode/color"),
            page_color_dark: color("/components/pageBackground/darkMode/color"),
            logo_version: logo.as_ref().map(|(_, image)| images::version(image)),
        };
        Ok(Look { branding: Some(branding), logo })
    }

    /// Returns the logo of the form, or else of the page's header, unless the settings hide it. The pages have one logo
    /// for light and dark, so the one for light pages is preferred.
    fn logo(&self) -> Result<Option<(&'static str, Vec<u8>)>> {
        for (category, enabled) in [
            ("FORM_LOGO", "/components/form/logo/enabled"),
            ("PAGE_HEADER_LOGO", "/components/pageHeader/logo/enabled"),
        ] {
            let hidden =
                self.settings.as_ref().and_then(|settings| settings.pointer(enabled)) == Some(&Value::Bool(false));
            let mut logos: Vec<_> = self.assets.iter().filter(|asset| asset.category == category && !hidden).collect();
            logos.sort_by_key(|asset| asset.color_mode == "DARK");
            for asset in logos {
                if let Some(image) = asset.image()?
                    && let Some(kind) = images::content_type(&image)
                {
                    return Ok(Some((kind, image)));
                }
            }
        }
        Ok(None)
    }
}

impl Asset {
    fn image(&self) -> Result<Option<Vec<u8>>> {
        self.bytes.as_deref().map(|bytes| decoded(bytes, "Assets.Bytes")).transpose()
    }

    fn is_replaced_by(&self, new: &Self) -> bool {
        (&self.category, &self.color_mode, &self.resource_id) == (&new.category, &new.color_mode, &new.resource_id)
    }
}

/// Puts the members of one JSON object into another, and so on for the objects in it.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name).or_insert(Value::Object(Map::new())), value);
            }
        }
        (old, new) => *old = new,
    }
}

/// Reads a color of the settings: `rrggbbaa`. Only opaque colors are used.
fn color(text: &str) -> Option<String> {
    let (color, alpha) = text.split_at_checked(6)?;
    let is_hex = color.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && (alpha.is_empty() || alpha.eq_ignore_ascii_case("ff")))
        .then(|| format!("#{}", color.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_opaque_colors_are_used() {
        assert_eq!(color("0972D3ff").as_deref(), Some("#0972d3"));
        assert_eq!(color("0972d3").as_deref(), Some("#0972d3"));
        for bad in ["0972d380", "0972d", "0972d3ff0", "zzzzzzff", "#0972d3", "ääää", "}body{x", ""] {
            assert_eq!(color(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let style = |value: Value| serde_json::from_value::<Style>(value).unwrap();
        let asset = |category: &str, mode: &str, bytes: &str| json!({"Category": category, "ColorMode": mode, "Extension": "PNG", "Bytes": bytes});
        let old = style(
            json!({"Settings": {"a": {"b": 1, "c": [1, 2]}, "d": 2}, "Assets": [asset("FORM_LOGO", "LIGHT", "AAAA")]}),
        );
        let update = style(json!({"Settings": {"a": {"c": [3]}, "d": {"e": 4}},
            "Assets": [asset("FORM_LOGO", "LIGHT", "BBBB"), asset("FORM_LOGO", "DARK", "CCCC")]}));
        let new = old.clone().updated(update).unwrap();
        assert_eq!(new.settings, Some(json!({"a": {"b": 1, "c": [3]}, "d": {"e": 4}})));
        let images: Vec<_> = new.assets.iter().filter_map(|asset| asset.bytes.as_deref()).collect();
        assert_eq!(images, ["BBBB", "CCCC"]);
        assert_eq!(old.clone().updated(Style::default()).unwrap(), old);
        let provided = style(json!({"UseCognitoProvidedValues": true}));
        assert_eq!(old.updated(provided.clone()).unwrap(), provided);
    }
}
