//! `/signup`: a person creates an account, confirms it with a code or a link, and is asked whether to add a passkey.

use std::{borrow::Cow, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Map, json};

use super::{
    Notice, PageLayout,
    attribute_input::{AttributeInput, plain_phone},
    code_input,
    confirmation::{Shows, Waiting, confirm_page, lead_to, resend, resend_code},
    cookies, login, page,
    purpose::{PagePurpose, broken_form},
    step::{self, Address, Step},
    words,
};
use crate::{
    app::App,
    error::{Error, Result},
    factor::AddressAttribute,
    flows::{
        accounts::{
            password,
            sign_up::{self, Chosen, Confirmation, Confirmed},
        },
        messages::{codes::Given, purpose},
        pool_context::PoolContext,
    },
    http::visit::{self, Visit},
    secret::Secret,
    store::{self, clients::ClientAndPool, page_settings::Kind, pools::Pool},
    texts::Texts,
    wire,
};

pub async fn visit(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "signup", show, super::refuse).await
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignUpPage {
    f: PageLayout,
    fields: Vec<AttributeInput>,
    password_optional: bool,
    policy: String,
    /// The documents with terms: label and address.
    terms: Vec<(Cow<'static, str>, String)>,
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let visit = &*visit;
    let purpose = match PagePurpose::of(visit).await? {
        Ok(purpose) => purpose,
        Err(answer) => return Ok(answer),
    };
    let closed = purpose.named().pool.settings.admin_create_user_config.allow_admin_create_user_only;
    if closed {
        let frame = purpose.frame(visit);
        let message = super::Message {
            title: frame.say("sign-up"),
            text: frame.say("error-sign-up-closed"),
            detail: None,
            back: Some(super::Back { href: frame.link("/login"), label: frame.say("back-to-sign-in") }),
            f: &frame,
        };
        return page(visit, 403, &frame, &message);
    }
    if !visit.is_form() {
        return match step::current(visit, purpose.named()).await? {
            Some(Ok(step)) => render(visit, &purpose, step.status(), &step).await,
            Some(Err(elsewhere)) => Ok(elsewhere),
            None => {
                let hint = visit.query.given("login_hint").map(|hint| ("username".to_owned(), hint.to_owned()));
                let shows = Shows::SignUp { entered: hint.into_iter().collect() };
                render(visit, &purpose, 200, &Step { shows, notice: Notice::None }).await
            }
        };
    }
    if !cookies::is_own_form(visit) {
        if let Some(response) = purpose.signed_in_elsewhere(visit).await? {
            return Ok(response);
        }
        let notice = Notice::Problem(purpose.frame(visit).say("error-old-form"));
        return render(visit, &purpose, 403, &Step { shows: entered(visit, &purpose), notice }).await;
    }
    if let Some(elsewhere) = step::answered(visit, purpose.named()) {
        return Ok(elsewhere);
    }
    match visit.form.get("step").unwrap_or_default() {
        "sign_up" => begin(visit, &purpose).await,
        "confirm" => confirm(visit, &purpose).await,
        "resend" => resend(visit, &purpose).await,
        _ => Err(broken_form()),
    }
}

/// Returns the names of the sign-up fields, and whether each is required.
///
/// The fields are the username or the addresses that replace it, the required attributes, an address for the
/// confirmation code, and the aliases with which people can sign in.
fn field_names(pool: &Pool) -> Vec<(String, bool)> {
    let settings = &pool.settings;
    let mut names: Vec<(String, bool)> = Vec::new();
    let mut add = |name: &str, required: bool| match names.iter_mut().find(|(one, _)| one == name) {
        Some((_, before)) => *before |= required,
        None => names.push((name.to_owned(), required)),
    };
    match settings.username_attributes.as_slice() {
        [] => add("username", true),
        // If people can sign in with several kinds of address, one is enough.
        several => several.iter().for_each(|name| add(name, several.len() == 1)),
    }
    let required = settings.schema_attributes.iter().filter(|one| one.required && one.name != "sub");
    required.for_each(|one| add(&one.name, true));
    let automatic = &settings.auto_verified_attributes;
    let has_one = names.iter().any(|(name, required)| *required && automatic.contains(name));
    let mut add = |name: &str, required: bool| {
        if !names.iter().any(|(one, _)| one == name) {
            names.push((name.to_owned(), required));
        }
    };
    // The confirmation code needs an address to go to, unless a required field is one.
    let first = automatic.first().map(String::as_str);
    if let Some(name) = ["email", "phone_number"].into_iter().find(|name| automatic.iter().any(|one| one == name))
        && !has_one
    {
        add(name, first.is_some());
    }
    for name in &settings.alias_attributes {
        add(name, false);
    }
    names
}

/// Returns the links to the documents with terms in the page's language. As with Amazon Cognito, they are shown only if
/// the app client has both documents (docs/cognito.md 7.7).
async fn terms(visit: &Visit, named: &ClientAndPool, texts: &Texts) -> Result<Vec<(Cow<'static, str>, String)>> {
    let found = store::page_settings::links_of_terms(&visit.app.db, &named.pool.id, &named.client.id).await?;
    if found.len() < Kind::TERMS.len() {
        return Ok(Vec::new());
    }
    let language = match texts.language().split('-').next().unwrap_or_default() {
        "de" => "cognito:german",
        "es" => "cognito:spanish",
        "fr" => "cognito:french",
        "ja" => "cognito:japanese",
        "pt" => "cognito:portuguese-brazil",
        "en" => "cognito:english",
        _ => "cognito:default",
    };
    let link = |kind: Kind, label: &str| {
        let (_, links) = found.iter().find(|(name, _)| name == kind.text())?;
        let address = links.get(language).or_else(|| links.get("cognito:default"))?.as_str()?;
        Some((texts.say(label), address.to_owned()))
    };
    let documents = [(Kind::TermsOfUse, "terms-of-use"), (Kind::PrivacyPolicy, "privacy-policy")];
    Ok(documents.into_iter().filter_map(|(kind, label)| link(kind, label)).collect())
}

async fn render(visit: &Visit, purpose: &PagePurpose, status: u16, step: &Step<Shows>) -> Result<HttpResponse> {
    let mut f = purpose.frame(visit);
    f.notice = step.notice.clone();
    let entered = match &step.shows {
        Shows::SignUp { entered } => entered,
        Shows::Confirm(waiting) => return confirm_page(visit, purpose, status, waiting, f),
    };
    let pool = &purpose.named().pool;
    let field = |(name, required): (String, bool)| {
        AttributeInput::new(&f.texts, &name, required, entered.get(&name).map_or("", String::as_str))
    };
    let template = SignUpPage {
        fields: field_names(pool).into_iter().map(field).collect(),
        password_optional: pool.uses_codes(),
        policy: words::policy(&f.texts, &pool.settings.policies.password_policy),
        terms: terms(visit, purpose.named(), &f.texts).await?,
        f,
    };
    page(visit, status, &template.f, &template)
}

/// Returns the form with what the person has entered.
fn entered(visit: &Visit, purpose: &PagePurpose) -> Shows {
    let names = field_names(&purpose.named().pool).into_iter();
    let values = names.filter_map(|(name, _)| {
        let value = visit.form.given(&name)?.to_owned();
        Some((name, value))
    });
    Shows::SignUp { entered: values.collect() }
}

async fn begin(visit: &Visit, purpose: &PagePurpose) -> Result<HttpResponse> {
    let named = purpose.named();
    let pool = &named.pool;
    let names = field_names(pool);
    let given = |name: &str| {
        let value = visit.form.given(name).map(str::trim).filter(|value| !value.is_empty());
        value.map(|value| if name == "phone_number" { plain_phone(value) } else { value.to_owned() })
    };
    let by_address = pool.settings.username_attributes.iter().find_map(|name| given(name));
    let username = match pool.settings.username_attributes.is_empty() {
        true => given("username"),
        false => by_address,
    };
    let missing = names.iter().any(|(name, required)| *required && given(name).is_none());
    let Some(username) = username.as_deref().filter(|_| !missing) else {
        let notice = Notice::Problem(purpose.frame(visit).say("error-entry"));
        return lead_to(visit, purpose, entered(visit, purpose), notice).await;
    };
    let attributes = names.iter().filter(|(name, _)| name != "username");
    let attributes = attributes.filter_map(|(name, _)| Some(json!({"Name": name, "Value": given(name)?})));
    let mut input = json!({
        "ClientId": named.client.id,
        "Username": username,
        "UserAttributes": attributes.collect::<Vec<_>>(),
    });
    if let Some(password) = visit.form.given("password") {
        input["Password"] = json!(password);
    }
    // The destination that the page shows is computed from what the person entered, not from the delivery details in
    // the response, which would reveal who has an account.
    let to = destination(pool, username, given);
    match visit.api("SignUp", input).await {
        Ok(made) if made["UserConfirmed"] == true => {
            step::leave(visit, named, &Address::new("/login", &[("done", "confirmed")]))
        }
        Ok(made) => {
            let session = made["Session"].as_str().unwrap_or_default();
            lead_to(visit, purpose, Shows::Confirm(Waiting::new(username, to, session)), Notice::None).await
        }
        // The page looks as it does after a new sign-up, because it must not reveal whether an address has an account.
        // A person who began a sign-up before gets another code.
        Err(Error::UsernameExists(_))
            if !pool.settings.username_attributes.is_empty()
                || sign_up::waits(&visit.app, &visit.context, pool, username, given("email").as_deref()).await? =>
        {
            let addresses = AddressAttribute::ALL.map(|address| (address, given(address.name())));
            let entered = (visit.form.given("password"), addresses);
            let session = match sign_up::begin_again(&visit.app, &visit.context, pool, username, entered).await? {
                true => sign_up::session_of(&visit.app, &visit.context, named, username).await?,
                // This looks like the session of a sign-up but is not valid, because the stored password may be another
                // person's.
                false => sign_up::no_session(&visit.app, &named.client),
            };
            resend_code(visit, purpose, username).await?;
            lead_to(visit, purpose, Shows::Confirm(Waiting::new(username, to, session)), Notice::None).await
        }
        Err(error) => {
            let error = words::refuse_internal(error)?;
            let frame = purpose.frame(visit);
            let policy = words::policy(&frame.texts, &pool.settings.policies.password_policy);
            let text = match error {
                Error::InvalidPassword(_) => frame.texts.say1("error-password-policy", "policy", policy),
                other => words::explaining(&frame.texts, &other),
            };
            lead_to(visit, purpose, entered(visit, purpose), Notice::Problem(text)).await
        }
    }
}

/// Returns the full address that a sign-up's code is sent to, so that the person who entered it notices a typing
/// mistake.
fn destination(pool: &Pool, username: &str, given: impl Fn(&str) -> Option<String>) -> String {
    sign_up::attribute_to_verify(pool, username, &given).and_then(|one| given(one.name())).unwrap_or_default()
}

/// Returns the password that was sent along with a code or a link, if there is one. If it violates the API's rules or
/// the pool's policy, fails with the notice that says so.
pub fn chosen_password(visit: &Visit, pool: &Pool) -> Result<Option<Secret>, Notice> {
    let Some(given) = visit.form.given("password") else { return Ok(None) };
    let texts = PageLayout::new(visit, None).texts;
    let policy = &pool.settings.policies.password_policy;
    if !wire::is_password(given) {
        return Err(Notice::Problem(texts.say("error-password")));
    }
    if password::check_policy(policy, given).is_err() {
        let text = texts.say1("error-password-policy", "policy", words::policy(&texts, policy));
        return Err(Notice::Problem(text));
    }
    Ok(Some(Secret::from(given.to_owned())))
}

async fn confirm(visit: &Visit, purpose: &PagePurpose) -> Result<HttpResponse> {
    let field = |name: &str| visit.form.get(name).unwrap_or_default();
    let code = &*code_input::code(field("code"));
    let waiting = Waiting::new(field("username"), field("to"), field("session"));
    let needs_password = || Waiting { right_code: Some(code.to_owned()), ..waiting.clone() };
    let problem = match redeem(visit, purpose, &waiting, code).await {
        Ok(Ok(Confirmed::Done { session, .. })) => {
            if let Some(session) = session
                && let Some(response) = login::after_sign_up(visit, purpose, &waiting.username, &session).await?
            {
                return Ok(response);
            }
            let more = [("done", "confirmed"), ("login_hint", &*waiting.username)];
            return step::leave(visit, purpose.named(), &Address::new("/login", &more));
        }
        Ok(Ok(Confirmed::PasswordNeeded)) => {
            return lead_to(visit, purpose, Shows::Confirm(needs_password()), Notice::None).await;
        }
        Ok(Err(problem)) => return lead_to(visit, purpose, Shows::Confirm(needs_password()), problem).await,
        Err(error) => words::refuse_internal(error)?,
    };
    let texts = purpose.frame(visit).texts;
    let text = match problem {
        // An expired code, and an input that cannot be a code, are reported as a wrong code. The page must not reveal
        // whether a code is outstanding.
        Error::InvalidParameter(_) | Error::NotAuthorized(_) | Error::CodeMismatch(_) | Error::ExpiredCode(_) => {
            texts.say("error-code")
        }
        other => words::explaining(&texts, &other),
    };
    lead_to(visit, purpose, Shows::Confirm(waiting), Notice::Problem(text)).await
}

/// Confirms the sign-up with the code, or returns what is wrong with the password that was sent along.
async fn redeem(
    visit: &Visit,
    purpose: &PagePurpose,
    waiting: &Waiting,
    code: &str,
) -> Result<Result<Confirmed, Notice>> {
    let app = &visit.app;
    let named = purpose.named();
    let (_turn, user) = sign_up::named(app, &visit.context, named, &waiting.username).await?;
    let password = match chosen_password(visit, &named.pool) {
        Ok(password) => password,
        Err(problem) => return Ok(Err(problem)),
    };
    let confirmation = Confirmation {
        username: &waiting.username,
        code: Given { purpose: purpose::Purpose::SignUp, code, by: Some(visit.context.address) },
        force_alias_creation: false,
        session: Some(&waiting.session),
        password: Chosen::SessionHolder(password.as_ref()),
    };
    let (request, metadata) = (visit.context_of("ConfirmSignUp"), Map::new());
    let context = PoolContext::of_client(app, &request, named, &metadata);
    sign_up::confirm(&context, &named.client, user, &confirmation).await.map(Ok)
}
