//! `GET /oauth2/authorize` (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2; docs/cognito.md 7.1).
//!
//! If the browser's sign-in satisfies the request and `prompt` demands no page, the browser is redirected to the
//! application at once. Otherwise it is redirected to the sign-in page or, if the request has `prompt=none`, to the
//! application with an error.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    app::App,
    error::Result,
    flows::oauth::authorization::{self, Prompt},
    http::{
        pages,
        visit::{self, Visit},
    },
};

/// The maximum size, in bytes, of a request that is sent as a form. Its fields become the query of a URL.
pub(super) const LONGEST: usize = 32 * 1024;

pub async fn get(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/authorize", authorize, pages::refuse).await
}

/// Answers an authorization request that is sent as a form (OpenID Connect Core, section 3.1.2.1).
///
/// The browser is redirected to the same request as a `GET`, because browsers do not send Keystead's cookies along with
/// another site's form.
pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/authorize", again, pages::refuse).await
}

async fn again(visit: Rc<Visit>) -> Result<HttpResponse> {
    let query = visit.form.text(&[], &[]);
    if query.len() > LONGEST {
        return Ok(pages::not_for_us(&visit, "The request is too long."));
    }
    Ok(pages::see_other(&format!("/oauth2/authorize?{query}")))
}

async fn authorize(visit: Rc<Visit>) -> Result<HttpResponse> {
    let named = match pages::client_of(&visit).await? {
        Ok(named) => named,
        Err(refusal) => return Ok(refusal),
    };
    let asked = match authorization::check(&visit.app, named, &visit.query).await {
        Ok(asked) => asked,
        Err(fault) => return pages::faulty(&visit, fault),
    };
    let browser = match pages::cookies::browser(&visit, &asked.named.pool.id).await {
        Ok(browser) => browser,
        Err(error) => return Ok(pages::found(&asked.failure(&error))),
    };
    let satisfied = browser.filter(|browser| asked.may_reuse(&visit.app, browser));
    let granted = match (asked.prompt, satisfied) {
        (Prompt::Default | Prompt::None, Some(browser)) => asked.grant(&visit.app, &visit.context, &browser).await,
        _ => None,
    };
    Ok(match (granted, asked.prompt) {
        (Some(address), _) => pages::found(&address),
        (None, Prompt::None) => {
            pages::found(&asked.answer.error("login_required", "the person is not signed in, or not as asked for"))
        }
        (None, _) => pages::found(&format!("/login?{}", visit.query.text(&[], &[]))),
    })
}
