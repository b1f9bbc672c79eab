//! The authorization request of OAuth 2.0 and OpenID Connect (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core
//! section 3.1.2; docs/cognito.md 7.1): what an application requests, and what it receives once the person is signed
//! in.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use time::Duration;
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    app::App,
    context::Context,
    error::{Error, Result},
    flows::{
        accounts::network,
        oauth::{
            fields::Fields,
            oauth_session::{self, Granted},
        },
        pool_context::PoolContext,
        sessions::browser::Browser,
    },
    random,
    sealing::sha256,
    store::{self, authorization_codes::AuthorizationCode, clients::ClientAndPool},
    tokens,
};

/// How long an authorization code is valid (docs/cognito.md 7.1).
const CODE_LIFETIME: Duration = Duration::minutes(5);
/// The maximum length of one parameter, in bytes.
const LONGEST: usize = 4096;
/// The maximum length of `id_token_hint`, in bytes: an ID token lists the user's groups.
const LONGEST_HINT: usize = 16 * 1024;

/// An authorization request that was checked.
pub struct Authorization {
    pub named: Arc<ClientAndPool>,
    pub answer: Answer,
    /// What the application receives.
    pub grants: Grants,
    pub scope: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub resource: Option<String>,
    pub prompt: Prompt,
    /// The maximum age of the person's sign-in, in seconds (`max_age`).
    pub max_age: Option<i64>,
    /// The user who the application believes is signed in (`id_token_hint`).
    pub hinted: Option<Hint>,
    /// The lowest level (1 to 4) of the `acr` claim that satisfies the request (`acr_values`).
    pub acr_level: Option<u8>,
}

/// What the application receives at its redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grants {
    /// An authorization code, which the application exchanges for tokens.
    Code,
    /// The tokens themselves (the implicit grant).
    Tokens,
}

/// Which pages the person must see (`prompt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Only the pages that are needed.
    Default,
    /// No page.
    None,
    /// The sign-in page, even if the person is already signed in.
    Login,
    /// The choice between the signed-in account and another one.
    SelectAccount,
}

/// The subject of an ID token that the application sent as a hint (`id_token_hint`).
///
/// The token is not verified, because a hint can only make the request harder to satisfy.
pub enum Hint {
    Subject(Uuid),
    Unreadable,
}

impl Hint {
    fn of(token: &str) -> Self {
        tokens::unverified_subject(token).map_or(Self::Unreadable, Self::Subject)
    }
}

/// How the application receives the result: at which redirect URI, and in which part of it.
#[derive(Clone)]
pub struct Answer {
    pub redirect_uri: String,
    pub state: Option<String>,
    in_fragment: bool,
    /// The issuer, so that the application can tell whose response it is (RFC 9207).
    iss: String,
}

impl Answer {
    /// The redirect URI with these parameters and the request's state.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        query.append_pair("iss", &self.iss);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let separator = match (self.in_fragment, self.redirect_uri.contains('?')) {
            (true, _) => '#',
            (false, true) => '&',
            (false, false) => '?',
        };
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }

    /// The redirect URI with an error (RFC 6749 section 4.1.2.1).
    pub fn error(&self, code: &str, description: &str) -> String {
        self.with(&[("error", code), ("error_description", description)])
    }
}

