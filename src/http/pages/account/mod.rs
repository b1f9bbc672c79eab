//! `/account`: the person's own page, with passkeys, sessions, addresses, password, second factors, and account
//! deletion.
//!
//! The page reads its data from the database. Changes go through the API's own operations, with an access token that
//! never leaves the server. The exceptions are signing out here and signing out everywhere else, which end the sessions
//! directly.

mod addresses;
mod application;
mod rows;
mod user_agent;

use std::{borrow::Cow, rc::Rc, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::VariantArray;
use time::Duration;

use self::{
    addresses::{ADDRESSES, AddressRow},
    application::Application,
    rows::{PasskeyRow, SessionRow, is_unnamed, passkey_name},
};
use super::{
    Back, Message, Notice, PageLayout, code_input, cookies, gone, page, pool,
    purpose::{PagePurpose, account_path, broken_form},
    setup,
    step::{self, Long, Step},
    words,
};
use crate::{
    app::App,
    error::{Error, Key, Result},
    factor::SecondFactor,
    flows::{
        self,
        accounts::{factors, last_factor, signals, step_up},
        sessions::browser::Browser,
    },
    http::visit::{self, Visit},
    store::{self, clients::ClientAndPool, passkeys::PasskeyDetails, pools::SessionsOnDelete},
};

/// How long the pages that wait for a code can be shown.
const LIFETIME: Duration = Duration::DAY;

/// What a page shows that waits for the person after a form.
#[derive(Serialize, Deserialize)]
enum Shows {
    /// A code was sent to an address. `entered` is the address, if it is new.
    Code { field: String, to: String, entered: String },
    /// An authenticator app is set up with this key.
    Setup { secret: String },
}

/// The maximum number of sessions that the page shows.
const SESSIONS: i64 = 20;
/// Parameters that concern a single visit to the page. Links to other pages and redirects to the sign-in leave them
/// out.
const OF_ONE_VISIT: [&str; 6] = ["done", "fresh", "gone", "ask", "rename", "change"];

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "account", show, super::refuse).await
}

struct MethodRow {
    method: &'static str,
    label: &'static str,
    on: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    f: PageLayout,
    username: &'a str,
    application: Option<Application>,
    passkeys: Vec<PasskeyRow>,
    /// Whether the pool has passkeys.
    has_passkeys: bool,
    /// How many passkeys the person has, and how many they may have.
    passkeys_count: Cow<'static, str>,
    /// Whether the person may have another passkey.
    can_add: bool,
    sessions: Vec<SessionRow>,
    more_sessions: bool,
    addresses: Vec<AddressRow<'a>>,
    has_password: bool,
    /// Whether the form for changing the password is open, because it was submitted with an error.
    password_open: bool,
    /// The password's field whose value was wrong: `old` or `new`.
    wrong: Option<&'static str>,
    /// The address of the page for choosing a first password, with the username in its query.
    set_password: String,
    policy: String,
    mfa: Vec<MethodRow>,
    /// Whether passkeys cannot be used to sign in while a second factor is on, and whether that is so now.
    passkeys_rest: bool,
    passkeys_rest_now: bool,
}

#[derive(Template)]
#[template(path = "account_rename.html")]
struct RenamePage<'a> {
    f: PageLayout,
    title: Cow<'static, str>,
    credential_id: &'a str,
    name: &'a str,
}

#[derive(Template)]
#[template(path = "account_ask.html")]
struct AskPage<'a> {
    f: PageLayout,
    title: Cow<'static, str>,
    /// What is deleted, if that is a passkey.
    passkey: Option<PasskeyRow>,
    texts: Vec<Cow<'static, str>>,
    step: &'static str,
    credential_id: &'a str,
    button: Cow<'static, str>,
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    if visit.query.get("client_id").is_none() {
        return without_client(visit).await;
    }
    let purpose = match PagePurpose::of(visit).await? {
        Ok(purpose @ PagePurpose::Account(_)) => purpose,
        Ok(_) => return Ok(super::found(&account_path(visit, &[]))),
        Err(answer) => return Ok(answer),
    };
    let browser = cookies::browser(visit, &purpose.named().pool.id).await?;
    let Some(browser) = browser.filter(|browser| browser.is_recent(&visit.app)) else {
        return Ok(super::found(&format!("/login?{}", visit.query.text(&["done"], &[]))));
    };
    // The browser may have signed in through another client of the pool. The page may do what that client may do.
    let client = match purpose.named() {
        named if named.client.id == browser.session.client_id => named.clone(),
        named => visit.app.client_with_pool(&named.pool.id, &browser.session.client_id).await?,
    };
    let account = Account { visit, purpose: &purpose, named: purpose.named(), client, browser };
    if !visit.is_form() {
        match step::current(visit, account.named).await? {
            Some(Ok(step)) => return account.waiting(&step).await,
            Some(Err(elsewhere)) => return Ok(elsewhere),
            None => {}
        }
        let given = |name: &str| visit.query.given(name);
        return match (given("ask"), given("rename"), given("change")) {
            (Some("account"), ..) => account.ask_delete_account(),
            (Some(credential_id), ..) => account.ask_delete(credential_id).await,
            (None, Some(credential_id), _) => account.ask_rename(credential_id).await,
            (None, None, Some(field)) => account.ask_address(field).await,
            (None, None, None) => account.page(200, account.done()).await,
        };
    }
    if !cookies::is_own_form(visit) {
        return account.page(403, Notice::Problem(PageLayout::new(visit, None).say("error-old-form"))).await;
    }
    account.step().await
}

