//! The cookies of the pages.
//!
//! - One cookie per pool says that the browser is signed in ([`crate::flows::sessions::browser`]).
//! - One cookie, set with the first page, ties forms to the browser that requested them. Each form carries a token
//!   derived from this cookie. So no other site can send such a form, and a form made for another browser is not
//!   accepted.
//!
//! If the public URL is https, all these cookies have the prefix `__Host-`. Then no other host, and no page without
//! TLS, can set them (RFC 6265bis). On http://localhost they cannot have the prefix, because not every browser counts
//! that address as secure.

use actix_web::{
    HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};

use crate::{
    admission,
    budgets::Kind,
    error::{Error, Result},
    flows::sessions::browser::{self, Browser, NewBrowser},
    http::{
        form_secret::{self, FormSecret},
        visit::Visit,
    },
    sealing::equal,
};

pub fn is_secure(visit: &Visit) -> bool {
    visit.app.public_url.starts_with("https://")
}

pub fn name(visit: &Visit, what: &str) -> String {
    form_secret::cookie_name(&visit.app.public_url, what)
}

pub fn cookie<'c>(visit: &Visit, name: String, value: String) -> Cookie<'c> {
    Cookie::build(name, value).path("/").http_only(true).secure(is_secure(visit)).same_site(SameSite::Lax).finish()
}

pub fn put(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<()> {
    response.add_cookie(cookie).map_err(|cause| Error::internal(cause.to_string()))
}

/// Returns the visiting browser if it is signed in to this pool. Takes the request from the user's budget.
pub async fn browser(visit: &Visit, pool_id: &str) -> Result<Option<Browser>> {
    let found = match (visit.begun_in(pool_id), visit.cookie(&name(visit, pool_id))) {
        (Some(begun), _) => begun.browser.clone(),
        (None, Some(cookie)) => browser::find(&visit.app, pool_id, cookie).await?,
        (None, None) => None,
    };
    if let Some(browser) = &found {
        admission::proved(admission::bearer(pool_id, browser.session.sub, browser.session.origin_jti));
        visit.app.budgets.spend_user(browser.session.sub, browser.session.origin_jti, Kind::Read)?;
    }
    Ok(found)
}

/// Returns the visiting browser if it is signed in to any pool.
pub async fn any_browser(visit: &Visit) -> Result<Option<Browser>> {
    let mut found = None;
    // At most eight cookies are checked. A browser is signed in to few pools, so a visitor that sends more cookies is not
    // a browser.
    for pool_id in pools(visit).into_iter().take(8) {
        if let Some(signed_in) = browser(visit, pool_id).await? {
            found = Some(signed_in);
        }
    }
    Ok(found)
}

/// Returns the IDs of the pools for which the browser has a cookie.
fn pools(visit: &Visit) -> Vec<&str> {
    let prefix = name(visit, "");
    let pools = visit.cookie_names().filter_map(|name| name.strip_prefix(&prefix));
    pools.filter(|pool| pool.contains('_') && pool.len() <= 55).collect()
}

/// Signs the browser in. Also replaces its form cookie, so that someone who knew the previous one cannot use it after
/// the sign-in.
pub fn remember(visit: &Visit, pool_id: &str, new: &NewBrowser, response: &mut HttpResponse) -> Result<()> {
    let mut session = cookie(visit, name(visit, pool_id), new.cookie.clone());
    let opened = &new.browser.session;
    session.set_max_age(Duration::seconds((opened.expires_at - opened.auth_time).whole_seconds()));
    put(response, &session)?;
    put(response, &cookie(visit, name(visit, "form"), form_secret::new()))
}

/// Removes the cookie that says that the browser is signed in to this pool.
pub fn forget(visit: &Visit, pool_id: &str, response: &mut HttpResponse) -> Result<()> {
    let mut gone = cookie(visit, name(visit, pool_id), String::new());
    gone.set_max_age(Duration::ZERO);
    put(response, &gone)
}

/// Sends the form secret to the browser if it is new.
pub fn keep(visit: &Visit, secret: &FormSecret, response: &mut HttpResponse) -> Result<()> {
    if secret.is_new { put(response, &cookie(visit, name(visit, "form"), secret.value.clone())) } else { Ok(()) }
}

/// Whether a form comes from a page that this server sent to this browser.
///
/// The form's token must fit the browser's cookie. Most browsers also send headers that say where a form comes from. If
/// such a header names another site, the form is refused whatever its token is.
pub fn is_own_form(visit: &Visit) -> bool {
    let foreign = visit.header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let other_origin = visit.header("origin").is_some_and(|origin| {
        // A form of this server's own pages has the same host in `Origin` as in `Host`. The public URL is accepted as
        // well, because a proxy may replace `Host`.
        let called = origin.split_once("://").map(|(_, host)| host);
        called != visit.header("host") && origin != visit.app.public_url
    });
    let secret = visit.form_secret();
    let token = visit.form.get("form_token").unwrap_or_default();
    !foreign && !other_origin && !secret.is_new && equal(token.as_bytes(), secret.token(&visit.app.sealing).as_bytes())
}