/// Why a request is refused.
pub enum Fault {
    /// The client or the redirect URI is missing or invalid. Only the person sees this error (RFC 6749 section
    /// 4.1.2.1).
    Shown(String),
    /// The application receives this error, by a redirect to this address.
    Told(String),
    Internal(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Internal(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Returns the ID of the app client that a request names, and the ID of its pool.
pub async fn client<'f>(app: &App, fields: &'f Fields) -> Result<(&'f str, String), Fault> {
    let client_id = fields.get("client_id").unwrap_or_default();
    if client_id.is_empty() {
        return Err(Fault::Shown("client_id is missing from the address.".into()));
    }
    if client_id.len() > 128 || client_id.contains('\0') {
        return Err(without_client(Error::no_such_client(client_id)));
    }
    let pool_id = app.pool_of_client(client_id).await.map_err(without_client)?;
    Ok((client_id, pool_id))
}

/// Returns the fault of a request whose app client was not found because of this error.
pub fn without_client(error: Error) -> Fault {
    match error {
        Error::ResourceNotFound(_) => Fault::Shown("The app client that client_id names does not exist.".into()),
        other => Fault::Internal(other),
    }
}

/// Whether this client may use the sign-in pages: it must allow an OAuth 2.0 flow that has pages.
pub fn has_pages(named: &ClientAndPool) -> bool {
    ["code", "implicit"].into_iter().any(|flow| named.client.settings.allows_oauth(flow))
}

/// Checks an authorization request of the named app client.
pub async fn check(app: &App, named: Arc<ClientAndPool>, fields: &Fields) -> Result<Authorization, Fault> {
    let settings = &named.client.settings;
    let repeated = |name: &str| fields.names().filter(|other| *other == name).count() > 1;
    if let Some(name) = ["client_id", "redirect_uri"].into_iter().find(|name| repeated(name)) {
        return Err(Fault::Shown(format!("The parameter {name} stands more than once in the address.")));
    }
    let Some(redirect_uri) = fields.get("redirect_uri").filter(|uri| !uri.is_empty()) else {
        return Err(Fault::Shown("redirect_uri is missing from the address.".into()));
    };
    if !settings.has_callback(redirect_uri) {
        return Err(Fault::Shown("The redirect_uri is not one of the app client's callback URLs.".into()));
    }
    let response_type = fields.get("response_type").unwrap_or_default();
    let answer = Answer {
        redirect_uri: redirect_uri.to_owned(),
        state: fields.get("state").map(str::to_owned),
        in_fragment: response_type == "token",
        iss: app.issuer(&named.pool.id),
    };
    let told = |code: &str, description: &str| Fault::Told(answer.error(code, description));
    let invalid = |description: &str| told("invalid_request", description);
    if fields.repeated().is_some() {
        return Err(invalid("a parameter stands more than once"));
    }
    let longest = |name: &str| if name == "id_token_hint" { LONGEST_HINT } else { LONGEST };
    if fields.names().zip(fields.values()).any(|(name, value)| value.len() > longest(name)) {
        return Err(invalid("a parameter is too long"));
    }
    // These parameters are refused and not ignored, because the application relies on them (OpenID Connect Core,
    // section 3.1.2.6).
    for (name, code) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if fields.get(name).is_some() {
            return Err(told(code, "this parameter is not supported; send the others by themselves"));
        }
    }
    let (grants, flow) = match response_type {
        "code" => (Grants::Code, "code"),
        "token" => (Grants::Tokens, "implicit"),
        "" => return Err(invalid("response_type is missing")),
        _ => return Err(invalid("response_type must be code or token")),
    };
    let modes = if grants == Grants::Code { ["", "query"] } else { ["", "fragment"] };
    if !modes.contains(&fields.get("response_mode").unwrap_or_default()) {
        return Err(invalid("response_mode must be query for code and fragment for token"));
    }
    if !settings.allows_oauth(flow) {
        return Err(told("unauthorized_client", "the app client may not use this flow"));
    }
    if fields.values().any(|value| value.contains('\0')) {
        return Err(invalid("a parameter holds the character U+0000"));
    }
    match fields.get("identity_provider") {
        None | Some("" | "COGNITO") => {}
        Some(_) => return Err(invalid("identity_provider: only COGNITO is there")),
    }
    if fields.get("idp_identifier").is_some_and(|text| !text.is_empty()) {
        return Err(invalid("idp_identifier: no identity provider has it"));
    }
    let scope = scope(&named, fields.get("scope")).map_err(|text| told("invalid_scope", text))?;
    let code_challenge = code_challenge(fields, grants).map_err(invalid)?;
    let prompt = prompt(fields.get("prompt")).map_err(invalid)?;
    let max_age = match fields.get("max_age").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match text.parse::<i64>() {
            Ok(seconds) if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(seconds),
            _ => return Err(invalid("max_age must be a number of seconds")),
        },
    };
    let resource = fields.get("resource").filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(identifier) = &resource
        && store::resource_servers::find(&app.db, &named.pool.id, identifier).await?.is_none()
    {
        return Err(told("invalid_request", "resource names no resource server"));
    }
    if resource.as_ref().is_some_and(|identifier| !is_granted(identifier, &scope)) {
        return Err(told("invalid_target", "no scope of this resource server is granted"));
    }
    let acr_level = fields.get("acr_values").and_then(|text| {
        let levels =
            text.split(' ').filter_map(|name| (1..=4).find(|level| named.pool.settings.acr_name(*level) == name));
        levels.min()
    });
    Ok(Authorization {
        nonce: fields.get("nonce").map(str::to_owned),
        named,
        answer,
        grants,
        scope,
        code_challenge,
        resource,
        prompt,
        max_age,
        hinted: fields.given("id_token_hint").map(Hint::of),
        acr_level,
    })
}