/// Redirects to the account that the browser is signed in to, for an address that names no client. Shows an error if
/// the browser is signed in to no pool.
async fn without_client(visit: &Visit) -> Result<HttpResponse> {
    if let Some(browser) = cookies::any_browser(visit).await? {
        let query = visit.query.text(&["client_id"], &[("client_id", &browser.session.client_id)]);
        return Ok(super::found(&format!("/account?{query}")));
    }
    let frame = PageLayout::new(visit, None);
    let message = Message {
        title: frame.say("your-account"),
        text: frame.say("error-account-address"),
        detail: None,
        back: None,
        f: &frame,
    };
    page(visit, 400, &frame, &message)
}

/// A request of a signed-in person to the account page.
struct Account<'v> {
    visit: &'v Visit,
    purpose: &'v PagePurpose,
    named: &'v ClientAndPool,
    /// The app client through which the browser signed in. The access tokens for changes are issued to this client.
    client: Arc<ClientAndPool>,
    browser: Browser,
}

impl Account<'_> {
    fn frame(&self, notice: Notice) -> PageLayout {
        let mut frame = self.purpose.frame(self.visit);
        // Forms are sent to the page's address, without the parameters that report the last action.
        frame.action = step::action(self.visit, &account_path(self.visit, &[]));
        frame.query = self.visit.query.text(&OF_ONE_VISIT, &[]);
        frame.notice = notice;
        frame
    }

    fn field(&self, name: &str) -> &str {
        self.visit.form.get(name).unwrap_or_default()
    }

    /// Returns the notice for the action that the parameter `done` names.
    fn done(&self) -> Notice {
        let id = match self.visit.query.get("done") {
            Some("passkey-added") => "done-passkey-added",
            Some("passkey-renamed") => "done-passkey-renamed",
            Some("passkey-deleted") => "done-passkey-deleted",
            Some("session-ended") => "done-session-ended",
            Some("others-ended") => "done-others-ended",
            Some("email-saved") => "done-email-saved",
            Some("email-verified") => "done-email-verified",
            Some("phone-saved") => "done-phone-saved",
            Some("phone-verified") => "done-phone-verified",
            Some("password-saved") => "done-password-saved",
            Some("mfa-on") => "done-mfa-on",
            Some("mfa-off") => "done-mfa-off",
            _ => return Notice::None,
        };
        Notice::Good(PageLayout::new(self.visit, None).say(id))
    }

    async fn page(&self, status: u16, notice: Notice) -> Result<HttpResponse> {
        self.page_with_wrong(status, notice, None).await
    }

    /// Like [`Self::page`]. `wrong` names the password's field whose value was wrong.
    async fn page_with_wrong(&self, status: u16, notice: Notice, wrong: Option<&'static str>) -> Result<HttpResponse> {
        let (app, pool, user) = (&self.visit.app, &self.named.pool, &self.browser.user);
        let now = app.clock.now();
        let store::account::Shown { passkeys, mut sessions } =
            store::account::shown(&app.db, &pool.id, user.sub, now, SESSIONS + 1).await?;
        let signals = signals::of_passkeys(pool, user, passkeys.iter().map(|one| (&*one.rp_id, &*one.credential_id)));
        let more_sessions = sessions.len() > usize::try_from(SESSIONS).unwrap_or(usize::MAX);
        sessions.truncate(usize::try_from(SESSIONS).unwrap_or(usize::MAX));
        let mut f = self.frame(notice);
        f.signals = signals.map(|signals| self.with_gone(json!(signals)).to_string());
        let methods = SecondFactor::VARIANTS.iter().copied().filter(|method| pool.has_mfa(*method));
        let (count, most) = (passkeys.len(), app.passkey_limit(pool));
        let has_passkeys = pool::has_passkeys(pool);
        let passkeys_rest = has_passkeys && !factors::passkeys_suffice(pool, user);
        let template = AccountPage {
            username: flows::accounts::names::shown(pool, user),
            application: Application::of(&app.public_url, &self.named.client.settings),
            passkeys: self.passkey_rows(&f.texts, &passkeys),
            has_passkeys,
            passkeys_count: match most {
                0 => count.to_string().into(),
                most => f.texts.say2("passkeys-count", ("count", &count.to_string()), ("maximum", &most.to_string())),
            },
            can_add: has_passkeys && (most == 0 || i64::try_from(count).is_ok_and(|count| count < most)),
            sessions: self.session_rows(&f.texts, &sessions),
            more_sessions,
            addresses: self.addresses(),
            has_password: user.password_hash.is_some(),
            password_open: self.field("step") == "password",
            wrong,
            passkeys_rest,
            passkeys_rest_now: passkeys_rest && factors::is_needed(pool, user),
            set_password: {
                let query = account_path(self.visit, &[("login_hint", flows::accounts::names::shown(pool, user))]);
                query.replacen("/account", "/forgot", 1)
            },
            policy: words::policy(&f.texts, &pool.settings.policies.password_policy),
            mfa: methods
                .map(|method| MethodRow {
                    method: method.into(),
                    label: match method {
                        SecondFactor::SoftwareTokenMfa => "method-app",
                        SecondFactor::SmsMfa => "method-sms",
                        SecondFactor::EmailOtp => "method-email",
                    },
                    on: user.mfa.enabled.contains(&method),
                })
                .collect(),
            f,
        };
        page(self.visit, status, &template.f, &template)
    }

    /// Adds the passkey that was just deleted to the signals, if the page's address contains one.
    fn with_gone(&self, mut signals: Value) -> Value {
        if let Some(id) = gone::open(self.visit, &self.named.pool.id) {
            signals["UnknownCredentialId"] = json!(BASE64_URL_SAFE_NO_PAD.encode(id));
        }
        signals
    }

    /// Handles `POST`: carries out the step that the form names.
    async fn step(&self) -> Result<HttpResponse> {
        let step = self.field("step");
        let asks = match step {
            "email" | "phone" | "mfa_off" => true,
            "mfa_on" => self.method() == Some(SecondFactor::SoftwareTokenMfa),
            // The other steps need no fresh sign-in, or check it later.
            _ => false,
        };
        let form = ADDRESSES.iter().find(|kind| kind.field == step).map(|kind| ("change", kind.field));
        if asks && let Some(response) = self.step_up(form) {
            return Ok(response);
        }
        match step {
            "rename" => self.rename().await,
            "ask_delete" => self.ask_delete(self.field("credential_id")).await,
            "delete" => self.delete().await,
            "end_session" => {
                // Ending a browser's session also ends the sessions that applications got through it.
                let id = self.field("session_id");
                let associated = if id.starts_with("sso") { "LINKED" } else { "NONE" };
                let input = json!({"SessionId": id, "RevokeAssociatedSessions": associated});
                self.done_or_said("RevokeUserSession", input, "session-ended").await
            }
            "end_others" => self.end_others().await,
            "sign_out" => self.sign_out().await,
            "email" => self.save_address(&ADDRESSES[0]).await,
            "verify_email" => self.verify_address(&ADDRESSES[0]).await,
            "email_code" => self.address_code(&ADDRESSES[0]).await,
            "phone" => self.save_address(&ADDRESSES[1]).await,
            "verify_phone" => self.verify_address(&ADDRESSES[1]).await,
            "phone_code" => self.address_code(&ADDRESSES[1]).await,
            "password" => self.password().await,
            "mfa_on" => self.mfa_on().await,
            "mfa_off" => self.mfa(self.method().ok_or_else(broken_form)?, false).await,
            "setup" => self.setup().await,
            "ask_delete_account" => self.ask_delete_account(),
            "delete_account" => self.delete_account().await,
            _ => Err(broken_form()),
        }
    }

    /// Calls an operation of the API as this person.
    async fn call(&self, operation: &str, mut input: Value) -> Result<Value> {
        input["AccessToken"] = json!(self.browser.access_token(&self.visit.app, &self.named.pool).await?);
        self.visit.api(operation, input).await
    }

    /// Like [`Self::call`], but then shows the page again, with a notice of what was done or what went wrong.
    async fn done_or_said(&self, operation: &str, input: Value, done: &str) -> Result<HttpResponse> {
        match self.call(operation, input).await {
            Ok(_) => Ok(super::see_other(&account_path(self.visit, &[("done", done)]))),
            Err(error) => self.said(error).await,
        }
    }

    async fn said(&self, error: Error) -> Result<HttpResponse> {
        self.page(400, self.problem(error)?).await
    }

    /// Returns the notice for an error.
    fn problem(&self, error: Error) -> Result<Notice> {
        let error = words::refuse_internal(error)?;
        let texts = PageLayout::new(self.visit, None).texts;
        Ok(Notice::Problem(match &error {
            Error::InvalidPassword(_) => {
                let policy = words::policy(&texts, &self.named.pool.settings.policies.password_policy);
                texts.say1("error-password-policy", "policy", policy)
            }
            other => words::explaining(&texts, other),
        }))
    }

    /// Returns the passkey with this credential ID (base64url), if it is the person's.
    async fn passkey(&self, id: &str) -> Result<Option<PasskeyDetails>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
        let mut db = self.visit.app.db.acquire().await?;
        let passkeys = store::passkeys::list_details(&mut db, &self.named.pool.id, self.browser.user.sub).await?;
        Ok(passkeys.into_iter().find(|one| one.credential_id == bytes))
    }

    async fn ask_rename(&self, id: &str) -> Result<HttpResponse> {
        let texts = PageLayout::new(self.visit, None).texts;
        match self.passkey(id).await? {
            Some(passkey) => {
                let name = passkey_name(&texts, &self.visit.app, &passkey);
                self.rename_page(200, id, &name, &name, Notice::None)
            }
            None => self.page(400, Notice::Problem(texts.say("error-passkey-gone"))).await,
        }
    }

    /// Shows the form for a passkey's name. `entered` is what its field contains.
    fn rename_page(&self, status: u16, id: &str, name: &str, entered: &str, notice: Notice) -> Result<HttpResponse> {
        let f = self.frame(notice);
        let template = RenamePage { title: f.say1("rename-it", "name", name), credential_id: id, name: entered, f };
        page(self.visit, status, &template.f, &template)
    }

    async fn rename(&self) -> Result<HttpResponse> {
        let (id, entered) = (self.field("credential_id"), self.field("name").trim());
        let input = json!({"CredentialId": id, "FriendlyCredentialName": entered});
        let error = match self.call("UpdateWebAuthnCredential", input).await {
            Ok(_) => return Ok(super::see_other(&account_path(self.visit, &[("done", "passkey-renamed")]))),
            Err(error) => error,
        };
        match self.passkey(id).await? {
            Some(passkey) => {
                let name = passkey_name(&PageLayout::new(self.visit, None).texts, &self.visit.app, &passkey);
                self.rename_page(400, id, &name, entered, self.problem(error)?)
            }
            None => self.said(error).await,
        }
    }

    /// Returns a redirect to the sign-in page if the pool's policy demands a fresher sign-in, or `None` if the person's
    /// sign-in is fresh enough.
    ///
    /// If a parameter is given, the account page shows what it asks for, once the person has signed in again.
    fn step_up(&self, asked: Option<(&str, &str)>) -> Option<HttpResponse> {
        let due = step_up::is_due(&self.named.pool, self.browser.session.auth_time, self.visit.app.clock.now());
        due.then(|| {
            let more: Vec<_> = [("fresh", "1")].into_iter().chain(asked).collect();
            let query = self.visit.query.text(&OF_ONE_VISIT, &more);
            super::see_other(&format!("/login?{query}"))
        })
    }

    async fn ask_delete(&self, id: &str) -> Result<HttpResponse> {
        if let Some(response) = self.step_up(Some(("ask", id))) {
            return Ok(response);
        }
        let (app, pool) = (&self.visit.app, &self.named.pool);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
        let (passkeys, others) = {
            let (mut db, sub) = (app.db.acquire().await?, self.browser.user.sub);
            let passkeys = store::passkeys::list_details(&mut db, &pool.id, sub).await?;
            (passkeys, last_factor::can_sign_in(&mut db, pool, sub, Some(&bytes)).await?)
        };
        let texts = PageLayout::new(self.visit, None).texts;
        let Some(passkey) = passkeys.iter().find(|one| one.credential_id == bytes) else {
            return self.page(400, Notice::Problem(texts.say("error-passkey-gone"))).await;
        };
        if !others && pool.passkey_policy.keep_last_factor {
            return self.page(400, Notice::Problem(texts.say("error-last-factor"))).await;
        }
        let mut said = vec![texts.say("delete-passkey-what")];
        match (others, passkeys.len()) {
            (false, _) => said.push(texts.say("delete-passkey-no-way")),
            (true, 1) => said.push(texts.say("delete-passkey-last")),
            (true, _) => {}
        }
        match pool.sessions_on_passkey_delete {
            SessionsOnDelete::Keep => {}
            SessionsOnDelete::EndOthers => said.push(texts.say("delete-passkey-ends-others")),
            SessionsOnDelete::EndAll => said.push(texts.say("delete-passkey-ends-all")),
        }
        said.push(texts.say("delete-passkey-manager"));
        let row = self.passkey_row(&texts, passkey);
        let template = AskPage {
            f: self.frame(Notice::None),
            title: match is_unnamed(passkey) {
                true => texts.say("delete-passkey-this"),
                false => texts.say1("delete-passkey-title", "name", &row.name),
            },
            passkey: Some(row),
            texts: said,
            step: "delete",
            credential_id: id,
            button: texts.say("delete-passkey"),
        };
        page(self.visit, 200, &template.f, &template)
    }

    async fn delete(&self) -> Result<HttpResponse> {
        let id = self.field("credential_id");
        if let Some(response) = self.step_up(Some(("ask", id))) {
            return Ok(response);
        }
        match self.call("DeleteWebAuthnCredential", json!({"CredentialId": id})).await {
            Ok(_) => {
                // The next page tells the passkey manager about the deletion, even if all sessions were ended,
                // including this browser's.
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
                let gone = gone::seal(self.visit, &self.named.pool.id, &bytes);
                let more = [("done", "passkey-deleted"), ("gone", gone.as_str())];
                Ok(super::see_other(&account_path(self.visit, &more)))
            }
            Err(error) => self.said(error).await,
        }
    }

    /// Ends all of the person's sessions except this browser's.
    async fn end_others(&self) -> Result<HttpResponse> {
        let (app, context, pool_id) = (&self.visit.app, &self.visit.context, &self.named.pool.id);
        flows::sessions::browser::end_others(app, context, pool_id, &self.browser.session).await?;
        Ok(super::see_other(&account_path(self.visit, &[("done", "others-ended")])))
    }

    async fn sign_out(&self) -> Result<HttpResponse> {
        flows::sessions::browser::end(&self.visit.app, &self.visit.context, &self.named.pool.id, &self.browser.session)
            .await?;
        let query = self.visit.query.text(&OF_ONE_VISIT, &[("done", "signed_out")]);
        let mut response = super::see_other(&format!("/login?{query}"));
        cookies::forget(self.visit, &self.named.pool.id, &mut response)?;
        Ok(response)
    }

    async fn password(&self) -> Result<HttpResponse> {
        if self.browser.user.password_hash.is_none() {
            // A first password is chosen at `/forgot` instead, with a code that is sent to the person's own address.
            return Err(broken_form());
        }
        let input = json!({"PreviousPassword": self.field("old"), "ProposedPassword": self.field("new")});
        match self.call("ChangePassword", input).await {
            Ok(_) => Ok(super::see_other(&account_path(self.visit, &[("done", "password-saved")]))),
            Err(error) if error.key() == Some(&Key::WrongCredentials) => {
                let text = PageLayout::new(self.visit, None).say("error-password-wrong");
                self.page_with_wrong(400, Notice::Problem(text), Some("old")).await
            }
            Err(error) => {
                let wrong = matches!(error, Error::InvalidPassword(_) | Error::PasswordHistoryPolicyViolation(_));
                self.page_with_wrong(400, self.problem(error)?, wrong.then_some("new")).await
            }
        }
    }

    async fn mfa_on(&self) -> Result<HttpResponse> {
        let method = self.method().ok_or_else(broken_form)?;
        if method != SecondFactor::SoftwareTokenMfa {
            return self.mfa(method, true).await;
        }
        // If an authenticator app as a second factor would lock the person out, it is refused before the person sets it
        // up, not afterwards.
        let (pool, mut then) = (&self.named.pool, self.browser.user.clone());
        then.mfa.enabled.push(method);
        let locked_out = {
            let mut db = self.visit.app.db.acquire().await?;
            last_factor::can_sign_in_as(&mut db, pool, &self.browser.user, None).await?
                && !last_factor::can_sign_in_as(&mut db, pool, &then, None).await?
        };
        if locked_out {
            let text = PageLayout::new(self.visit, None).say("error-password-first");
            return self.page(400, Notice::Problem(text)).await;
        }
        match self.call("AssociateSoftwareToken", json!({})).await {
            Ok(made) => {
                let secret = made["SecretCode"].as_str().unwrap_or_default().to_owned();
                self.lead_to(Shows::Setup { secret }, Notice::None).await
            }
            Err(error) => self.said(error).await,
        }
    }

    /// Responds to a form with a page that waits for the person.
    async fn lead_to(&self, shows: Shows, notice: Notice) -> Result<HttpResponse> {
        step::show(self.visit, self.named, "/account", &Step { shows, notice }, (LIFETIME, Long::Refused)).await
    }

    /// Shows a page that waits for the person.
    async fn waiting(&self, step: &Step<Shows>) -> Result<HttpResponse> {
        let (status, f) = (step.status(), self.frame(step.notice.clone()));
        match &step.shows {
            Shows::Setup { secret } => {
                let username = flows::accounts::names::shown(&self.named.pool, &self.browser.user);
                setup::page(self.visit, status, f, username, "", secret, true)
            }
            Shows::Code { field, to, entered } => match ADDRESSES.iter().find(|kind| kind.field == field) {
                Some(kind) => self.code_page(status, kind, (to, entered), f),
                None => self.page(200, Notice::None).await,
            },
        }
    }

    async fn setup(&self) -> Result<HttpResponse> {
        match self.call("VerifySoftwareToken", json!({"UserCode": code_input::code(self.field("code"))})).await {
            Ok(_) => self.mfa(SecondFactor::SoftwareTokenMfa, true).await,
            Err(error) => {
                let error = words::refuse_internal(error)?;
                let text = words::explaining(&PageLayout::new(self.visit, None).texts, &error);
                let secret = self.field("secret").to_owned();
                self.lead_to(Shows::Setup { secret }, Notice::Problem(text)).await
            }
        }
    }

    /// Returns the second factor that the form names.
    fn method(&self) -> Option<SecondFactor> {
        self.field("method").parse().ok()
    }

    async fn mfa(&self, method: SecondFactor, on: bool) -> Result<HttpResponse> {
        let member = match method {
            SecondFactor::SoftwareTokenMfa => "SoftwareTokenMfaSettings",
            SecondFactor::SmsMfa => "SMSMfaSettings",
            SecondFactor::EmailOtp => "EmailMfaSettings",
        };
        let input = json!({member: {"Enabled": on, "PreferredMfa": on}});
        self.done_or_said("SetUserMFAPreference", input, if on { "mfa-on" } else { "mfa-off" }).await
    }

    fn ask_delete_account(&self) -> Result<HttpResponse> {
        if let Some(response) = self.step_up(Some(("ask", "account"))) {
            return Ok(response);
        }
        let f = self.frame(Notice::None);
        let template = AskPage {
            title: f.say("delete-account-title"),
            passkey: None,
            texts: vec![f.say("delete-account-what")],
            step: "delete_account",
            credential_id: "",
            button: f.say("delete-account-sure"),
            f,
        };
        page(self.visit, 200, &template.f, &template)
    }

    async fn delete_account(&self) -> Result<HttpResponse> {
        if let Some(response) = self.step_up(Some(("ask", "account"))) {
            return Ok(response);
        }
        let user = &self.browser.user;
        let signals = {
            let mut db = self.visit.app.db.acquire().await?;
            signals::of_user(&mut db, &self.named.pool, user).await?
        };
        if let Err(error) = self.call("DeleteUser", json!({})).await {
            return self.said(error).await;
        }
        let mut f = self.frame(Notice::None);
        // No passkey of this person is accepted any more.
        f.signals = signals.map(|mut signals| {
            signals.all_accepted_credential_ids.clear();
            signals.current_user_details = None;
            json!(signals).to_string()
        });
        let back = Back { href: f.link("/login"), label: f.say("back-to-sign-in") };
        let (title, text) = (f.say("account-deleted"), f.say("account-deleted-what"));
        let message = Message { title, text, detail: None, back: Some(back), f: &f };
        let mut response = page(self.visit, 200, &f, &message)?;
        cookies::forget(self.visit, &self.named.pool.id, &mut response)?;
        Ok(response)
    }
}
