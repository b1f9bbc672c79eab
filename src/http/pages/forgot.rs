//! `/forgot`: sends a code for a forgotten password, and then accepts the code together with a new password.

use std::{borrow::Cow, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Duration;

use super::{
    Notice, PageLayout,
    attribute_input::plain_name,
    code_input, cookies, page, pool,
    purpose::{PagePurpose, broken_form},
    step::{self, Address, Long, Step},
    words,
};
use crate::{
    app::App,
    error::{Error, Key, Result},
    http::visit::{self, Visit},
};

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "forgot", show, super::refuse).await
}

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage<'a> {
    f: PageLayout,
    label: &'static str,
    username: &'a str,
}

#[derive(Template)]
#[template(path = "forgot_code.html")]
struct CodePage<'a> {
    f: PageLayout,
    username: &'a str,
    to: &'a str,
    sent: Cow<'static, str>,
    policy: String,
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let purpose = match PagePurpose::of(visit).await? {
        Ok(purpose) => purpose,
        Err(answer) => return Ok(answer),
    };
    if !visit.is_form() {
        return match step::current(visit, purpose.named()).await? {
            Some(Ok(step)) => render(visit, &purpose, step.status(), &step),
            Some(Err(elsewhere)) => Ok(elsewhere),
            None => {
                let hint = visit.query.get("login_hint").unwrap_or_default();
                render(visit, &purpose, 200, &Step { shows: Shows::name(hint), notice: Notice::None })
            }
        };
    }
    if !cookies::is_own_form(visit) {
        if let Some(response) = purpose.signed_in_elsewhere(visit).await? {
            return Ok(response);
        }
        let notice = Notice::Problem(purpose.frame(visit).say("error-old-form"));
        return render(visit, &purpose, 403, &Step { shows: Shows::name(""), notice });
    }
    if let Some(elsewhere) = step::answered(visit, purpose.named()) {
        return Ok(elsewhere);
    }
    match visit.form.get("step").unwrap_or_default() {
        "forgot" => send(visit, &purpose).await,
        "reset" => reset(visit, &purpose).await,
        _ => Err(broken_form()),
    }
}

/// How long the pages can be shown: as long as the code is valid.
const LIFETIME: Duration = Duration::HOUR;

/// What a page shows.
#[derive(Serialize, Deserialize)]
enum Shows {
    Name { username: String },
    Code { username: String, to: String },
}

impl Shows {
    fn name(username: &str) -> Self {
        Self::Name { username: username.chars().take(128).collect() }
    }

    fn code(username: &str, to: &str) -> Self {
        Self::Code { username: username.to_owned(), to: to.to_owned() }
    }
}

/// Shows the form that requests a code, with the notice that an operator requires a new password.
pub async fn needed(visit: &Visit, purpose: &PagePurpose, username: &str) -> Result<HttpResponse> {
    let notice = Notice::Problem(purpose.frame(visit).say("error-reset-needed"));
    lead_to(visit, purpose, Shows::name(username), notice).await
}

/// Responds to a form with the page that it leads to.
async fn lead_to(visit: &Visit, purpose: &PagePurpose, shows: Shows, notice: Notice) -> Result<HttpResponse> {
    step::show(visit, purpose.named(), "/forgot", &Step { shows, notice }, (LIFETIME, Long::Refused)).await
}

fn render(visit: &Visit, purpose: &PagePurpose, status: u16, step: &Step<Shows>) -> Result<HttpResponse> {
    let mut f = purpose.frame(visit);
    f.notice = step.notice.clone();
    match &step.shows {
        Shows::Name { username } => {
            let template = ForgotPage { f, label: pool::name_label(&purpose.named().pool), username };
            page(visit, status, &template.f, &template)
        }
        Shows::Code { username, to } => {
            f.inbox = super::inbox::link(visit);
            let sent = if to.is_empty() { f.say("code-sent") } else { f.say1("code-sent-to", "to", to) };
            let policy = words::policy(&f.texts, &purpose.named().pool.settings.policies.password_policy);
            let template = CodePage { f, username, to, sent, policy };
            page(visit, status, &template.f, &template)
        }
    }
}

async fn send(visit: &Visit, purpose: &PagePurpose) -> Result<HttpResponse> {
    let named = purpose.named();
    let username = &*plain_name(&named.pool, visit.form.get("username").unwrap_or_default());
    let input = json!({"ClientId": named.client.id, "Username": username});
    match visit.api("ForgotPassword", input).await {
        Ok(sent) => {
            let to = sent["CodeDeliveryDetails"]["Destination"].as_str().unwrap_or_default();
            lead_to(visit, purpose, Shows::code(username, to), Notice::None).await
        }
        Err(error) => {
            let error = words::refuse_internal(error)?;
            let text = words::explaining(&purpose.frame(visit).texts, &error);
            lead_to(visit, purpose, Shows::name(username), Notice::Problem(text)).await
        }
    }
}

async fn reset(visit: &Visit, purpose: &PagePurpose) -> Result<HttpResponse> {
    let named = purpose.named();
    let form = &visit.form;
    let (username, to) = (form.get("username").unwrap_or_default(), form.get("to").unwrap_or_default());
    let input = json!({
        "ClientId": named.client.id,
        "Username": username,
        "ConfirmationCode": code_input::code(form.get("code").unwrap_or_default()),
        "Password": form.get("password").unwrap_or_default(),
    });
    match visit.api("ConfirmForgotPassword", input).await {
        Ok(_) => {
            let more = [("done", "password"), ("login_hint", username)];
            step::leave(visit, named, &Address::new("/login", &more))
        }
        Err(error) => {
            let error = words::refuse_internal(error)?;
            let texts = purpose.frame(visit).texts;
            let policy = words::policy(&texts, &named.pool.settings.policies.password_policy);
            let text = match error {
                Error::InvalidPassword(_) => texts.say1("error-password-policy", "policy", policy),
                Error::InvalidParameter(text) if text.key() == Some(&Key::Member("password".into())) => {
                    texts.say("error-password")
                }
                // An input that cannot be a code is reported as a wrong code.
                Error::InvalidParameter(_)
                | Error::NotAuthorized(_)
                | Error::CodeMismatch(_)
                | Error::ExpiredCode(_) => texts.say("error-code"),
                other => words::explaining(&texts, &other),
            };
            lead_to(visit, purpose, Shows::code(username, to), Notice::Problem(text)).await
        }
    }
}
