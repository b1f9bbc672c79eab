//! The cookies of the pages.
//!
//! - One per pool says that the browser is signed in ([`crate::flows::browser`]).
//! - One, made with the first page, ties forms to the browser that asked for them: each form carries a token derived from it,
//!   so that no other site can send one (and none that was made for another browser is accepted).
//!
//! Behind https both have the prefix `__Host-`: no other host, and no page without TLS, can set them (RFC 6265bis). On
//! http://localhost they cannot have it, because not every browser counts that as secure.

use actix_web::{
    HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    admission,
    budgets::Kind,
    error::{Error, Result},
    flows::browser::{self, Browser, NewBrowser},
    http::visit::Visit,
    random,
    sealing::equal,
};

fn is_secure(visit: &Visit) -> bool {
    visit.app.public_url.starts_with("https://")
}

fn name(visit: &Visit, what: &str) -> String {
    if is_secure(visit) { format!("__Host-keystead-{what}") } else { format!("keystead-{what}") }
}

fn cookie<'c>(visit: &Visit, name: String, value: String) -> Cookie<'c> {
    Cookie::build(name, value).path("/").http_only(true).secure(is_secure(visit)).same_site(SameSite::Lax).finish()
}

fn put(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<()> {
    response.add_cookie(cookie).map_err(|cause| Error::internal(cause.to_string()))
}

/// The browser that visits, if it is signed in to this pool.
pub async fn browser(visit: &Visit, pool_id: &str) -> Result<Option<Browser>> {
    let Some(cookie) = visit.cookie(&name(visit, pool_id)) else { return Ok(None) };
    let found = browser::find(&visit.app, pool_id, cookie).await?;
    if let Some(browser) = &found {
        admission::proved(admission::bearer(pool_id, browser.session.sub, browser.session.origin_jti));
        visit.app.budgets.spend_user(browser.session.sub, browser.session.origin_jti, Kind::Read)?;
    }
    Ok(found)
}

/// The pools that the browser has a cookie of.
pub fn pools(visit: &Visit) -> Vec<&str> {
    let prefix = name(visit, "");
    let pools = visit.cookie_names().filter_map(|name| name.strip_prefix(&prefix));
    pools.filter(|pool| pool.contains('_') && pool.len() <= 55).collect()
}

/// Signs the browser in. Its form cookie is a new one too: what was known of the browser before is worth nothing after.
pub fn remember(visit: &Visit, pool_id: &str, new: &NewBrowser, response: &mut HttpResponse) -> Result<()> {
    let mut session = cookie(visit, name(visit, pool_id), new.cookie.clone());
    session.set_max_age(Duration::seconds(browser::LIFETIME.whole_seconds()));
    put(response, &session)?;
    put(response, &cookie(visit, name(visit, "form"), new_secret()))
}

/// Takes the cookie of a pool away.
pub fn forget(visit: &Visit, pool_id: &str, response: &mut HttpResponse) -> Result<()> {
    let mut gone = cookie(visit, name(visit, pool_id), String::new());
    gone.set_max_age(Duration::ZERO);
    put(response, &gone)
}

/// What ties forms to a browser.
pub struct FormSecret {
    value: String,
    is_new: bool,
}

fn new_secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

impl FormSecret {
    /// The browser's, or a new one.
    pub fn of(visit: &Visit) -> Self {
        let given = visit.cookie(&name(visit, "form")).filter(|value| value.len() == 43);
        Self { value: given.map_or_else(new_secret, str::to_owned), is_new: given.is_none() }
    }

    /// The token that forms carry.
    pub fn token(&self, visit: &Visit) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(visit.app.sealing.derive("form token", self.value.as_bytes()))
    }

    /// What the browser is known by where something is to be done by the same one only.
    pub fn mark(&self, visit: &Visit) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(visit.app.sealing.derive("browser", self.value.as_bytes()))
    }

    /// Gives a new one to the browser.
    pub fn keep(&self, visit: &Visit, response: &mut HttpResponse) -> Result<()> {
        if self.is_new { put(response, &cookie(visit, name(visit, "form"), self.value.clone())) } else { Ok(()) }
    }
}

/// Whether a form comes from a page that this browser got from here. Browsers also say so themselves; what they say to the
/// contrary is believed.
pub fn is_own_form(visit: &Visit) -> bool {
    let foreign = visit.header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let other_origin = visit.header("origin").is_some_and(|origin| {
        // As the browser calls this server; a proxy may call it otherwise.
        let called = origin.split_once("://").map(|(_, host)| host);
        called != visit.header("host") && origin != visit.app.public_url
    });
    let secret = FormSecret::of(visit);
    let token = visit.form.get("form_token").unwrap_or_default();
    !foreign && !other_origin && !secret.is_new && equal(token.as_bytes(), secret.token(visit).as_bytes())
}
