//! `/login`: asks for the name (or for a passkey, which needs no name), then for the factors that the person has.
//!
//! Each form carries the API's `Session` and earlier input to the next one. The response to a form is a redirect to a
//! [`step`] of its own, which holds what the next page shows.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::Duration;

use super::{
    Notice, PageLayout,
    attribute_input::{AttributeInput, plain_name},
    code_input, confirmation, cookies, forgot, gone, page, pool,
    purpose::{self, PagePurpose, broken_form},
    setup,
    step::{self, Long, Step},
    words,
};
use crate::{
    app::App,
    caller::Freshness,
    context::Context,
    error::{Error, Key, Result},
    factor::{AddressAttribute, ChallengeName, Factor, SecondFactor},
    flows::{
        accounts::{auth_events, factors::relying_party_of, names},
        oauth::authorization::Prompt,
        pool_context::PoolContext,
        sign_in::{
            passkey::was_deleted,
            step::{NextChallenge, Outcome, Parameters, SignIn},
        },
    },
    http::visit::{self, Visit},
    store::{clients::ClientAndPool, users::User},
    webauthn::Assertion,
};

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "login", show, super::refuse).await
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let purpose = match PagePurpose::of(visit).await? {
        Ok(purpose) => purpose,
        Err(answer) => return Ok(answer),
    };
    let login = Login { visit, purpose: &purpose, named: purpose.named(), freshness: Freshness::current() };
    if !visit.is_form() {
        return match step::current(visit, login.named).await? {
            Some(Ok(step)) => login.render(step.status(), &step),
            Some(Err(elsewhere)) => Ok(elsewhere),
            None => login.first().await,
        };
    }
    if !cookies::is_own_form(visit) {
        return match purpose.signed_in_elsewhere(visit).await? {
            Some(response) => Ok(response),
            None => login.render(403, &Step { shows: Shows::name(""), notice: login.problem("error-old-form") }),
        };
    }
    if let Some(elsewhere) = step::answered(visit, login.named) {
        return Ok(elsewhere);
    }
    login.step().await
}

/// How long a page can be shown that no code and no session bounds.
const LIFETIME: Duration = Duration::HOUR;

/// What a page of the sign-in shows.
#[derive(Serialize, Deserialize)]
enum Shows {
    /// The first page. `signal` is what the passkey manager is told.
    Name {
        username: String,
        signal: Option<Value>,
    },
    Password {
        username: String,
        session: String,
        offered: String,
    },
    Passkey {
        username: String,
        session: String,
        offered: String,
        options: String,
    },
    Code {
        username: String,
        session: String,
        offered: String,
        challenge: ChallengeName,
        to: String,
    },
    /// The choice of a first factor, among those in `offered`.
    Factor {
        username: String,
        session: String,
        offered: String,
    },
    /// The choice of a second factor.
    SecondFactor {
        username: String,
        session: String,
        offered: String,
    },
    /// A new password, and values for the required attributes. `entered` are the values that were refused.
    NewPassword {
        username: String,
        session: String,
        required: Vec<(String, String)>,
    },
    Setup {
        username: String,
        session: String,
        secret: String,
    },
}

impl Shows {
    fn name(username: &str) -> Self {
        Self::Name { username: shortened(username), signal: None }
    }
}

/// Returns at most as much of a name as its field takes.
fn shortened(username: &str) -> String {
    username.chars().take(128).collect()
}

/// One request of a sign-in.
struct Login<'v> {
    visit: &'v Visit,
    purpose: &'v PagePurpose,
    named: &'v ClientAndPool,
    /// The client and the pool were read for this request.
    freshness: Freshness,
}

/// A button that chooses a factor.
struct Choice {
    value: String,
    label: &'static str,
}

#[derive(Template)]
#[template(path = "login_name.html")]
struct NamePage<'a> {
    f: PageLayout,
    label: &'static str,
    username: &'a str,
    passkeys: bool,
    sign_up: bool,
}

#[derive(Template)]
#[template(path = "login_password.html")]
struct PasswordPage<'a> {
    f: PageLayout,
    /// The address of the page for replacing a forgotten password, with the name in its query.
    forgot: String,
    username: &'a str,
    session: &'a str,
    offered: &'a str,
    others: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "login_passkey.html")]
