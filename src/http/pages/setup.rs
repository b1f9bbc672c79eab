//! The page that sets up an authenticator app, both during a sign-in that requires it and from the account page.

use actix_web::HttpResponse;
use askama::Template;

use super::{PageLayout, purpose::broken_form};
use crate::{error::Result, http::visit::Visit};

#[derive(Template)]
#[template(path = "login_setup.html")]
struct SetupPage<'a> {
    f: PageLayout,
    username: &'a str,
    session: &'a str,
    secret: &'a str,
    /// The key for an app on the same device, as a link (Key URI format of Google Authenticator).
    address: String,
    /// The QR code with this address, as SVG.
    qr: String,
    /// Whether the page was opened from the account page and links back to it.
    back: bool,
}

impl SetupPage<'_> {
    /// Returns the key in groups of four characters, which are easier to read and to type.
    fn groups(&self) -> impl Iterator<Item = &str> {
        (0..self.secret.len()).step_by(4).filter_map(|at| self.secret.get(at..(at + 4).min(self.secret.len())))
    }
}

/// Shows the key of an authenticator app, as text, as a link and as a QR code.
pub fn page(
    visit: &Visit,
    status: u16,
    f: PageLayout,
    username: &str,
    session: &str,
    secret: &str,
    back: bool,
) -> Result<HttpResponse> {
    // After a wrong code, the key comes back from the form. A person who changes it there affects only their own page,
    // so only its length and its characters are checked.
    if secret.len() > 128 || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(broken_form());
    }
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, account) = (encode(&f.name), encode(username));
    let address = format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", encode(secret));
    // With long names, the data may not fit into a QR code. So the page also shows the key as text.
    let code = qrcode::QrCode::with_error_correction_level(address.as_bytes(), qrcode::EcLevel::L).ok();
    let picture = code.map(|code| code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build());
    let picture = picture.unwrap_or_default();
    // This removes the XML declaration, which only a separate file needs, and adds an accessible name.
    let picture = picture.split_once("<svg").map_or(String::new(), |(_, rest)| {
        format!(r#"<svg role="img" aria-label="{}"{rest}"#, f.say("set-up-app-picture"))
    });
    let template = SetupPage { f, username, session, secret, address, qr: picture, back };
    super::page(visit, status, &template.f, &template)
}
