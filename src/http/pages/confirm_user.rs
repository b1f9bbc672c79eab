//! `/confirmUser`: where the link of a sign-up's mail leads (`DefaultEmailOption` is `CONFIRM_WITH_LINK`).
//!
//! `GET` shows a button and changes nothing, because programs that look at mail follow links too; `POST` confirms. Where
//! the password may be somebody else's it first asks for one ([`Chosen::LinkHolder`]).

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
        triggers::Cause,
    },
    http::visit::{self, Visit},
    sealing::equal,
    store::{clients::ClientAndPool, users::Status},
};

/// What the link carries.
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
    /// What a password must be like that is asked for along with the link.
    policy: Option<String>,
    /// Where who is confirmed signs in.
    sign_in: Option<String>,
}

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "confirmUser", show, super::refuse).await
}

/// The form needs no token of the browser's: the link's own signature says that it is from here, and it may be opened in a
/// mail program that keeps no cookies.
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

/// Where who is called so signs in. An application may have pages of its own only.
fn sign_in(named: &ClientAndPool, name: &str, f: &PageLayout) -> Option<String> {
    let to = [("client_id", &*named.client.id), ("login_hint", name), ("lang", f.texts.language())];
    let to = to.into_iter().filter(|(_, value)| !value.is_empty());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(to).extend_pairs(pool::invitation(&named.pool)).finish();
    authorization::has_pages(named).then(|| format!("/login?{query}"))
}

/// Says why nothing was confirmed. Who signs in all the same gets another message.
fn failed(visit: &Visit, named: Option<&ClientAndPool>, error: Error) -> Result<HttpResponse> {
    let f = PageLayout::new(visit, named.map(|named| &named.pool));
    let text = match error {
        Error::Internal(_) | Error::Forbidden(_) | Error::TooManyRequests(_) => return Err(error),
        Error::LimitExceeded(_) => words::of(&f.texts, &error),
        Error::InvalidParameter(_) => f.say("confirm-link-incomplete"),
        _ => f.say("confirm-link-failed"),
    };
    let sign_in = named.and_then(|named| sign_in(named, "", &f));
    let template = LinkPage { title: f.say("not-confirmed"), text, form: None, policy: None, sign_in, f };
    page(visit, 400, &template.f, &template)
}

/// The app client that a link is of, and its pool, if the link is from here.
async fn named(visit: &Visit, link: &Link) -> Result<Arc<ClientAndPool>> {
    let app = &visit.app;
    let signature = messages::link_signature(app, &link.client_id, &link.user_name, &link.confirmation_code);
    if !equal(signature.as_bytes(), link.signature.as_bytes()) {
        return Err(Error::InvalidParameter("the link is not complete".into()));
    }
    let pool_id = app.pool_of_client(&link.client_id).await?;
    visit.concerns_pool(&pool_id)?;
    app.client_with_pool(&pool_id, &link.client_id).await
}

/// When the account was confirmed, and the name to sign in with.
enum Done {
    Now(String),
    /// Whoever signed up chose a password elsewhere: a new one is asked for.
    NotYet(Notice),
    /// Whoever opens a good link again is told so.
    Before(String),
}

async fn redeem(visit: &Visit, named: &ClientAndPool, link: &Link) -> Result<Done> {
    let app = &visit.app;
    let metadata = Map::new();
    let cause = Cause { app, pool: &named.pool, client_id: &named.client.id, metadata: &metadata };
    let (_turn, user) = sign_up::named(app, &visit.context, named, &link.user_name).await?;
    // Who signs in by an address is called by a number inside; what the address is now is not an old link's to tell.
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
        // The signature says that nobody guesses.
        code: Given { purpose: Purpose::SignUp, code: &link.confirmation_code, by: None },
        force_alias_creation: false,
        session: None,
        password: Chosen::LinkHolder(password.as_ref()),
    };
    let context = visit.context_of("ConfirmSignUp");
    match sign_up::confirm(&cause, &context, &named.client, user, &confirmation).await? {
        Confirmed::PasswordNeeded => Ok(Done::NotYet(Notice::None)),
        Confirmed::Done { address, .. } => Ok(Done::Now(if by_address { address } else { name() })),
    }
}