struct PasskeyPage<'a> {
    f: PageLayout,
    username: &'a str,
    session: &'a str,
    offered: &'a str,
    options: &'a str,
    others: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "login_code.html")]
struct CodePage<'a> {
    f: PageLayout,
    username: &'a str,
    session: &'a str,
    offered: &'a str,
    challenge: &'a str,
    to: &'a str,
    sent: std::borrow::Cow<'static, str>,
    others: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "login_choose.html")]
struct ChoosePage<'a> {
    f: PageLayout,
    username: &'a str,
    session: &'a str,
    offered: &'a str,
    step: &'static str,
    others: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "login_new_password.html")]
struct NewPasswordPage<'a> {
    f: PageLayout,
    username: &'a str,
    session: &'a str,
    required: String,
    fields: Vec<AttributeInput>,
    policy: String,
}

#[derive(Template)]
#[template(path = "login_continue.html")]
struct ContinuePage<'a> {
    f: PageLayout,
    username: &'a str,
}

/// Returns the message ID of the label of a button that chooses a first or second factor.
fn label(factor: ChallengeName) -> Option<&'static str> {
    Some(match factor {
        ChallengeName::Password => "use-password",
        ChallengeName::WebAuthn => "use-passkey",
        ChallengeName::EmailOtp => "email-code",
        ChallengeName::SmsOtp | ChallengeName::SmsMfa => "text-code",
        ChallengeName::SoftwareTokenMfa => "app-code",
        _ => return None,
    })
}

/// Returns buttons for the factors in `offered` (names separated by commas), except for `but`.
fn choices(offered: &str, but: Option<ChallengeName>) -> Vec<Choice> {
    let choice = |name: ChallengeName| Some(Choice { value: name.to_string(), label: label(name)? });
    let known = offered.split(',').take(8).filter_map(|name| name.parse().ok());
    known.filter(|name| Some(*name) != but).filter_map(choice).collect()
}

