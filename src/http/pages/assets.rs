//! The assets of the pages: the style sheet, the script, and the pools' logos. The style sheet is part of each page, so
//! that the browser draws the page without waiting for another request.
//!
//! Two more files are served for applications: a script that informs passkey managers, and the list of related origins.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    app::App,
    http::{address, arrival, work},
    sealing::sha256,
    store,
    store::pools::Branding,
};

const STYLE: &str = include_str!("../../../assets/pages.css");
const SCRIPT: &str = include_str!("../../../assets/pages.js");
const SIGNALS: &str = include_str!("../../../assets/keystead-passkeys.js");

/// The icon of a page in the browser's tab: a key, in Keystead's color.
pub const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%233347c2'/%3E%3Cg fill='none' stroke='%23fff' stroke-width='1.6'%3E%3Ccircle cx='5.5' cy='8' r='2.2'/%3E%3Cpath d='M7.7 8H13v2.4M10.6 8v1.8'/%3E%3C/g%3E%3C/svg%3E";

static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&sha256(SCRIPT.as_bytes())[..9]);
    format!("/assets/pages.js?v={hash}")
});

/// Returns the path of the pages' script. The path contains a hash, so that a changed script has another address.
pub fn script_path() -> &'static str {
    &SCRIPT_PATH
}

/// Returns the style sheet with the colors of the pool or the app client.
pub fn style(branding: Option<&Branding>) -> String {
    let mut style = STYLE.to_owned();
    let Some(branding) = branding else { return style };
    let light = branding.accent_color.as_deref();
    // If there is no color for dark pages, they use the color for light pages.
    let dark = branding.accent_color_dark.as_deref().or(light);
    style.push_str(&LIGHT.rule(light, branding.page_color.as_deref()));
    let rule = DARK.rule(dark, branding.page_color_dark.as_deref());
    if !rule.is_empty() {
        style.push_str(&format!("@media (prefers-color-scheme: dark){{{rule}}}"));
    }
    style
}

/// The colors of the light or the dark style sheet that text and its background have.
struct Scheme {
    ink: &'static str,
    soft: &'static str,
    link: &'static str,
    /// The background on which text is hardest to read.
    page: &'static str,
}

const LIGHT: Scheme = Scheme { ink: "#16181d", soft: "#565d6b", link: "#3347c2", page: "#f4f5f8" };
const DARK: Scheme = Scheme { ink: "#eceef3", soft: "#a7aebd", link: "#8fa2ff", page: "#1b1e25" };

impl Scheme {
    /// Returns the rule that sets these colors; empty if there are none. A background on which text cannot be read is
    /// left out. Links have the accent color only if it can be read on the page.
    fn rule(&self, accent: Option<&str>, page: Option<&str>) -> String {
        let readable = |text: &str, page: &str| contrast(text, page) >= 4.5;
        let page = page.filter(|page| readable(self.ink, page) && readable(self.soft, page));
        let mut rule = String::new();
        if let Some(accent) = accent {
            let ink = if contrast(accent, "#000000") > contrast(accent, "#ffffff") { "#000" } else { "#fff" };
            rule.push_str(&format!("--accent:{accent};--accent-ink:{ink};"));
        }
        if let Some(page) = page {
            rule.push_str(&format!("--page:{page};"));
        }
        if rule.is_empty() {
            return rule;
        }
        let link = accent.unwrap_or(self.link);
        let is_read = readable(link, self.page) && page.is_none_or(|page| readable(link, page));
        format!(":root{{{rule}--link:{}}}", if is_read { link } else { "var(--ink)" })
    }
}

/// Returns how readable one color (`#rrggbb`) is on another, as a contrast ratio from 1 to 21 (WCAG 2).
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns a color's relative luminance (WCAG 2).
fn luminance(color: &str) -> f64 {
    let channel = |at: usize| {
        let value = color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// `GET /assets/pages.js`
pub async fn script() -> HttpResponse {
    served(SCRIPT, "public, max-age=31536000, immutable")
}

/// `GET /assets/keystead-passkeys.js`: for applications that have their own pages.
pub async fn signals() -> HttpResponse {
    let mut response = served(SIGNALS, "public, max-age=3600");
    let any = header::HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    let policy = header::HeaderValue::from_static("cross-origin");
    response.headers_mut().insert(header::HeaderName::from_static("cross-origin-resource-policy"), policy);
    response
}

fn served(script: &'static str, cached: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/javascript; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, cached))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(script)
}

/// `GET /assets/logo/{user_pool_id}/{version}`: the logo of a pool.
pub async fn logo(request: HttpRequest, app: web::Data<App>, path: web::Path<(String, String)>) -> HttpResponse {
    image(request, app, path.into_inner().0, None).await
}

/// `GET /assets/logo/{user_pool_id}/{id}/{version}`: the logo of a UI customization or a style.
pub async fn logo_of_client(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, Uuid, String)>,
) -> HttpResponse {
    let (pool_id, id, _) = path.into_inner();
    image(request, app, pool_id, Some(id)).await
}

async fn image(request: HttpRequest, app: web::Data<App>, pool_id: String, id: Option<Uuid>) -> HttpResponse {
    let address = match arrival::admitted(&request, &app) {
        Ok(address) => address,
        Err(refusal) => return HttpResponse::build(address::status_of(&refusal)).finish(),
    };
    if pool_id.contains('\0') {
        return HttpResponse::Forbidden().finish();
    }
    match work::read(&app, (address, Some(pool_id.clone())), async move |app| match id {
        Some(id) => store::page_settings::logo(&app.db, &pool_id, id).await,
        None => store::pools::logo(&app.db, &pool_id).await,
    })
    .await
    {
        Ok(Some((content_type, image))) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, content_type))
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            // An SVG image that is opened by itself must not run scripts.
            .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"))
            .body(image),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_a_colour_and_in_it_can_be_read() {
        assert!(
            (contrast("#000000", "#ffffff") - 21.0).abs() < 0.01 && (contrast("#777777", "#777777") - 1.0).abs() < 0.01
        );
        let style_of = |color: &str| style(Some(&Branding { accent_color: Some(color.into()), ..Branding::default() }));
        assert!(style_of("#ffcc00").contains(":root{--accent:#ffcc00;--accent-ink:#000;--link:var(--ink)}"));
        assert!(style_of("#0b6e4f").contains(":root{--accent:#0b6e4f;--accent-ink:#fff;--link:#0b6e4f}"));
        assert!(style_of("#0b6e4f").contains("dark){:root{--accent:#0b6e4f;--accent-ink:#fff;--link:var(--ink)}}"));
        // A page's background is used if all text on it can be read.
        let page = |color: &str| style(Some(&Branding { page_color: Some(color.into()), ..Branding::default() }));
        assert!(page("#ffffff").ends_with(":root{--page:#ffffff;--link:#3347c2}"));
        assert!(page("#ffe08a").ends_with(":root{--page:#ffe08a;--link:#3347c2}"));
        assert_eq!([page("#111111"), page("#777777")], [STYLE, STYLE]);
        assert!(STYLE.contains(LIGHT.ink) && STYLE.contains(LIGHT.soft) && STYLE.contains(LIGHT.link));
        assert!(STYLE.contains(DARK.ink) && STYLE.contains(DARK.soft) && STYLE.contains(DARK.link));
    }

    #[test]
    fn the_script_for_applications_is_small() {
        assert!(SIGNALS.len() <= 2048, "{}", SIGNALS.len());
    }
}
