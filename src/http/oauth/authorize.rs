//! `GET /oauth2/authorize` (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2; W§7): back to the application at once
//! where the browser is signed in, to the sign-in page otherwise.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    app::App,
    error::Result,
    flows::authorization::{self, Fault, Prompt},
    http::{
        pages,
        visit::{self, Visit},
    },
};

/// Bytes of a request that came as a form, at most: it goes on as an address.
const LONGEST: usize = 16 * 1024;

pub async fn get(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/authorize", authorize, pages::refuse).await
}

/// The same by a form (OpenID Connect Core, section 3.1.2.1): as if it had been asked for by address, because browsers keep
/// their cookies back from another site's form.
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
    let asked = match authorization::check(&visit.app, &visit.query).await {
        Ok(asked) => asked,
        Err(Fault::Told(address)) => return Ok(pages::found(&address)),
        Err(Fault::Shown(text)) => return Ok(pages::not_for_us(&visit, &text)),
        Err(Fault::Internal(error)) => return Err(error),
    };
    visit.concerns_pool(&asked.named.pool.id)?;
    if let Some(refusal) = pages::other_domain(&visit, &asked.named.pool.id).await? {
        return Ok(refusal);
    }
    let browser = match pages::cookies::browser(&visit, &asked.named.pool.id).await {
        Ok(browser) => browser,
        Err(error) => return Ok(pages::found(&asked.failure(&error))),
    };
    let satisfied = browser.filter(|browser| asked.is_satisfied_by(&visit.app, browser));
    let granted = match (asked.prompt, satisfied) {
        (Prompt::Default | Prompt::None, Some(browser)) => asked.grant(&visit.app, &browser).await,
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
