//! The pages that people see. Every page is a [`PageLayout`] around what its template says; every answer carries the same headers.
//!
//! [`login`], [`sign_up`], [`forgot`] and [`passkeys`] belong to an application's request, which stands in their address and
//! is checked each time; [`account`] is the person's own.

pub(crate) mod account;
pub(crate) mod assets;
mod attribute_input;
pub(crate) mod confirm_user;
mod confirmation;
pub(crate) mod cookies;
pub(crate) mod forgot;
mod gone;
pub(crate) mod inbox;
pub(crate) mod login;
pub(crate) mod passkeys;
mod pool;
mod purpose;
mod setup;
pub(crate) mod sign_up;
mod words;

use std::{borrow::Cow, rc::Rc, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use super::{
    form_secret::FormSecret,
    visit::{self, Visit},
};
use crate::{
    app::App,
    error::{Error, Result},
    flows::oauth::authorization::{self, Fault},
    random,
    store::{clients::ClientAndPool, pools::Pool},
    texts::Texts,
};

/// What is said above a page's form.
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

/// A language that the person may change to.
struct OtherLanguage {
    code: &'static str,
    name: Cow<'static, str>,
    href: String,
    current: bool,
}

/// What every page has.
pub struct PageLayout {
    texts: Texts,
    /// The pool's, or Keystead's.
    name: String,
    logo: Option<String>,
    style: String,
    script: &'static str,
    nonce: String,
    form_secret: FormSecret,
    form_token: String,
    /// Where the page's forms go: its own address.
    action: String,
    /// The address's query, for links to other pages.
    query: String,
    languages: Vec<OtherLanguage>,
    notice: Notice,
    /// For the browser's passkey manager, as JSON.
    signals: Option<String>,
    /// Where a development server's messages are.
    inbox: Option<String>,
    /// Where forms may lead besides to Keystead: back to the application.
    form_targets: String,
}

impl PageLayout {
    /// The frame of a page of this pool, or of none.
    fn new(visit: &Visit, pool: Option<&Pool>) -> Self {
        let asked = visit.query.given("lang").or_else(|| visit.query.given("ui_locales"));
        let texts = Texts::choose(asked, visit.header("accept-language"));
        let form_secret = visit.form_secret();
        // Browsers take what begins with two slashes, of either kind, for an address of another host.
        let path = format!("/{}", visit.path.trim_start_matches(['/', '\\']));
        // What was done last is said once.
        let query = visit.query.text(&["done", "gone"], &[]);
        let with_language = |texts: Texts| {
            let query = visit.query.text(&["lang", "ui_locales"], &[("lang", texts.language())]);
            OtherLanguage {
                code: texts.language(),
                name: texts.say("language-name"),
                // A page that a form led to is begun again.
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
            logo: pool.and_then(|pool| {
                let version = pool.branding.logo_version.as_ref()?;
                Some(format!("/assets/logo/{}/{version}", pool.id))
            }),
            style: assets::style(pool.map(|pool| &pool.branding)),
            script: assets::script_path(),
            nonce: BASE64_STANDARD_NO_PAD.encode(random::bytes::<16>()),
            form_token: form_secret.token(&visit.app.sealing),
            form_secret,
            action,
            query,
            languages: Texts::all().map(with_language).collect(),
            notice: Notice::None,
            signals: None,
            inbox: None,
            form_targets: String::new(),
            texts,
        }
    }

    fn say(&self, id: &str) -> Cow<'static, str> {
        self.texts.say(id)
    }

    fn say1(&self, id: &str, name: &'static str, value: impl AsRef<str>) -> Cow<'static, str> {
        self.texts.say1(id, name, value)
    }

    /// Another page of the same request.
    fn link(&self, path: &str) -> String {
        if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query) }
    }

    /// Lets forms lead back to the application.
    fn leads_to(&mut self, redirect_uri: &str) {
        // An application may send its person on to another host of its own, which some browsers count as this form's doing.
        self.form_targets = match redirect_uri.split_once(':') {
            Some(("https", _)) => " https:".into(),
            Some(("http", _)) => url::Url::parse(redirect_uri)
                .map(|url| format!(" {}", url.origin().ascii_serialization()))
                .unwrap_or_default(),
            Some((scheme, _)) => format!(" {scheme}:"),
            None => String::new(),
        };
    }
}

