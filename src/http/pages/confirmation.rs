//! The page that is shown until a code or a link confirms a sign-up.

use std::{borrow::Cow, collections::BTreeMap};

use actix_web::HttpResponse;
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Duration;

use super::{
    Notice, PageLayout, page, pool,
    purpose::PagePurpose,
    step::{self, Long, Step},
    words,
};
use crate::{
    error::Result,
    factor::AddressAttribute,
    flows::{
        accounts::sign_up,
        messages::addresses,
        triggers::{self, Trigger},
    },
    http::visit::Visit,
};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    f: PageLayout,
    username: &'a str,
    /// The `Session` of the sign-up. It is valid only if this visitor chose the sign-up's password.
    session: &'a str,
    to: &'a str,
    text: Cow<'static, str>,
    right_code: Option<&'a str>,
    /// The rules for the new password, which the page asks for if `right_code` is set.
    policy: String,
    /// The address of the sign-in page for a person who has opened the link in the mail. `None` if the sign-up is
    /// confirmed by a code. If there is an address, the page asks for a code only if `code_or_link` is set.
    by_link: Option<String>,
    /// Whether the mail may contain a code although the pool confirms by link.
    code_or_link: bool,
}

/// How long the pages of a sign-up can be shown: as long as a sign-up waits for its confirmation on the pages.
const LIFETIME: Duration = Duration::DAY;
/// What a page of the sign-up shows.
#[derive(Serialize, Deserialize)]
pub enum Shows {
    /// The form, with what was entered into its fields, except the password.
    SignUp {
        entered: BTreeMap<String, String>,
    },
    Confirm(Waiting),
}

/// Responds to a form of the sign-up with the page that it leads to.
pub async fn lead_to(visit: &Visit, purpose: &PagePurpose, mut shows: Shows, notice: Notice) -> Result<HttpResponse> {
    if let Shows::SignUp { entered } = &mut shows {
        shorten(entered);
    }
    step::show(visit, purpose.named(), "/signup", &Step { shows, notice }, (LIFETIME, Long::Refused)).await
}

/// The most bytes of entered values that a page repeats. They must fit into a cookie.
const MOST_REPEATED: usize = 800;

/// Leaves out the longest values that were entered, until the others are short enough to be repeated.
fn shorten(entered: &mut BTreeMap<String, String>) {
    let length = |entered: &BTreeMap<String, String>| -> usize {
        entered.iter().map(|(name, value)| name.len() + value.len() + 6).sum()
    };
    while length(entered) > MOST_REPEATED {
        let longest = entered.iter().max_by_key(|(_, value)| value.len()).map(|(name, _)| name.clone());
        if let Some(name) = longest {
            entered.remove(&name);
        }
    }
}

/// What the page knows about the sign-up that waits for its confirmation.
#[derive(Clone, Serialize, Deserialize)]
pub struct Waiting {
    pub username: String,
    pub to: String,
    pub session: String,
    /// The code, if it is right but a password must be sent along with it.
    pub right_code: Option<String>,
}

impl Waiting {
    pub fn new(username: impl Into<String>, to: impl Into<String>, session: impl Into<String>) -> Self {
        Self { username: username.into(), to: to.into(), session: session.into(), right_code: None }
    }
}

pub fn confirm_page(
    visit: &Visit,
    purpose: &PagePurpose,
    status: u16,
    waiting: &Waiting,
    mut f: PageLayout,
) -> Result<HttpResponse> {
    let Waiting { username, to, session, right_code } = waiting;
    let (to, right_code) = (to.as_str(), right_code.as_deref());
    f.inbox = super::inbox::link(visit);
    let pool = &purpose.named().pool;
    let mail = match to {
        "" => addresses::attributes_to_verify(pool).next() == Some(AddressAttribute::Email),
        to => to.contains('@'),
    };
    // A function that sends the pool's mail gets a code and no link.
    let by_function = triggers::function(pool, Trigger::CustomEmailSender).is_some();
    let links = right_code.is_none() && pool.confirms_by_link() && mail && !by_function;
    // The pool's custom message trigger may have put the code into the mail.
    let code_or_link = links && triggers::function(pool, Trigger::CustomMessage).is_some();
    let by_link = links.then(|| {
        let (hint, next) = ([("login_hint", username.as_str())], pool::invitation(pool));
        format!("/login?{}", visit.query.text(&["done", "then", "invited", "login_hint"], &[&hint, next].concat()))
    });
    let text = match (by_link.is_some(), to) {
        _ if right_code.is_some() => f.say("confirm-with-password"),
        (true, _) if code_or_link => f.say("code-or-link-sent"),
        (true, "") => f.say("link-sent"),
        (true, to) => f.say1("link-sent-to", "to", to),
        (false, "") => f.say("code-sent"),
        (false, to) => f.say1("code-sent-to", "to", to),
    };
    let policy = words::policy(&f.texts, &pool.settings.policies.password_policy);
    let template = ConfirmPage { f, username, session, to, text, right_code, policy, by_link, code_or_link };
    page(visit, status, &template.f, &template)
}

/// Sends a new code to a person who signed in with the right password but is not confirmed yet.
pub async fn confirm_again(visit: &Visit, purpose: &PagePurpose, username: &str) -> Result<HttpResponse> {
    let to = resend_code(visit, purpose, username).await?;
    let session = sign_up::session_of(&visit.app, &visit.context, purpose.named(), username).await?;
    lead_to(visit, purpose, Shows::Confirm(Waiting::new(username, to, session)), Notice::None).await
}

/// Sends another code to a person who waits for one. Returns the masked destination that the page shows, or an empty
/// string after an error.
pub async fn resend_code(visit: &Visit, purpose: &PagePurpose, username: &str) -> Result<String> {
    let input = json!({"ClientId": purpose.named().client.id, "Username": username});
    match visit.api("ResendConfirmationCode", input).await {
        Ok(sent) => Ok(sent["CodeDeliveryDetails"]["Destination"].as_str().unwrap_or_default().to_owned()),
        // The error is not shown: the page looks the same whether or not a code was sent, so that it reveals nothing
        // about the account.
        Err(error) => words::refuse_internal(error).map(|_| String::new()),
    }
}

pub async fn resend(visit: &Visit, purpose: &PagePurpose) -> Result<HttpResponse> {
    let username = visit.form.get("username").unwrap_or_default();
    resend_code(visit, purpose, username).await?;
    let (to, session) = (visit.form.get("to").unwrap_or_default(), visit.form.get("session").unwrap_or_default());
    let asked = Notice::Good(purpose.frame(visit).say("asked-again"));
    lead_to(visit, purpose, Shows::Confirm(Waiting::new(username, to, session)), asked).await
}