/// Returns the scopes that are granted: the requested ones, or all of the client's scopes if none is requested.
pub fn scope(named: &ClientAndPool, asked: Option<&str>) -> Result<String, &'static str> {
    let allowed = named.client.settings.list("AllowedOAuthScopes");
    let mut scopes: Vec<&str> = Vec::new();
    for one in asked.unwrap_or_default().split(' ').filter(|one| !one.is_empty()) {
        if !allowed.contains(&one) {
            return Err("the app client may not ask for one of the scopes");
        }
        if !scopes.contains(&one) {
            scopes.push(one);
        }
    }
    if scopes.is_empty() {
        scopes = allowed;
    }
    // `phone`, `email` and `profile` say which claims of the ID token and of userInfo are granted. Without `openid`,
    // there is no ID token and no access to userInfo.
    if scopes.iter().any(|one| ["phone", "email", "profile"].contains(one)) && !scopes.contains(&"openid") {
        return Err("phone, email and profile need openid beside them");
    }
    Ok(scopes.join(" "))
}

/// Whether a scope of this resource server is among the granted ones.
pub fn is_granted(identifier: &str, scope: &str) -> bool {
    scope.split(' ').any(|one| one.strip_prefix(identifier).is_some_and(|rest| rest.starts_with('/')))
}

/// The code challenge of PKCE (RFC 7636). Only S256 is supported.
fn code_challenge(fields: &Fields, grants: Grants) -> Result<Option<String>, &'static str> {
    let method = fields.get("code_challenge_method").filter(|text| !text.is_empty());
    let challenge = fields.get("code_challenge").filter(|text| !text.is_empty());
    match (challenge, method) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err("code_challenge is missing"),
        (Some(_), None) => Err("code_challenge_method is missing; it must be S256"),
        (Some(challenge), Some("S256")) => {
            let is_hash = BASE64_URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|hash| hash.len() == 32);
            match (is_hash, grants) {
                (false, _) => Err("code_challenge must be a SHA-256 in base64url"),
                (true, Grants::Tokens) => Err("code_challenge is for response_type=code"),
                (true, Grants::Code) => Ok(Some(challenge.to_owned())),
            }
        }
        (Some(_), Some(_)) => Err("code_challenge_method must be S256"),
    }
}

fn prompt(text: Option<&str>) -> Result<Prompt, &'static str> {
    let mut prompt = Prompt::Default;
    let values: Vec<_> = text.unwrap_or_default().split(' ').filter(|one| !one.is_empty()).collect();
    for value in &values {
        prompt = match *value {
            "none" if values.len() == 1 => Prompt::None,
            "none" => return Err("prompt: none stands alone"),
            "login" => Prompt::Login,
            "select_account" if prompt != Prompt::Login => Prompt::SelectAccount,
            "select_account" => prompt,
            // There is no consent page, because the applications belong to the operator of the pool.
            "consent" => prompt,
            _ => return Err("prompt must be none, login, select_account or consent"),
        };
    }
    Ok(prompt)
}

impl Authorization {
    /// Whether a browser's sign-in satisfies the request apart from its prompt: the sign-in must be recent enough,
    /// strong enough and by the expected user.
    pub fn is_satisfied_by(&self, app: &App, browser: &Browser) -> bool {
        let age = browser.age(app);
        // A `max_age` of 0 requires a new sign-in (OpenID Connect Core, section 3.1.2.1).
        let recent = self.max_age.is_none_or(|most| most > 0 && age <= Duration::seconds(most));
        let strong = self.acr_level.is_none_or(|level| browser.acr_level() >= level);
        let expected = match &self.hinted {
            None => true,
            Some(Hint::Subject(sub)) => *sub == browser.session.sub,
            Some(Hint::Unreadable) => false,
        };
        recent && strong && expected
    }

