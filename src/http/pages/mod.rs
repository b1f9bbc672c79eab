//! The pages that people see. Every page is made of a [`PageLayout`] and a template, and its response has the headers
//! that `guard` adds.
//!
//! The addresses of [`login`], [`sign_up`], [`forgot`] and [`passkeys`] say which app client a visit is for and where
//! the browser goes afterwards. Both are checked at each visit. [`account`] is the person's own page.

pub(crate) mod account;
pub(crate) mod assets;
mod attribute_input;
mod code_input;
pub(crate) mod confirm_user;
mod confirmation;
pub(crate) mod cookies;
mod dated;
pub(crate) mod forgot;
mod gone;
pub(crate) mod inbox;
pub(crate) mod leave;
pub(crate) mod log_out;
pub(crate) mod login;
pub(crate) mod passkeys;
mod pool;
mod purpose;
mod setup;
pub(crate) mod sign_up;
pub(crate) mod step;
pub(crate) mod well_known;
mod words;

use std::{borrow::Cow, fmt::Write as _, rc::Rc, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};

use self::pool::{PasskeyHost, other_passkey_host};
use super::{
    form_secret::FormSecret,
    visit::{self, Visit},
};
use crate::{
    app::App,
    error::{Error, Result},
    flows::oauth::{
        authorization::{self, Fault},
        fields::Fields,
    },
    random,
    store::{
        clients::ClientAndPool,
        page_settings::Customization,
        pools::{Branding, Pool},
    },
    texts::Texts,
};

/// The message above a page's form.
#[derive(Clone, Serialize, Deserialize)]
pub enum Notice {
    None,
    Good(Cow<'static, str>),
    Problem(Cow<'static, str>),
}

impl Notice {
    fn is_problem(&self) -> bool {
        matches!(self, Self::Problem(_))
    }

    fn is_there(&self) -> bool {
        !matches!(self, Self::None)
    }

    fn text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Good(text) | Self::Problem(text) => text,
        }
    }
}

/// An entry of the language menu: a language that the person can switch to, or the `current` one.
struct OtherLanguage {
    code: &'static str,
    name: Cow<'static, str>,
    href: String,
    current: bool,
}

/// The parts that all pages have in common.
pub struct PageLayout {
    texts: Texts,
    /// The display name of the pool, or Keystead's name.
    name: String,
    logo: Option<String>,
    /// The icon of a pool without a logo.
    icon: &'static str,
    style: String,
    script: &'static str,
    nonce: String,
    form_secret: FormSecret,
    form_token: String,
    /// The address that the page's forms are sent to: the page's own, unless the page sets another.
    action: String,
    /// The query of the page's address, for links to other pages.
    query: String,
    languages: Vec<OtherLanguage>,
    notice: Notice,
    /// Signals for the browser's passkey manager, as JSON.
    signals: Option<String>,
    /// The host on which the pool's passkeys work, if they do not work on the visited one.
    passkey_host: Option<PasskeyHost>,
    /// The link to the development inbox, if there is one.
    inbox: Option<String>,
}

impl PageLayout {
    /// Creates the layout of a page of this pool, or of a page that belongs to no pool.
    fn new(visit: &Visit, pool: Option<&Pool>) -> Self {
        let asked = visit.query.given("lang").or_else(|| visit.query.given("ui_locales"));
        let texts = Texts::choose(asked, visit.header("accept-language"));
        let form_secret = visit.form_secret();
        // Browsers take a path that begins with two slashes or backslashes for the address of another host.
        let mut path = format!("/{}", visit.path.trim_start_matches(['/', '\\']));
        if let Some(id) = visit.step {
            let _ = write!(path, "/{id}");
        }
        // The result of the last action is shown only once, so its parameters are left out.
        let query = visit.query.text(&["done", "gone"], &[]);
        let with_language = |texts: Texts| {
            let query = visit.query.text(&["lang", "ui_locales"], &[("lang", texts.language())]);
            OtherLanguage {
                code: texts.language(),
                name: texts.say("language-name"),
                // If the page is the response to a form, the link leads to what `GET` shows at this path.
                href: format!("{path}?{query}"),
                current: texts.language() == asked_language(visit),
            }
        };
        let action = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        Self {
            name: pool.map_or_else(
                || "Keystead".into(),
                |pool| pool.branding.display_name.clone().unwrap_or_else(|| pool.name.clone()),
            ),
            logo: pool.and_then(|pool| logo(pool, visit.customization())),
            icon: assets::ICON,
            style: assets::style(pool.map(|pool| colors(pool, visit.customization())).as_ref()),
            script: assets::script_path(),
            nonce: BASE64_STANDARD_NO_PAD.encode(random::bytes::<16>()),
            form_token: form_secret.token(&visit.app.sealing),
            form_secret,
            action,
            query,
            languages: Texts::all().map(with_language).collect(),
            notice: Notice::None,
            signals: None,
            passkey_host: pool.and_then(|pool| other_passkey_host(visit, pool)),
            inbox: None,
            texts,
        }
    }

