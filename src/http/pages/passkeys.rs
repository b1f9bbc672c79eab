//! `/passkeys/add` (docs/cognito.md 7.6): a signed-in person adds a passkey, and is then sent to the target of the
//! visit.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use super::{
    Notice, PageLayout, cookies, page,
    purpose::{PagePurpose, account_path, broken_form},
    words,
};
use crate::{
    app::App,
    error::{Error, Result},
    flows::{accounts::step_up, oauth::authorization::Prompt, sessions::browser::Browser},
    http::visit::{self, Visit},
};

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "passkeys/add", show, super::refuse).await
}

#[derive(Template)]
#[template(path = "passkey_add.html")]
struct AddPage {
    f: PageLayout,
    /// Whether the person came from the account page. Otherwise, the page suggests adding a passkey.
    account: bool,
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let purpose = match PagePurpose::of(visit).await? {
        Ok(purpose) => purpose,
        Err(answer) => return Ok(answer),
    };
    let pool = &purpose.named().pool;
    let browser = cookies::browser(visit, &pool.id).await?.filter(|browser| browser.is_recent(&visit.app));
    let Some(browser) = browser else {
        return Ok(super::found(&format!("/login?{}", visit.query.text(&["then"], &[("then", "add")]))));
    };
    if visit.is_form() && !cookies::is_own_form(visit) {
        return add_page(visit, &purpose, 403, Notice::Problem(purpose.frame(visit).say("error-old-form")));
    }
    let step = visit.form.get("step").unwrap_or_default();
    if step != "later" && step_up::is_due(pool, browser.session.auth_time, visit.app.clock.now()) {
        let query = visit.query.text(&["fresh", "then"], &[("fresh", "1"), ("then", "add")]);
        return Ok(super::found(&format!("/login?{query}")));
    }
    match step {
        _ if !visit.is_form() => add_page(visit, &purpose, 200, Notice::None),
        "options" => options(visit, &purpose, &browser).await,
        "passkey" => add(visit, &purpose, &browser).await,
        "later" => go_on(visit, &purpose, &browser).await,
        _ => Err(broken_form()),
    }
}

/// Redirects to the visit's target if the sign-in is sufficient for it and the request does not have
/// `prompt=select_account`; otherwise redirects to the sign-in page.
async fn go_on(visit: &Visit, purpose: &PagePurpose, browser: &Browser) -> Result<HttpResponse> {
    let enough = purpose.may_go_on(visit, browser) || purpose.is_just_made(visit, browser);
    if enough && purpose.prompt() != Prompt::SelectAccount {
        return Ok(purpose.go_on(visit, browser).await);
    }
    Ok(super::see_other(&format!("/login?{}", visit.query.text(&["then"], &[]))))
}

fn add_page(visit: &Visit, purpose: &PagePurpose, status: u16, notice: Notice) -> Result<HttpResponse> {
    let mut f = purpose.frame(visit);
    f.notice = notice;
    let account = matches!(purpose, PagePurpose::Account(_)) && visit.query.get("invited").is_none();
    let template = AddPage { f, account };
    page(visit, status, &template.f, &template)
}

/// Returns the creation options, as JSON for the script.
async fn options(visit: &Visit, purpose: &PagePurpose, browser: &Browser) -> Result<HttpResponse> {
    let token = browser.access_token(&visit.app, &purpose.named().pool).await?;
    let answer = visit.api("StartWebAuthnRegistration", json!({"AccessToken": token})).await?;
    let mut response = HttpResponse::Ok().json(json!({"options": answer["CredentialCreationOptions"]}));
    super::guard(&mut response);
    Ok(response)
}

async fn add(visit: &Visit, purpose: &PagePurpose, browser: &Browser) -> Result<HttpResponse> {
    let credential = serde_json::from_str::<Value>(visit.form.get("credential").unwrap_or_default());
    let added = match credential {
        Ok(credential) if credential.is_object() => {
            let token = browser.access_token(&visit.app, &purpose.named().pool).await?;
            let input = json!({"AccessToken": token, "Credential": credential});
            let added = visit.api("CompleteWebAuthnRegistration", input).await;
            // If passkeys can serve as both factors in this pool, we assume that a person who adds one here wants that.
            if added.is_ok() && purpose.named().pool.has_multi_factor_passkeys() {
                let both = json!({"AccessToken": token, "WebAuthnMfaSettings": {"Enabled": true}});
                visit.api("SetUserMFAPreference", both).await?;
            }
            added
        }
        _ => Err(Error::InvalidParameter("the credential is not there".into())),
    };
    match added {
        Ok(_) => match purpose {
            PagePurpose::Account(_) => Ok(super::see_other(&account_path(visit, &[("done", "passkey-added")]))),
            _ => go_on(visit, purpose, browser).await,
        },
        Err(error) => {
            let error = words::refuse_internal(error)?;
            let texts = purpose.frame(visit).texts;
            let text = match error {
                Error::InvalidParameter(_) => texts.say("passkey-not-made"),
                other => words::explaining(&texts, &other),
            };
            add_page(visit, purpose, 400, Notice::Problem(text))
        }
    }
}
