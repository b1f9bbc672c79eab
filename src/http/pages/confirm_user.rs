//! `/confirmUser`: where the link of a sign-up's mail leads (`DefaultEmailOption` is `CONFIRM_WITH_LINK`).
//!
//! `GET` shows a button and changes nothing, because programs that look at mail follow links too; `POST` confirms. Where
//! the password may be somebody else's it first asks for one ([`Chosen::ByWhoHasTheLink`]).

use std::{borrow::Cow, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::Bytes;
use serde_json::Map;

use super::{Frame, Notice, page, words};
use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        fields::Fields,
        messages, password,
        sign_up::{self, Chosen, Confirmation, Confirmed},
        triggers::Cause,
    },
    http::visit::{self, Visit},
    sealing::equal,
    secret::Secret,
    store::users::Status,
    wire,
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
    f: Frame,
    title: Cow<'static, str>,
    text: Cow<'static, str>,
    form: Option<Link>,
    /// What a password must be like that is asked for along with the link.
    policy: Option<String>,
}

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "confirmUser", show, super::refuse).await
}

/// The form needs no token of the browser's: the link's own signature says that it is from here, and it may be opened in a
/// mail program that keeps no cookies.
async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let f = Frame::new(visit, None);
    if !visit.is_form() {
        return match Link::of(&visit.query) {
            Some(link) => {
                let (title, text) = (f.say("confirm-account"), f.say("confirm-link"));
                let template = LinkPage { f, title, text, form: Some(link), policy: None };
                page(visit, 200, &template.f, &template)
            }
            None => told(visit, 400, "not-confirmed", f.say("confirm-link-incomplete")),
        };
    }
    let Some(link) = Link::of(&visit.form) else {
        return told(visit, 400, "not-confirmed", f.say("confirm-link-incomplete"));
    };
    match redeem(visit, &link).await {
        Ok(Done::Now) => told(visit, 200, "confirmed", f.say("account-confirmed")),
        Ok(Done::NotYet(policy, notice)) => {
            let mut f = f;
            f.notice = notice;
            let (title, text) = (f.say("confirm-account"), f.say("confirm-link-password"));
            let status = if f.notice.is_problem() { 400 } else { 200 };
            let template = LinkPage { f, title, text, form: Some(link), policy: Some(policy) };
            page(visit, status, &template.f, &template)
        }
        Ok(Done::Before) => told(visit, 200, "confirmed", f.say("confirm-link-before")),
        Err(error @ (Error::Internal(_) | Error::Forbidden(_) | Error::TooManyRequests(_))) => Err(error),
        Err(Error::LimitExceeded(text)) => {
            let busy = words::of(&f.texts, &Error::LimitExceeded(text));
            told(visit, 400, "not-confirmed", busy)
        }
        Err(Error::InvalidParameter(_)) => told(visit, 400, "not-confirmed", f.say("confirm-link-incomplete")),
        Err(_) => told(visit, 400, "not-confirmed", f.say("confirm-link-failed")),
    }
}

/// A page that says something and asks nothing.
fn told(visit: &Visit, status: u16, title: &str, text: Cow<'static, str>) -> Result<HttpResponse> {
    let f = Frame::new(visit, None);
    let template = LinkPage { title: f.say(title), text, form: None, policy: None, f };
    page(visit, status, &template.f, &template)
}

/// When the account was confirmed.
enum Done {
    Now,
    /// Whoever signed up chose a password elsewhere: a new one is asked for, which is to be like this.
    NotYet(String, Notice),
    /// Whoever opens a good link again is told so.
    Before,
}

async fn redeem(visit: &Visit, link: &Link) -> Result<Done> {
    let app = &visit.app;
    let signature = messages::link_signature(app, &link.client_id, &link.user_name, &link.confirmation_code);
    if !equal(signature.as_bytes(), link.signature.as_bytes()) {
        return Err(Error::InvalidParameter("the link is not complete".into()));
    }
    let pool_id = app.pool_of_client(&link.client_id).await?;
    visit.concerns_pool(&pool_id)?;
    let named = app.client_with_pool(&pool_id, &link.client_id).await?;
    let metadata = Map::new();
    let cause = Cause { app, pool: &named.pool, client_id: &named.client.id, metadata: &metadata };
    let (_turn, user) = sign_up::named(app, &named, &link.user_name).await?;
    if user.as_ref().is_some_and(|user| user.enabled && user.status == Status::Confirmed) {
        return Ok(Done::Before);
    }
    let policy = &named.pool.settings.policies.password_policy;
    let ask = |notice: Notice| Ok(Done::NotYet(words::policy(&Frame::new(visit, None).texts, policy), notice));
    let password = match (visit.form.given("password"), &user) {
        (Some(given), Some(user)) => {
            let texts = Frame::new(visit, None).texts;
            // The API's own limits, which this does not go through.
            if !wire::is_password(given) {
                return ask(Notice::Problem(texts.say("error-password")));
            }
            if password::check_policy(policy, given).is_err() {
                return ask(Notice::Problem(texts.say1(
                    "error-password-policy",
                    "policy",
                    words::policy(&texts, policy),
                )));
            }
            Some(password::new(app, &named.pool, user.sub, &user.username, Secret::from(given.to_owned())).await?)
        }
        _ => None,
    };
    let confirmation = Confirmation {
        username: &link.user_name,
        code: &link.confirmation_code,
        force_alias_creation: false,
        session: None,
        password: Chosen::ByWhoHasTheLink(password.as_ref()),
    };
    let call = visit.call_of("ConfirmSignUp", Bytes::new());
    match sign_up::confirm(&cause, &call, &named.client, user, &confirmation).await? {
        Confirmed::PasswordNeeded => ask(Notice::None),
        Confirmed::Done(_) | Confirmed::WithoutPassword => Ok(Done::Now),
    }
}