    fn say(&self, id: &str) -> Cow<'static, str> {
        self.texts.say(id)
    }

    fn say1(&self, id: &str, name: &'static str, value: impl AsRef<str>) -> Cow<'static, str> {
        self.texts.say1(id, name, value)
    }

    /// Returns the address of another page, with the query of this page.
    fn link(&self, path: &str) -> String {
        if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query) }
    }
}

/// Returns the address of the logo: that of the app client, or else that of the pool.
fn logo(pool: &Pool, customization: Option<&Customization>) -> Option<String> {
    if let Some(Customization { id, branding: Branding { logo_version: Some(version), .. } }) = customization {
        return Some(format!("/assets/logo/{}/{id}/{version}", pool.id));
    }
    Some(format!("/assets/logo/{}/{}", pool.id, pool.branding.logo_version.as_ref()?))
}

/// Returns the colors: those of the app client, or else those of the pool. Colors for light and for dark pages belong
/// together, so they never come from both.
fn colors(pool: &Pool, customization: Option<&Customization>) -> Branding {
    let mut colors = pool.branding.clone();
    if let Some(own) = customization.map(|customization| &customization.branding) {
        if own.accent_color.is_some() || own.accent_color_dark.is_some() {
            colors.accent_color.clone_from(&own.accent_color);
            colors.accent_color_dark.clone_from(&own.accent_color_dark);
        }
        colors.page_color.clone_from(&own.page_color);
        colors.page_color_dark.clone_from(&own.page_color_dark);
    }
    colors
}

fn asked_language(visit: &Visit) -> &'static str {
    let asked = visit.query.given("lang").or_else(|| visit.query.given("ui_locales"));
    Texts::choose(asked, visit.header("accept-language")).language()
}

/// Returns the response with a page. Its headers make sure that the page runs only our script, cannot be framed or
/// cached, and does not tell other sites its address.
fn page(visit: &Visit, status: u16, frame: &PageLayout, template: &impl Template) -> Result<HttpResponse> {
    let html = template.render().map_err(Error::internal)?;
    let nonce = &frame.nonce;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CONTENT_LANGUAGE, frame.texts.language()))
        .body(html);
    guard(&mut response);
    cookies::keep(visit, &frame.form_secret, &mut response)?;
    Ok(response)
}

/// Adds the headers that all responses of the pages have.
fn guard(response: &mut HttpResponse) {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // With "no-referrer", browsers would hide the origin of our own forms from us.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::HeaderName::from_static("permissions-policy"),
            "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()",
        ),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
}

/// Redirects the browser to another address.
pub fn found(address: &str) -> HttpResponse {
    let mut response = HttpResponse::Found().insert_header((header::LOCATION, &*in_ascii(address))).finish();
    guard(&mut response);
    response
}

/// Like [`found`], but after a form: the browser requests the next page with `GET`.
pub fn see_other(address: &str) -> HttpResponse {
    let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, &*in_ascii(address))).finish();
    guard(&mut response);
    response
}

/// Encodes an address as ASCII for a header. An application's callback URL may contain other characters, and a client
/// that decodes them differently would go to another address (RFC 9110 section 10.2.2).
fn in_ascii(address: &str) -> Cow<'_, str> {
    match url::Url::parse(address) {
        Ok(url) if !address.is_ascii() => String::from(url).into(),
        _ => address.into(),
    }
}

