//! `GET /logout` (docs/cognito.md 7.5): signs the browser out and redirects it to the application or to the sign-in
//! page, as the application's parameters say.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    app::App,
    error::Result,
    flows::{
        oauth::authorization::{self, Fault},
        sessions::browser,
    },
    http::{
        pages,
        visit::{self, Visit},
    },
};

pub async fn get(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "logout", logout, pages::refuse).await
}

async fn logout(visit: Rc<Visit>) -> Result<HttpResponse> {
    let named = match pages::client_of(&visit).await? {
        Ok(named) => named,
        Err(refusal) => return Ok(refusal),
    };
    if let Some(name) = visit.query.repeated() {
        return Ok(pages::not_for_us(&visit, &format!("The parameter {name} stands more than once in the address.")));
    }
    let settings = &named.client.settings;
    // In OpenID Connect RP-Initiated Logout, `logout_uri` is called `post_logout_redirect_uri`.
    let logout_uri = visit.query.given("logout_uri").or_else(|| visit.query.given("post_logout_redirect_uri"));
    let to = match (logout_uri, visit.query.given("redirect_uri")) {
        (Some(uri), _) if settings.list("LogoutURLs").contains(&uri) => match visit.query.get("state") {
            // As in OpenID Connect RP-Initiated Logout, the application gets its `state` back.
            Some(state) => format!(
                "{uri}{}{}",
                if uri.contains('?') { '&' } else { '?' },
                url::form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish()
            ),
            None => uri.to_owned(),
        },
        (Some(_), _) => {
            return Ok(pages::not_for_us(&visit, "The logout_uri is not one of the app client's sign-out URLs."));
        }
        // Without `logout_uri`, the address contains an authorization request. The browser is redirected to the sign-in
        // page with that request, so that another person can sign in.
        (None, Some(_)) => match authorization::check(&visit.app, named.clone(), &visit.query).await {
            Ok(_) => format!("/login?{}", visit.query.text(&[], &[])),
            Err(Fault::Told(_)) => {
                return Ok(pages::not_for_us(&visit, "The address does not hold a whole authorization request."));
            }
            Err(fault) => return pages::faulty(&visit, fault),
        },
        (None, None) => {
            return Ok(pages::not_for_us(
                &visit,
                "logout_uri is missing from the address, or redirect_uri with response_type.",
            ));
        }
    };
    if let Some(browser) = pages::cookies::browser(&visit, &named.pool.id).await? {
        browser::end(&visit.app, &visit.context, &named.pool.id, &browser.session).await?;
    }
    let mut response = pages::found(&to);
    pages::cookies::forget(&visit, &named.pool.id, &mut response)?;
    Ok(response)
}