    /// Like [`Self::is_satisfied_by`], if the person is not asked again: the app client may also limit the age of the
    /// sign-in (SetUserPoolClientSessionConfiguration).
    pub fn may_reuse(&self, app: &App, browser: &Browser) -> bool {
        browser.age(app) < self.named.client.sso_validity() && self.is_satisfied_by(app, browser)
    }

    /// Returns the address that the browser is redirected to, with the result or an error. `None` means that the
    /// browser is no longer signed in.
    pub async fn grant(&self, app: &App, request: &Context, browser: &Browser) -> Option<String> {
        if network::check(&self.named.client, Some(request.address)).is_err() {
            return Some(self.answer.error("access_denied", "the risk configuration blocks the person's network"));
        }
        let granted = match self.grants {
            Grants::Code => self.code(app, browser).await,
            Grants::Tokens => self.tokens(app, request, browser).await,
        };
        match granted {
            // The browser was signed out while a trigger ran.
            Err(Error::NotAuthorized(_)) => None,
            Err(error) => Some(self.failure(&error)),
            Ok(granted) => granted,
        }
    }

    /// Returns the address that the browser is redirected to with an error.
    ///
    /// A redirect cannot carry a status code, so `server_error` tells the application that the server failed (RFC 6749
    /// section 4.1.2.1).
    pub fn failure(&self, error: &Error) -> String {
        let (code, description) = match error {
            Error::UserLambdaValidation(_) => ("invalid_request", "a function of the user pool refused"),
            Error::TooManyRequests(_) => ("temporarily_unavailable", "too many requests; try again in a moment"),
            Error::Internal(cause) => {
                tracing::error!(%cause, "an authorization request failed");
                ("server_error", "try again in a moment")
            }
            Error::UnexpectedLambda(_) | Error::InvalidLambdaResponse(_) => {
                ("server_error", "a function of the user pool failed; try again in a moment")
            }
            other => {
                tracing::warn!(error = %other, "an authorization request failed");
                ("server_error", "try again in a moment")
            }
        };
        self.answer.error(code, description)
    }

    async fn code(&self, app: &App, browser: &Browser) -> Result<Option<String>> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        let (pool_id, session) = (&self.named.pool.id, &browser.session);
        let code = AuthorizationCode {
            hash: sha256(text.as_bytes()).to_vec(),
            sub: session.sub,
            client_id: self.named.client.id.clone(),
            browser_session: session.origin_jti,
            redirect_uri: self.answer.redirect_uri.clone(),
            scope: self.scope.clone(),
            nonce: self.nonce.clone(),
            code_challenge: self.code_challenge.clone(),
            resource: self.resource.clone(),
            expires_at: app.clock.now() + CODE_LIFETIME,
            origin_jti: None,
            used_at: None,
        };
        let mut tx = app.db.begin().await?;
        // The user is locked first, as the common order of locks requires.
        let held = store::users::lock_shared(&mut tx, pool_id, session.sub).await?;
        if held.is_none() || !store::sessions::lock_live(&mut tx, pool_id, session.sub, session.origin_jti).await? {
            return Ok(None);
        }
        store::authorization_codes::insert(&mut tx, pool_id, &code).await?;
        tx.commit().await?;
        Ok(Some(self.answer.with(&[("code", &text)])))
    }

    async fn tokens(&self, app: &App, request: &Context, browser: &Browser) -> Result<Option<String>> {
        let mut tx = app.db.begin().await?;
        let granted = Granted { scope: &self.scope, resource: self.resource.as_deref(), refreshable: false };
        let (sub, session) = (browser.session.sub, browser.session.origin_jti);
        let Some(opened) = oauth_session::open(app, &mut tx, &self.named, sub, session, &granted).await? else {
            return Ok(None);
        };
        tx.commit().await?;
        let metadata = serde_json::Map::new();
        let context = PoolContext::of_client(app, request, &self.named, &metadata);
        let tokens = opened.tokens(&context, &self.named.client, self.nonce.as_deref()).await?;
        let expires_in = tokens.expires_in.to_string();
        let mut parameters = vec![("access_token", tokens.access_token.as_str())];
        if let Some(id_token) = &tokens.id_token {
            parameters.push(("id_token", id_token));
        }
        parameters.extend([("token_type", "bearer"), ("expires_in", &expires_in)]);
        Ok(Some(self.answer.with(&parameters)))
    }
}