struct Back {
    href: String,
    label: Cow<'static, str>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    f: &'a PageLayout,
    title: Cow<'static, str>,
    text: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    back: Option<Back>,
}

/// Shows an error in plain words.
pub fn refuse(visit: &Visit, error: &Error) -> HttpResponse {
    let frame = PageLayout::new(visit, None);
    let text = words::explaining(&frame.texts, error);
    let status = match error {
        Error::TooManyRequests(_) => 429,
        Error::Forbidden(_) => 403,
        other => other.status(),
    };
    let message = Message {
        title: frame.say("went-wrong"),
        text,
        detail: Some(frame.say1("error-request-id", "id", visit.context.request_id.to_string())),
        back: None,
        f: &frame,
    };
    page(visit, status, &frame, &message).unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

/// Answers an invalid request of an application. Shows the error to the person and redirects nowhere.
pub fn not_for_us(visit: &Visit, why: &str) -> HttpResponse {
    let frame = PageLayout::new(visit, None);
    let message = Message {
        title: frame.say("not-for-us"),
        text: frame.say("not-for-us-what"),
        // This is for the application's developers.
        detail: Some(with_what_came(visit, why).into()),
        back: None,
        f: &frame,
    };
    page(visit, 400, &frame, &message).unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

/// The longest value that an error repeats, in characters.
const LONGEST_REPEATED: usize = 500;

/// On a development server, adds to the reason of a refusal what the application sent. A public server does not repeat
/// what anybody may have put into an address.
fn with_what_came(visit: &Visit, why: &str) -> String {
    let mut lines = vec![why.to_owned()];
    if inbox::link(visit).is_some() {
        let came = ["client_id", "redirect_uri"].into_iter().filter_map(|name| Some((name, visit.query.given(name)?)));
        lines.extend(came.map(|(name, value)| {
            let value: String = value.chars().take(LONGEST_REPEATED).collect();
            format!("{name}: {value}")
        }));
    }
    lines.join("\n")
}

/// Answers a browser that opens an address without a route.
pub async fn nowhere(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "nowhere", show_nowhere, refuse).await
}

async fn show_nowhere(visit: Rc<Visit>) -> Result<HttpResponse> {
    let frame = PageLayout::new(&visit, None);
    let back = inbox::link(&visit).map(|href| Back { href, label: frame.say("open-inbox") });
    let (title, text) = (frame.say("nowhere"), frame.say("nowhere-what"));
    page(&visit, 404, &frame, &Message { f: &frame, title, text, detail: None, back })
}

/// Returns the app client that a visit names, or the response that refuses the visit. A visit is refused if it names no
/// existing client, or if it comes through the domain of another pool. The callers use nothing of the client before
/// this check.
pub async fn client_of(visit: &Visit) -> Result<Result<Arc<ClientAndPool>, HttpResponse>> {
    client_in(visit, &visit.query).await
}

/// Like [`client_of`], for the app client that these fields name.
pub async fn client_in(visit: &Visit, fields: &Fields) -> Result<Result<Arc<ClientAndPool>, HttpResponse>> {
    let (client_id, pool_id) = match authorization::client(&visit.app, fields).await {
        Ok(found) => found,
        Err(fault) => return faulty(visit, fault).map(Err),
    };
    visit.concerns_pool(&pool_id)?;
    let named = match visit.begin(&pool_id, client_id).await {
        Ok(named) => named,
        Err(error) => return faulty(visit, authorization::without_client(error)).map(Err),
    };
    Ok(match other_domain(visit, &named.pool.id).await? {
        Some(refusal) => Err(refusal),
        None => Ok(named),
    })
}

/// Returns the response to a faulty request of an application.
pub fn faulty(visit: &Visit, fault: Fault) -> Result<HttpResponse> {
    match fault {
        Fault::Told(address) => Ok(found(&address)),
        Fault::Shown(text) => Ok(not_for_us(visit, &text)),
        Fault::Internal(error) => Err(error),
    }
}

/// Returns the response that refuses the visit, if it came through the domain of another pool.
async fn other_domain(visit: &Visit, pool_id: &str) -> Result<Option<HttpResponse>> {
    let other = visit.is_under_another_domain(pool_id).await?;
    Ok(other.then(|| not_for_us(visit, "This domain belongs to another user pool than the app client.")))
}