fn asked_language(visit: &Visit) -> &'static str {
    let asked = visit.query.given("lang").or_else(|| visit.query.given("ui_locales"));
    Texts::choose(asked, visit.header("accept-language")).language()
}

/// Answers with a page: it runs nothing but the one script, is framed by nobody, is kept by no cache, and tells no other
/// site where it was.
fn page(visit: &Visit, status: u16, frame: &PageLayout, template: &impl Template) -> Result<HttpResponse> {
    let html = template.render().map_err(Error::internal)?;
    let nonce = &frame.nonce;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'{}; frame-ancestors 'none'; base-uri 'none'",
        frame.form_targets
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

/// Headers of every answer of the pages.
fn guard(response: &mut HttpResponse) {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // Not "no-referrer": then the forms' own origin would be hidden from us too.
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

/// On to another address.
pub fn found(address: &str) -> HttpResponse {
    let mut response = HttpResponse::Found().insert_header((header::LOCATION, &*in_ascii(address))).finish();
    guard(&mut response);
    response
}

/// The same after a form: the browser asks for the next page anew.
pub fn see_other(address: &str) -> HttpResponse {
    let mut response = HttpResponse::SeeOther().insert_header((header::LOCATION, &*in_ascii(address))).finish();
    guard(&mut response);
    response
}

/// An address as a header holds it: what else is in an application's callback URL is encoded, or whoever reads it in another
/// character set goes elsewhere (RFC 9110 section 10.2.2).
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

/// What goes wrong, in plain words.
pub fn refuse(visit: &Visit, error: &Error) -> HttpResponse {
    let frame = PageLayout::new(visit, None);
    let text = words::of(&frame.texts, error);
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

/// A request that is not one of an application's: the person is told, and sent nowhere.
pub fn not_for_us(visit: &Visit, why: &str) -> HttpResponse {
    let frame = PageLayout::new(visit, None);
    let message = Message {
        title: frame.say("not-for-us"),
        text: frame.say("not-for-us-what"),
        // For the application's developers.
        detail: Some(why.to_owned().into()),
        back: None,
        f: &frame,
    };
    page(visit, 400, &frame, &message).unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

/// Any other address, for who opens it in a browser.
pub async fn nowhere(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "nowhere", show_nowhere, refuse).await
}

async fn show_nowhere(visit: Rc<Visit>) -> Result<HttpResponse> {
    let frame = PageLayout::new(&visit, None);
    let back = inbox::link(&visit).map(|href| Back { href, label: frame.say("open-inbox") });
    let (title, text) = (frame.say("nowhere"), frame.say("nowhere-what"));
    page(&visit, 404, &frame, &Message { f: &frame, title, text, detail: None, back })
}

/// The app client that a visit is of; or the answer to one that is of none, or comes under the domain of another pool. Nothing
/// of the client's is used before.
pub async fn client_of(visit: &Visit) -> Result<Result<Arc<ClientAndPool>, HttpResponse>> {
    let named = match authorization::client(&visit.app, &visit.query).await {
        Ok(named) => named,
        Err(fault) => return faulty(visit, fault).map(Err),
    };
    visit.concerns_pool(&named.pool.id)?;
    Ok(match other_domain(visit, &named.pool.id).await? {
        Some(refusal) => Err(refusal),
        None => Ok(named),
    })
}

/// The answer to a request that is refused.
pub fn faulty(visit: &Visit, fault: Fault) -> Result<HttpResponse> {
    match fault {
        Fault::Told(address) => Ok(found(&address)),
        Fault::Shown(text) => Ok(not_for_us(visit, &text)),
        Fault::Internal(error) => Err(error),
    }
}

/// Refuses a visit under the domain of another pool.
async fn other_domain(visit: &Visit, pool_id: &str) -> Result<Option<HttpResponse>> {
    let other = visit.is_under_another_domain(pool_id).await?;
    Ok(other.then(|| not_for_us(visit, "This domain belongs to another user pool than the app client.")))
}
