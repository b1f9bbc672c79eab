//! The assets of the pages: the style sheet, the script, and the pools' logos. The style sheet is part of each page, so
//! that the browser draws the page without waiting for another request.
//!
//! Two more files are served for applications: a script that informs passkey managers, and the list of related origins.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

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

/// Returns the style sheet with the pool's colors.
pub fn style(branding: Option<&Branding>) -> String {
    let mut style = STYLE.to_owned();
    let colors = branding.map(|branding| (branding.accent_color.as_deref(), branding.accent_color_dark.as_deref()));
    let (light, dark) = colors.unwrap_or((None, None));
    // If the pool has no color for dark pages, they use its color for light pages. Links have the pool's color only if
    // it can be read on the page's background.
    let rule = |color: &str, card: &str| {
        let ink = if contrast(color, "#000000") > contrast(color, "#ffffff") { "#000" } else { "#fff" };
        let link = if contrast(color, card) >= 4.5 { color } else { "var(--ink)" };
        format!(":root{{--accent:{color};--accent-ink:{ink};--link:{link}}}")
    };
    if let Some(color) = light {
        style.push_str(&rule(color, DARKEST_LIGHT_PAGE));
    }
    if let Some(color) = dark.or(light) {
        style.push_str(&format!("@media (prefers-color-scheme: dark){{{}}}", rule(color, LIGHTEST_DARK_PAGE)));
    }
    style
}

/// The backgrounds on which text is hardest to read, in the light and in the dark style.
const DARKEST_LIGHT_PAGE: &str = "#f4f5f8";
const LIGHTEST_DARK_PAGE: &str = "#1b1e25";

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

/// `GET /assets/logo/{user_pool_id}/{version}`
pub async fn logo(request: HttpRequest, app: web::Data<App>, path: web::Path<(String, String)>) -> HttpResponse {
    let (pool_id, _) = path.into_inner();
    let address = match arrival::admitted(&request, &app) {
        Ok(address) => address,
        Err(refusal) => return HttpResponse::build(address::status_of(&refusal)).finish(),
    };
    if pool_id.contains('\0') {
        return HttpResponse::Forbidden().finish();
    }
    match work::read(&app, (address, Some(pool_id.clone())), async move |app| {
        store::pools::logo(&app.db, &pool_id).await
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
    }

    #[test]
    fn the_script_for_applications_is_small() {
        assert!(SIGNALS.len() <= 2048, "{}", SIGNALS.len());
    }
}
