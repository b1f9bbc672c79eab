//! `/logout` (docs/cognito.md 7.5, OpenID Connect RP-Initiated Logout 1.0): signs the browser out and redirects it to the
//! application or to the sign-in page, as the application's parameters say.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::authorize::LONGEST;
use crate::{
    app::App,
    error::Result,
    flows::{
        oauth::{
            authorization::{self, Fault},
            fields::Fields,
            logout_hint::{self, Hint},
        },
        sessions::browser,
    },
    http::{
        pages,
        visit::{self, Visit},
    },
    store::clients::ClientAndPool,
};

pub async fn get(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "logout", |visit| logout(visit, false), pages::refuse).await
}

/// Answers the form of the page that asks, and requests that an application sends as a form (section 2).
///
/// The browser is redirected to an application's request as a `GET`, because browsers do not send Keystead's cookies
/// along with another site's form.
pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "logout", posted, pages::refuse).await
}

async fn posted(visit: Rc<Visit>) -> Result<HttpResponse> {
    if visit.form.get("step") == Some("sign_out") && pages::cookies::is_own_form(&visit) {
        return logout(visit, true).await;
    }
    let query = visit.form.text(&["form_token", "step"], &[]);
    let query = if query.is_empty() { visit.query.text(&[], &[]) } else { query };
    if query.len() > LONGEST {
        return Ok(pages::not_for_us(&visit, "The request is too long."));
    }
    Ok(pages::see_other(&format!("/logout?{query}")))
}

/// `agreed` says whether the person was asked.
async fn logout(visit: Rc<Visit>, agreed: bool) -> Result<HttpResponse> {
    let hint = match visit.query.given("id_token_hint") {
        None => None,
        Some(token) => match logout_hint::verify(&visit.app, token).await? {
            Hint::Genuine(hint) => Some(hint),
            // A retired key is removed after a day. Then the person is asked, as if there were no hint.
            Hint::Outdated => None,
            Hint::Foreign => {
                return Ok(pages::not_for_us(&visit, "The id_token_hint is not an ID token of this server."));
            }
        },
    };
    let by_hint = hint.as_ref().filter(|_| visit.query.given("client_id").is_none());
    let named = match by_hint {
        Some(hint) => {
            let query =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("client_id", &hint.client_id).finish();
            pages::client_in(&visit, &Fields::parse(query.as_bytes())).await?
        }
        None => {
            // Every parameter is optional (section 2): then the app client is the one that the browser signed in through.
            if visit.query.given("client_id").is_none()
                && let Some(browser) = pages::cookies::any_browser(&visit).await?
            {
                let query = visit.query.text(&["client_id"], &[("client_id", &browser.session.client_id)]);
                return Ok(pages::see_other(&format!("/logout?{query}")));
            }
            pages::client_of(&visit).await?
        }
    };
    let named = match named {
        Ok(named) => named,
        Err(refusal) => return Ok(refusal),
    };
    if let Some(name) = visit.query.repeated() {
        return Ok(pages::not_for_us(&visit, &format!("The parameter {name} stands more than once in the address.")));
    }
    if hint.as_ref().is_some_and(|hint| hint.client_id != named.client.id) {
        return Ok(pages::not_for_us(&visit, "The id_token_hint belongs to another app client than client_id."));
    }
    let to = match target(&visit, &named).await? {
        Ok(to) => to,
        Err(refusal) => return Ok(refusal),
    };
    if let Some(browser) = pages::cookies::browser(&visit, &named.pool.id).await? {
        // With Amazon Cognito's parameters, nobody is asked.
        let given = |name: &str| visit.query.given(name).is_some();
        let is_cognitos = given("logout_uri") || (given("redirect_uri") && !given("post_logout_redirect_uri"));
        let is_theirs = hint.is_some_and(|hint| hint.sub == browser.session.sub);
        if !(is_cognitos || is_theirs || agreed) {
            return pages::log_out::ask(&visit, &named, &browser);
        }
        browser::end(&visit.app, &visit.context, &named.pool.id, &browser.session).await?;
    }
    let is_ours = to.starts_with('/');
    let mut response = match is_ours {
        true if agreed => pages::see_other(&to),
        true => pages::found(&to),
        false => pages::leave::to_application(&visit, &named.pool, &to),
    };
    pages::cookies::forget(&visit, &named.pool.id, &mut response)?;
    Ok(response)
}

/// Returns the address to which the browser goes after the sign-out, or the page that refuses the request.
async fn target(visit: &Visit, named: &std::sync::Arc<ClientAndPool>) -> Result<Result<String, HttpResponse>> {
    let settings = &named.client.settings;
    let logout_uri = visit.query.given("logout_uri").or_else(|| visit.query.given("post_logout_redirect_uri"));
    Ok(match (logout_uri, visit.query.given("redirect_uri")) {
        (Some(uri), _) if settings.list("LogoutURLs").contains(&uri) => Ok(match visit.query.get("state") {
            Some(state) => format!(
                "{uri}{}{}",
                if uri.contains('?') { '&' } else { '?' },
                url::form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish()
            ),
            None => uri.to_owned(),
        }),
        (Some(_), _) => Err(pages::not_for_us(visit, "The logout_uri is not one of the app client's sign-out URLs.")),
        // Without `logout_uri`, the address contains an authorization request. The browser is redirected to the sign-in
        // page with that request, so that another person can sign in.
        (None, Some(_)) => match authorization::check(&visit.app, named.clone(), &visit.query).await {
            Ok(_) => Ok(format!("/login?{}", visit.query.text(&[], &[]))),
            Err(Fault::Told(_)) => {
                Err(pages::not_for_us(visit, "The address does not hold a whole authorization request."))
            }
            Err(fault) => Err(pages::faulty(visit, fault)?),
        },
        (None, None) => Ok(format!("/login?client_id={}&done=signed_out", named.client.id)),
    })
}
