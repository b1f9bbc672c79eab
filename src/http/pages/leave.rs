//! The way from the pages back to the application.
//!
//! A form is answered with a page that goes on by itself, and not with a redirect: browsers apply the policy for a
//! page's forms (`form-action`) to all redirects that follow, including those of the application itself
//! (docs/decisions/0044). The button is for browsers that open an application by its own URI scheme only after a click.

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderValue},
};
use askama::Template;

use super::{PageLayout, found, page, see_other};
use crate::{http::visit::Visit, store::pools::Pool};

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    f: PageLayout,
    address: &'a str,
}

/// Sends the browser to an address of the application.
pub fn to_application(visit: &Visit, pool: &Pool, address: &str) -> HttpResponse {
    if !visit.is_form() {
        return found(address);
    }
    let f = PageLayout::new(visit, Some(pool));
    let template = LeavePage { address: &super::in_ascii(address), f };
    match page(visit, 200, &template.f, &template) {
        Ok(mut response) => {
            let hidden = HeaderValue::from_static("no-referrer");
            response.headers_mut().insert(header::REFERRER_POLICY, hidden);
            response
        }
        Err(_) => see_other(address),
    }
}