impl Login<'_> {
    fn problem(&self, id: &str) -> Notice {
        Notice::Problem(PageLayout::new(self.visit, None).say(id))
    }

    fn explained(&self, error: &Error) -> Notice {
        Notice::Problem(words::explaining(&PageLayout::new(self.visit, None).texts, error))
    }

    fn frame(&self, notice: Notice) -> PageLayout {
        let mut frame = self.purpose.frame(self.visit);
        frame.notice = notice;
        frame
    }

    /// Handles `GET`: if the browser is signed in as the request demands, redirects to the visit's target or, with
    /// `prompt=select_account`, asks whether to go on as that person. Otherwise shows the first page.
    async fn first(&self) -> Result<HttpResponse> {
        let browser = cookies::browser(self.visit, &self.named.pool.id).await?;
        match (browser, self.purpose.prompt()) {
            (Some(browser), Prompt::Default | Prompt::None) => {
                // `invited` means that the person comes from a sign-up. Another person may still be signed in.
                let is_another = self.visit.query.get("invited").is_some()
                    && self.visit.query.get("login_hint").is_some_and(|hint| !is_called(&browser.user, hint));
                if is_another {
                    let hint = self.visit.query.get("login_hint").unwrap_or_default();
                    return self.render(200, &Step { shows: Shows::name(hint), notice: Notice::None });
                }
                if self.purpose.is_satisfied_by(self.visit, &browser) {
                    return Ok(self.purpose.go_on(self.visit, &browser).await);
                }
                // This person has to sign in again.
                let notice = match self.visit.query.get("fresh") {
                    Some(_) => Notice::Good(PageLayout::new(self.visit, None).say("step-up-why")),
                    None => Notice::None,
                };
                let shows = Shows::name(names::shown(&self.named.pool, &browser.user));
                self.render(200, &Step { shows, notice })
            }
            (Some(browser), Prompt::SelectAccount) if self.purpose.is_satisfied_by(self.visit, &browser) => {
                let f = self.frame(Notice::None);
                let template = ContinuePage { username: names::shown(&self.named.pool, &browser.user), f };
                page(self.visit, 200, &template.f, &template)
            }
            _ => {
                let gone = self.gone();
                let notice = match self.visit.query.get("done") {
                    _ if gone.is_some() => Notice::Good(PageLayout::new(self.visit, None).say("done-passkey-deleted")),
                    Some("confirmed") => Notice::Good(PageLayout::new(self.visit, None).say("account-confirmed")),
                    Some("password") => Notice::Good(PageLayout::new(self.visit, None).say("password-saved")),
                    Some("signed_out") => Notice::Good(PageLayout::new(self.visit, None).say("signed-out")),
                    _ => Notice::None,
                };
                let hint = self.visit.query.get("login_hint").unwrap_or_default();
                let shows = Shows::Name { signal: gone, username: shortened(hint) };
                self.render(200, &Step { shows, notice })
            }
        }
    }

    /// Responds to a form with the page that it leads to.
    async fn show(&self, shows: Shows, notice: Notice) -> Result<HttpResponse> {
        let lifetime = match &shows {
            Shows::Name { .. } => LIFETIME,
            _ => Duration::minutes(self.named.client.settings.auth_session_validity),
        };
        // All pages but the first follow a sign-in that was counted. They are long if a person has many passkeys or
        // required attributes, or a long name.
        let long = if matches!(&shows, Shows::Name { .. }) { Long::Refused } else { Long::InDatabase };
        step::show(self.visit, self.named, "/login", &Step { shows, notice }, (lifetime, long)).await
    }

    fn render(&self, status: u16, step: &Step<Shows>) -> Result<HttpResponse> {
        let mut f = self.frame(step.notice.clone());
        match &step.shows {
            Shows::Name { username, signal } => {
                f.signals = signal.as_ref().map(Value::to_string);
                let settings = &self.named.pool.settings;
                let template = NamePage {
                    label: pool::name_label(&self.named.pool),
                    username,
                    passkeys: pool::has_passkeys(&self.named.pool),
                    sign_up: !settings.admin_create_user_config.allow_admin_create_user_only,
                    f,
                };
                page(self.visit, status, &template.f, &template)
            }
            Shows::Password { username, session, offered } => {
                let others = choices(offered, Some(ChallengeName::Password));
                let forgot = self.forgot(username);
                let template = PasswordPage { forgot, f, username, session, offered, others };
                page(self.visit, status, &template.f, &template)
            }
            Shows::Passkey { username, session, offered, options } => {
                let others = choices(offered, Some(ChallengeName::WebAuthn));
                let template = PasskeyPage { f, username, session, offered, options, others };
                page(self.visit, status, &template.f, &template)
            }
            Shows::Code { username, session, offered, challenge, to } => {
                let by_app = *challenge == ChallengeName::SoftwareTokenMfa;
                f.inbox = if by_app { None } else { super::inbox::link(self.visit) };
                let sent = if by_app { f.say("code-from-app") } else { f.say1("code-sent-to", "to", to) };
                let others = choices(offered, Some(*challenge));
                let challenge = (*challenge).into();
                let template = CodePage { f, username, session, offered, challenge, to, sent, others };
                page(self.visit, status, &template.f, &template)
            }
            Shows::Factor { username, session, offered } => {
                let others = choices(offered, None);
                let template = ChoosePage { f, username, session, offered, step: "factor", others };
                page(self.visit, status, &template.f, &template)
            }
            Shows::SecondFactor { username, session, offered } => {
                let others = choices(offered, None);
                let template = ChoosePage { f, username, session, offered: "", step: "mfa", others };
                page(self.visit, status, &template.f, &template)
            }
            Shows::NewPassword { username, session, required } => {
                let fields = required.iter().map(|(name, value)| AttributeInput::new(&f.texts, name, true, value));
                let fields = fields.collect();
                let names: Vec<_> = required.iter().map(|(name, _)| name.as_str()).collect();
                let policy = words::policy(&f.texts, &self.named.pool.settings.policies.password_policy);
                let required = names.join(",");
                let template = NewPasswordPage { username, session, required, fields, policy, f };
                page(self.visit, status, &template.f, &template)
            }
            Shows::Setup { username, session, secret } => {
                setup::page(self.visit, status, f, username, session, secret, false)
            }
        }
    }

    /// Handles `POST`: carries out the step that the form names.
    async fn step(&self) -> Result<HttpResponse> {
        let form = &self.visit.form;
        match form.get("step").unwrap_or_default() {
            "name" => self.name().await,
            "options" => self.options().await,
            "factor" => self.factor().await,
            "password" => self.password().await,
            "passkey" => self.passkey().await,
            "code" | "mfa" => self.code().await,
            "new_password" => self.new_password().await,
            "setup" => self.setup().await,
            "continue" => match cookies::browser(self.visit, &self.named.pool.id).await? {
                Some(browser) if self.purpose.may_go_on(self.visit, &browser) => {
                    Ok(self.purpose.go_on(self.visit, &browser).await)
                }
                _ => self.show(Shows::name(""), Notice::None).await,
            },
            "another" => self.show(Shows::name(""), Notice::None).await,
            _ => Err(broken_form()),
        }
    }

    fn field(&self, name: &str) -> &str {
        self.visit.form.get(name).unwrap_or_default()
    }

    /// Begins a sign-in with the API's flow `USER_AUTH`, and records the outcome among the user's authentication
    /// events, as the API does.
    async fn begin(&self, parameters: Parameters, session: Option<&str>) -> Result<Outcome> {
        let metadata = Map::new();
        let context = self.visit.context_of("InitiateAuth");
        let sign_in = self.sign_in(&context, &metadata);
        let outcome = sign_in.begin("USER_AUTH", &parameters, session).await;
        auth_events::note_step(&sign_in, parameters.get("USERNAME"), &outcome, Some("Password"));
        outcome
    }

    async fn respond(&self, challenge: ChallengeName, session: &str, responses: Parameters) -> Result<Outcome> {
        let metadata = Map::new();
        let context = self.visit.context_of("RespondToAuthChallenge");
        let sign_in = self.sign_in(&context, &metadata);
        let outcome = sign_in.respond(challenge, Some(session), &responses).await;
        auth_events::note_step(&sign_in, responses.get("USERNAME"), &outcome, auth_events::proves(challenge));
        outcome
    }

    fn sign_in<'a>(&'a self, context: &'a Context, metadata: &'a Map<String, Value>) -> SignIn<'a> {
        SignIn {
            context: PoolContext::of_client(&self.visit.app, context, self.named, metadata),
            named: self.named,
            client: &self.named.client,
            address: Some(self.visit.context.address),
            device_key: None,
            freshness: &self.freshness,
        }
    }

    async fn name(&self) -> Result<HttpResponse> {
        let username = &*plain_name(&self.named.pool, self.field("username"));
        if username.is_empty() || username.chars().count() > 128 {
            return self.show(Shows::name(username), self.problem("error-entry")).await;
        }
        match self.begin(pairs([("USERNAME", username)]), None).await {
            Ok(outcome) => self.go_on(username, outcome, "", Notice::None).await,
            Err(error) => self.start_over(username, error).await,
        }
    }

    /// Returns the request options for a passkey that identifies its user by itself, as JSON for the script.
    async fn options(&self) -> Result<HttpResponse> {
        match self.begin(Parameters::new(), None).await? {
            Outcome::Next(next) => {
                let options = next.parameters.get("CREDENTIAL_REQUEST_OPTIONS").and_then(Value::as_str).unwrap_or("{}");
                let options: Value = serde_json::from_str(options).map_err(Error::internal)?;
                let minutes = self.named.client.settings.auth_session_validity;
                let mut response = HttpResponse::Ok()
                    .json(json!({"session": next.session, "options": options, "seconds": minutes * 60}));
                super::guard(&mut response);
                Ok(response)
            }
            _ => Err(Error::internal("a challenge was expected")),
        }
    }

    /// Continues after the person chose a factor.
    async fn factor(&self) -> Result<HttpResponse> {
        let (username, factor) = (self.field("username").to_owned(), self.field("factor").to_owned());
        if factor.parse().ok().and_then(label).is_none() {
            return Err(broken_form());
        }
        let responses = pairs([("USERNAME", username.as_str()), ("ANSWER", factor.as_str())]);
        let offered = self.field("offered");
        match self.respond(ChallengeName::SelectChallenge, self.field("session"), responses).await {
            Ok(outcome) => self.go_on(&username, outcome, offered, Notice::None).await,
            Err(error) => self.start_over(&username, error).await,
        }
    }

    async fn password(&self) -> Result<HttpResponse> {
        let (username, session) = (self.field("username"), self.field("session"));
        let responses = pairs([("USERNAME", username), ("PASSWORD", self.field("password"))]);
        let offered = self.field("offered");
        match self.respond(ChallengeName::Password, session, responses).await {
            Ok(outcome) => self.go_on(username, outcome, offered, Notice::None).await,
            Err(Error::UserNotConfirmed) => confirmation::confirm_again(self.visit, self.purpose, username).await,
            Err(Error::PasswordResetRequired) => forgot::needed(self.visit, self.purpose, username).await,
            Err(error) if words::is_of_session(&error) => self.start_over(username, error).await,
            Err(error) => {
                let notice = self.explained(&words::refuse_internal(error)?);
                self.show(password_page(username, session, offered), notice).await
            }
        }
    }

    /// Continues after the browser sent a passkey's assertion.
    async fn passkey(&self) -> Result<HttpResponse> {
        let (username, session) = (self.field("username"), self.field("session"));
        let credential = self.field("credential");
        let mut responses = pairs([("CREDENTIAL", credential)]);
        if !username.is_empty() {
            responses.insert("USERNAME".into(), username.to_owned());
        }
        let error = match self.respond(ChallengeName::WebAuthn, session, responses).await {
            Ok(outcome) => return self.go_on(username, outcome, "", Notice::None).await,
            Err(error) => words::refuse_internal(error)?,
        };
        let signal = self.deleted_passkey(credential).await?;
        let id = match (&signal, words::is_of_session(&error)) {
            (Some(_), _) => "error-passkey-unknown",
            (None, true) => "error-expired",
            (None, false) => "error-passkey",
        };
        let notice = match error {
            other if other.key() == Some(&Key::PasskeyChanged) => self.explained(&other),
            Error::NotAuthorized(_) | Error::InvalidParameter(_) => self.problem(id),
            other => self.explained(&other),
        };
        self.show(Shows::Name { username: shortened(username), signal }, notice).await
    }

    /// Returns the signal for the passkey manager if the asserted passkey was deleted here.
    async fn deleted_passkey(&self, credential: &str) -> Result<Option<Value>> {
        let (Ok(assertion), Some(rp)) = (Assertion::parse(credential), relying_party_of(&self.named.pool, &[])) else {
            return Ok(None);
        };
        let deleted = was_deleted(&self.visit.app, &self.named.pool, &assertion).await?;
        Ok(deleted.then(|| gone::signal(&rp.id, &assertion.credential_id)))
    }

    /// Returns the signal for a passkey whose deletion also ended the browser's session, if the page's address contains
    /// one.
    fn gone(&self) -> Option<Value> {
        let rp = relying_party_of(&self.named.pool, &[])?;
        Some(gone::signal(&rp.id, &gone::open(self.visit, &self.named.pool.id)?))
    }

    /// Continues after the person entered a code or chose a second factor.
    async fn code(&self) -> Result<HttpResponse> {
        let (username, session) = (self.field("username"), self.field("session"));
        let (challenge, offered) = (self.field("challenge"), self.field("offered"));
        let challenge = match challenge {
            "" if self.field("step") == "mfa" => ChallengeName::SelectMfaType,
            name => name.parse().map_err(|_| broken_form())?,
        };
        let code = &*code_input::code(self.field("code"));
        let (member, value) = match challenge {
            ChallengeName::SelectMfaType => ("ANSWER", self.field("factor")),
            ChallengeName::EmailOtp => (SecondFactor::EmailOtp.response(), code),
            ChallengeName::SmsOtp => (Factor::SmsOtp.response(), code),
            ChallengeName::SmsMfa => (SecondFactor::SmsMfa.response(), code),
            ChallengeName::SoftwareTokenMfa => (SecondFactor::SoftwareTokenMfa.response(), code),
            _ => return Err(broken_form()),
        };
        let error = match self.respond(challenge, session, pairs([("USERNAME", username), (member, value)])).await {
            Ok(outcome) => return self.go_on(username, outcome, offered, Notice::None).await,
            Err(error) if words::is_of_session(&error) || challenge == ChallengeName::SelectMfaType => {
                return self.start_over(username, error).await;
            }
            Err(error) => words::refuse_internal(error)?,
        };
        let shows = Shows::Code {
            username: username.to_owned(),
            session: session.to_owned(),
            offered: offered.to_owned(),
            challenge,
            to: self.field("to").to_owned(),
        };
        self.show(shows, self.explained(&error)).await
    }

    fn forgot(&self, username: &str) -> String {
        let query = self.visit.query.text(&["login_hint", "done", "fresh"], &[("login_hint", username)]);
        format!("/forgot?{query}")
    }

    async fn new_password(&self) -> Result<HttpResponse> {
        let (username, session) = (self.field("username"), self.field("session"));
        let mut responses = pairs([("USERNAME", username), ("NEW_PASSWORD", self.field("password"))]);
        let required: Vec<_> = self.field("required").split(',').filter(|name| !name.is_empty()).take(50).collect();
        for name in &required {
            responses.insert(format!("userAttributes.{name}"), self.field(name).to_owned());
        }
        match self.respond(ChallengeName::NewPasswordRequired, session, responses).await {
            Ok(outcome) => self.go_on(username, outcome, "", Notice::None).await,
            Err(error) if words::is_of_session(&error) => self.start_over(username, error).await,
            Err(error) => {
                let error = words::refuse_internal(error)?;
                let texts = PageLayout::new(self.visit, None).texts;
                let policy = words::policy(&texts, &self.named.pool.settings.policies.password_policy);
                let notice = match error {
                    Error::InvalidPassword(_) => texts.say1("error-password-policy", "policy", &policy),
                    other => words::explaining(&texts, &other),
                };
                let required = required.iter().map(|name| ((*name).to_owned(), self.field(name).to_owned()));
                let required = required.collect();
                let shows = Shows::NewPassword { username: username.to_owned(), session: session.to_owned(), required };
                self.show(shows, Notice::Problem(notice)).await
            }
        }
    }

    /// Checks the first code of an authenticator app that is set up during the sign-in, and continues the sign-in.
    async fn setup(&self) -> Result<HttpResponse> {
        let (username, session) = (self.field("username"), self.field("session"));
        let code = &*code_input::code(self.field("code"));
        let verified = self.visit.api("VerifySoftwareToken", json!({"Session": session, "UserCode": code})).await;
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) if words::is_of_session(&error) => return self.start_over(username, error).await,
            Err(error) => {
                let notice = self.explained(&words::refuse_internal(error)?);
                let secret = self.field("secret").to_owned();
                let shows = Shows::Setup { username: username.to_owned(), session: session.to_owned(), secret };
                return self.show(shows, notice).await;
            }
        };
        let session = verified["Session"].as_str().unwrap_or_default();
        match self.respond(ChallengeName::MfaSetup, session, pairs([("USERNAME", username)])).await {
            Ok(outcome) => self.go_on(username, outcome, "", Notice::None).await,
            Err(error) => self.start_over(username, error).await,
        }
    }

    /// Shows the first page again, with a notice of what went wrong.
    async fn start_over(&self, username: &str, error: Error) -> Result<HttpResponse> {
        let notice = self.explained(&words::refuse_internal(error)?);
        self.show(Shows::name(username), notice).await
    }

    /// Shows the page that the outcome of a step leads to. `offered` lists the factors that this sign-in offered
    /// before.
    async fn go_on(&self, username: &str, outcome: Outcome, offered: &str, notice: Notice) -> Result<HttpResponse> {
        let next = match outcome {
            Outcome::Browser(new) => {
                let next = purpose::back_to_adding(self.visit);
                return self.purpose.enter(self.visit, &new, next.as_deref()).await;
            }
            Outcome::Tokens(_) => return Err(Error::internal("tokens on the sign-in pages")),
            Outcome::Next(next) => next,
        };
        if next.name == ChallengeName::SelectChallenge {
            return self.selected(username, next, notice).await;
        }
        let parameter = |name: &str| next.parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (username, session, offered) = (username.to_owned(), next.session.clone(), offered.to_owned());
        let shows = match next.name {
            ChallengeName::WebAuthn => {
                Shows::Passkey { username, session, offered, options: parameter("CREDENTIAL_REQUEST_OPTIONS") }
            }
            ChallengeName::Password => Shows::Password { username, session, offered },
            challenge @ (ChallengeName::EmailOtp
            | ChallengeName::SmsOtp
            | ChallengeName::SmsMfa
            | ChallengeName::SoftwareTokenMfa) => {
                // A challenge that is not in `offered` asks for a second factor. Its page has no buttons for the first
                // factors, because these cannot replace a second factor.
                let is_offered = offered.split(',').any(|one| one == challenge.to_string());
                let offered = if is_offered { offered } else { String::new() };
                Shows::Code { username, session, offered, challenge, to: parameter("CODE_DELIVERY_DESTINATION") }
            }
            ChallengeName::SelectMfaType => {
                let can: Vec<String> = serde_json::from_str(&parameter("MFAS_CAN_CHOOSE")).unwrap_or_default();
                Shows::SecondFactor { username, session, offered: can.join(",") }
            }
            ChallengeName::MfaSetup => {
                let made = self.visit.api("AssociateSoftwareToken", json!({"Session": session})).await?;
                let text = |member: &str| made[member].as_str().unwrap_or_default().to_owned();
                Shows::Setup { username, session: text("Session"), secret: text("SecretCode") }
            }
            ChallengeName::NewPasswordRequired => {
                let required: Vec<String> = serde_json::from_str(&parameter("requiredAttributes")).unwrap_or_default();
                let required = required.iter().filter_map(|name| name.strip_prefix("userAttributes."));
                let required = required.map(|name| (name.to_owned(), String::new())).collect();
                Shows::NewPassword { username, session, required }
            }
            other => return Err(Error::internal(format!("the sign-in pages do not know the challenge {other}"))),
        };
        self.show(shows, notice).await
    }

    /// Shows the page that follows the entry of a name. It does not reveal whether anyone has this name.
    async fn selected(&self, username: &str, next: NextChallenge, notice: Notice) -> Result<HttpResponse> {
        let has_label = |factor: &Factor| label(factor.challenge()).is_some();
        let factors: Vec<_> = next.available.iter().copied().filter(has_label).collect();
        let offered = factors.iter().map(Factor::to_string).collect::<Vec<_>>().join(",");
        let session = next.session.as_str();
        let chosen = match factors[..] {
            _ if factors.contains(&Factor::WebAuthn) && self.field("webauthn") == "1" => Some(Factor::WebAuthn),
            // The only factor is a code, so there is nothing to choose and the code is sent at once.
            [only @ (Factor::EmailOtp | Factor::SmsOtp)] => Some(only),
            _ => None,
        };
        if let Some(chosen) = chosen {
            let responses = pairs([("USERNAME", username), ("ANSWER", chosen.into())]);
            return match self.respond(ChallengeName::SelectChallenge, session, responses).await {
                Ok(outcome) => Box::pin(self.go_on(username, outcome, &offered, notice)).await,
                Err(error) => self.start_over(username, error).await,
            };
        }
        // If the person cannot sign in at all, the page looks like that of a person with a password.
        if factors.contains(&Factor::Password) || factors.is_empty() {
            return self.show(password_page(username, session, &offered), notice).await;
        }
        let shows = Shows::Factor { username: username.to_owned(), session: session.to_owned(), offered };
        self.show(shows, notice).await
    }

    /// Signs in a person who just confirmed a sign-up, without asking for a factor.
    async fn after_sign_up(&self, username: &str, session: &str) -> Result<Outcome> {
        self.begin(pairs([("USERNAME", username)]), Some(session)).await
    }
}

