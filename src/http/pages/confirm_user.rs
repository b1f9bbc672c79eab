//! `/confirmUser`: the target of the link in a sign-up mail (`DefaultEmailOption` is `CONFIRM_WITH_LINK`).
//!
//! `GET` shows a button and changes nothing, because programs that scan mail follow links too. `POST` confirms the
//! account. If the stored password may be another person's, the page first asks for a new one ([`Chosen::LinkHolder`]).

use std::{borrow::Cow, rc::Rc, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::Map;

use super::{Notice, PageLayout, page, pool, sign_up::chosen_password, words};
use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        accounts::sign_up::{self, Chosen, Confirmation, Confirmed},
        messages::{self, codes::Given, purpose::Purpose},
        oauth::{authorization, fields::Fields},
        pool_context::PoolContext,
    },
    http::visit::{self, Visit},
    sealing::equal,
    store::{clients::ClientAndPool, users::Status},
};

/// The parameters of the link.
struct Link {
    client_id: String,
    user_name: String,
    confirmation_code: String,
    signature: String,
}

impl Link {
    fn of(fields: &Fields) -> Option<Self> {
        let take = |name: &str| fields.get(name).map(str::to_owned);
        Some(Self {
            client_id: take("client_id")?,
            user_name: take("user_name")?,
            confirmation_code: take("confirmation_code")?,
            signature: take("signature")?,
        })
    }
}

#[derive(Template)]
#[template(path = "confirm_user.html")]
struct LinkPage {
    f: PageLayout,
    title: Cow<'static, str>,
    text: Cow<'static, str>,
    form: Option<Link>,
    /// The rules for the new password, if the page asks for one.
    policy: Option<String>,
    /// The address of the sign-in page, if the page links to it.
    sign_in: Option<String>,
}

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "confirmUser", show, super::refuse).await
}

/// Shows the page, or confirms the account.
///
/// The form needs no token that ties it to the browser. The link's own signature proves that this server made the link,
/// and the link may be opened in a mail program that keeps no cookies.
async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let Some(link) = Link::of(if visit.is_form() { &visit.form } else { &visit.query }) else {
        return failed(visit, None, Error::InvalidParameter("the link is not complete".into()));
    };
    let named = match named(visit, &link).await {
        Ok(named) => named,
        Err(error) => return failed(visit, None, error),
    };
    let mut f = PageLayout::new(visit, Some(&named.pool));
    let title = f.say("confirm-account");
    if !visit.is_form() {
        let text = f.say("confirm-link");
        let template = LinkPage { f, title, text, form: Some(link), policy: None, sign_in: None };
        return page(visit, 200, &template.f, &template);
    }
    let (done, name) = match redeem(visit, &named, &link).await {
        Ok(Done::Now(name)) => ("account-confirmed", name),
        Ok(Done::Before(name)) => ("confirm-link-before", name),
        Ok(Done::NotYet(notice)) => {
            f.notice = notice;
            let text = f.say("confirm-with-password");
            let status = if f.notice.is_problem() { 400 } else { 200 };
            let policy = Some(words::policy(&f.texts, &named.pool.settings.policies.password_policy));
            let template = LinkPage { f, title, text, form: Some(link), policy, sign_in: None };
            return page(visit, status, &template.f, &template);
        }
        Err(error) => return failed(visit, Some(&named), error),
    };
    let sign_in = sign_in(&named, &name, &f);
    let template = LinkPage { title: f.say("confirmed"), text: f.say(done), form: None, policy: None, sign_in, f };
    page(visit, 200, &template.f, &template)
}

/// Returns the address of the sign-in page for the person with this name, or `None` if the app client may not use
/// Keystead's pages.
fn sign_in(named: &ClientAndPool, name: &str, f: &PageLayout) -> Option<String> {
    let to = [("client_id", &*named.client.id), ("login_hint", name), ("lang", f.texts.language())];
    let to = to.into_iter().filter(|(_, value)| !value.is_empty());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(to).extend_pairs(pool::invitation(&named.pool)).finish();
    authorization::has_pages(named).then(|| format!("/login?{query}"))
}

/// Shows why the account was not confirmed. A person who then signs in with the right password is sent a new message.
fn failed(visit: &Visit, named: Option<&ClientAndPool>, error: Error) -> Result<HttpResponse> {
    let f = PageLayout::new(visit, named.map(|named| &named.pool));
    let text = match error {
        Error::Internal(_) | Error::Forbidden(_) | Error::TooManyRequests(_) => return Err(error),
        Error::LimitExceeded(_) => words::explaining(&f.texts, &error),
        Error::InvalidParameter(_) => f.say("confirm-link-incomplete"),
        _ => f.say("confirm-link-failed"),
    };
    let sign_in = named.and_then(|named| sign_in(named, "", &f));
    let template = LinkPage { title: f.say("not-confirmed"), text, form: None, policy: None, sign_in, f };
    page(visit, 400, &template.f, &template)
}

/// Returns the app client that the link names, with its pool. Fails if the signature shows that the link was not made
/// by this server.
async fn named(visit: &Visit, link: &Link) -> Result<Arc<ClientAndPool>> {
    let app = &visit.app;
    let signature = messages::link_signature(app, &link.client_id, &link.user_name, &link.confirmation_code);
    if !equal(signature.as_bytes(), link.signature.as_bytes()) {
        return Err(Error::InvalidParameter("the link is not complete".into()));
    }
    let pool_id = app.pool_of_client(&link.client_id).await?;
    visit.concerns_pool(&pool_id)?;
    visit.begin(&pool_id, &link.client_id).await
}

/// The result of following the link. `Now` and `Before` contain the name to sign in with, or an empty string if the
/// page must not show it.
enum Done {
    Now(String),
    /// The account is not confirmed yet, because the page asks for a new password: another person may have chosen the
    /// stored one. The notice says what is wrong with the new password, if one was entered.
    NotYet(Notice),
    /// The account was already confirmed, and the person opened a valid link again.
    Before(String),
}

async fn redeem(visit: &Visit, named: &ClientAndPool, link: &Link) -> Result<Done> {
    let app = &visit.app;
    let (_turn, user) = sign_up::named(app, &visit.context, named, &link.user_name).await?;
    // In a pool where people sign in with an address, the link contains an internal username, and no name is returned
    // for an account that is confirmed already: an old link must not reveal the user's present address.
    let by_address = !named.pool.settings.username_attributes.is_empty();
    let name = || if by_address { String::new() } else { link.user_name.clone() };
    if user.as_ref().is_some_and(|user| user.enabled && user.status == Status::Confirmed) {
        return Ok(Done::Before(name()));
    }
    let password = match chosen_password(visit, &named.pool) {
        Ok(password) => password,
        Err(problem) => return Ok(Done::NotYet(problem)),
    };
    let confirmation = Confirmation {
        username: &link.user_name,
        // `by` is `None`, because the link's signature shows that the code is not a guess.
        code: Given { purpose: Purpose::SignUp, code: &link.confirmation_code, by: None },
        force_alias_creation: false,
        session: None,
        password: Chosen::LinkHolder(password.as_ref()),
    };
    let (request, metadata) = (visit.context_of("ConfirmSignUp"), Map::new());
    let context = PoolContext::of_client(app, &request, named, &metadata);
    match sign_up::confirm(&context, &named.client, user, &confirmation).await? {
        Confirmed::PasswordNeeded => Ok(Done::NotYet(Notice::None)),
        Confirmed::Done { address, .. } => Ok(Done::Now(if by_address { address } else { name() })),
    }
}
