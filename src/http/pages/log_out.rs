//! The page that asks whether to sign out, if the application that led here did not show for whom it asks.

use actix_web::HttpResponse;
use askama::Template;

use super::{PageLayout, page};
use crate::{
    error::Result,
    flows::{accounts::names, sessions::browser::Browser},
    http::visit::Visit,
    store::clients::ClientAndPool,
};

#[derive(Template)]
#[template(path = "log_out.html")]
struct LogOutPage<'a> {
    f: PageLayout,
    username: &'a str,
    account: String,
}

pub fn ask(visit: &Visit, named: &ClientAndPool, browser: &Browser) -> Result<HttpResponse> {
    let f = PageLayout::new(visit, Some(&named.pool));
    let username = names::shown(&named.pool, &browser.user);
    let template = LogOutPage { f, username, account: format!("/account?client_id={}", named.client.id) };
    page(visit, 200, &template.f, &template)
}