fn password_page(username: &str, session: &str, offered: &str) -> Shows {
    Shows::Password { username: username.to_owned(), session: session.to_owned(), offered: offered.to_owned() }
}

/// Whether a user has this name, as a username or an address.
fn is_called(user: &User, name: &str) -> bool {
    let addresses = AddressAttribute::ALL.into_iter().filter_map(|one| user.attributes.get(one.name())?.as_str());
    addresses.chain([user.username.as_str()]).any(|own| own.eq_ignore_ascii_case(name))
}

/// Signs in a person who just confirmed a sign-up. If the pool has passkeys, the person is then asked whether to add
/// one. `None` means that the person has to sign in as usual.
pub async fn after_sign_up(
    visit: &Visit,
    purpose: &PagePurpose,
    username: &str,
    session: &str,
) -> Result<Option<HttpResponse>> {
    let login = Login { visit, purpose, named: purpose.named(), freshness: Freshness::current() };
    match login.after_sign_up(username, session).await {
        Ok(Outcome::Browser(new)) => {
            let invitation = format!(
                "/passkeys/add?{}",
                visit.query.text(&["prompt", "max_age", "fresh", "done", "then", "invited"], &[("invited", "1")])
            );
            let next = pool::has_passkeys(&login.named.pool).then_some(invitation.as_str());
            purpose.enter(visit, &new, next).await.map(Some)
        }
        Ok(_) => Ok(None),
        Err(error) => words::refuse_internal(error).map(|_| None),
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Parameters {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
