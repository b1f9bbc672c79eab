//! A visit: one request of a browser to the pages, or of an application to the OAuth endpoints.
//!
//! Visits are handled like requests to the API. Their limits are checked first. Each visit runs as a task of its own
//! and has one span with its request ID. The cause of an internal error is logged once.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    rc::Rc,
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    address,
    arrival::{self, Answer, Arrival, Limits},
    form_secret::{self, FormSecret},
    work,
};
use crate::{
    admission,
    app::App,
    call::{Call, Head},
    caller::{Bearer, Recognized},
    context::{Context, Door, kept_user_agent},
    error::{Error, Result},
    flows::{
        oauth::fields::Fields,
        sessions::browser::{self, Browser},
    },
    hosts::Place,
    operations,
    store::{self, clients::ClientAndPool, page_settings::Customization},
    tokens::{self, AccessClaims, PoolKeys, RefreshToken},
};

/// The maximum size of a form, in bytes. A passkey's attestation alone can take tens of thousands of bytes.
const LONGEST: usize = 192 * 1024;
/// The only path of a visit that takes an access token. Its requests count against the user's budget.
const USER_INFO: &str = "/oauth2/userInfo";

/// One request, as the pages and the OAuth endpoints see it.
pub struct Visit {
    pub app: Arc<App>,
    /// What flows need to know about the request. The operation is empty; [`Visit::context_of`] sets it.
    pub context: Context,
    head: Head,
    /// The path, without the query and without the ID of the step.
    pub path: String,
    /// The ID of the step of the pages that the path ends with, if it has one.
    pub step: Option<Uuid>,
    pub query: Fields,
    /// The fields of the submitted form; empty for methods other than `POST`.
    pub form: Fields,
    /// The size of the form's body, in bytes.
    size: usize,
    cookies: Vec<(String, String)>,
    /// The claims of the access token, once it has been verified.
    claims: OnceLock<AccessClaims>,
    /// What [`Visit::begin`] has read.
    begun: OnceLock<Begun>,
}

/// What a visit knows once it has begun.
pub struct Begun {
    pool_id: String,
    /// How the pages of the app client look, beyond what the pool says.
    customization: Option<Customization>,
    /// The visiting browser, if it is signed in to the pool.
    pub browser: Option<Browser>,
}

/// Answers a visit with `handle`, and errors with `refuse`. `name` is the visit's name in the log and the metrics.
pub async fn answer<Fut: Future<Output = Result<HttpResponse>> + 'static>(
    (request, payload, app): (HttpRequest, web::Payload, web::Data<App>),
    name: &'static str,
    handle: fn(Rc<Visit>) -> Fut,
    refuse: fn(&Visit, &Error) -> HttpResponse,
) -> HttpResponse {
    let app = app.into_inner();
    let arrival = Arrival::new(&app, name);
    let request_id = arrival.request_id;
    // If the caller's address cannot be read, the visit gets the unspecified address and is refused.
    let (address, unreadable) = match address::of_caller(&request, &app.config) {
        Ok(address) => (address, None),
        Err(error) => (Ipv4Addr::UNSPECIFIED.into(), Some(error)),
    };
    let mut visit = Visit::new(&request, &app, request_id, address);
    let refused = |visit: &Visit, error: Error| Answer { response: refuse(visit, &error), error: Some(error) };
    let answered = Box::pin(async {
        let arrived = match unreadable {
            Some(error) => Err(error),
            None => visit.arrive(&request, payload).await,
        };
        let visit = Rc::new(visit);
        let outcome = match arrived {
            Ok(()) => run(visit.clone(), handle).await,
            Err(error) => Err(error),
        };
        outcome.map_or_else(|error| refused(&visit, error), |response| Answer { response, error: None })
    });
    let mut response =
        arrival.answer(answered, |error| refused(&Visit::new(&request, &app, request_id, address), error)).await;
    if let Ok(value) = header::HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(header::HeaderName::from_static("x-amz-cognito-request-id"), value);
    }
    response
}

/// Runs a visit whose form has arrived completely.
async fn run<Fut: Future<Output = Result<HttpResponse>> + 'static>(
    visit: Rc<Visit>,
    handle: fn(Rc<Visit>) -> Fut,
) -> Result<HttpResponse> {
    let (app, address, path) = (visit.app.clone(), visit.context.address, visit.path.clone());
    let whom = visit.recognize();
    // Boxed because a page's future is large and is moved several times before it runs.
    work::with_place(&app, (address, &path), whom, Box::pin(handle(visit))).await
}

impl Visit {
    fn new(request: &HttpRequest, app: &Arc<App>, request_id: Uuid, address: IpAddr) -> Self {
        let headers = request.headers().iter();
        // Another application on the same host may have set a cookie in another character set. Our own cookies beside
        // it must still be readable.
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers: Vec<(String, String)> = headers.collect();
        let cookies = headers.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, value)| value.split(';'));
        let cookies = cookies.filter_map(|pair| pair.trim().split_once('='));
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let step = request.match_info().get("step").and_then(|id| Uuid::try_parse(id).ok());
        let path = match request.path().rsplit_once('/') {
            Some((page, _)) if step.is_some() => page,
            _ => request.path(),
        };
        let user_agent = headers.iter().find(|(name, _)| name == "user-agent").map(|(_, text)| kept_user_agent(text));
        let context =
            Context { request_id, operation: String::new(), address, door: Door::Pages, browser: None, user_agent };
        let mut visit = Self {
            app: app.clone(),
            context,
            head: Head { method: request.method().to_string(), uri: request.path().to_owned(), headers },
            path: path.to_owned(),
            step,
            query: Fields::parse(request.query_string().as_bytes()),
            form: Fields::default(),
            size: 0,
            cookies,
            claims: OnceLock::new(),
            begun: OnceLock::new(),
        };
        visit.context.browser = Some(visit.form_secret().mark(&app.sealing));
        visit
    }

    /// Returns the secret that ties forms to the visiting browser.
    pub fn form_secret(&self) -> FormSecret {
        FormSecret::of(self.cookie(&form_secret::cookie_name(&self.app.public_url, "form")))
    }

    /// Admits the visit, and reads its form if it has one. Fails if the form is too large or does not arrive in time.
    async fn arrive(&mut self, request: &HttpRequest, payload: web::Payload) -> Result<()> {
        let app = self.app.clone();
        arrival::admit(request, &app, self.context.address, 0)?;
        if request.method() != actix_web::http::Method::POST {
            return Ok(());
        }
        let limits = Limits { longest: LONGEST, patience: Duration::from_secs(app.config.body_timeout_seconds) };
        let mut held = app.admission.body(self.context.address);
        let body = arrival::body(payload, &limits, &mut held).await?;
        app.acl.check_server_size(body.len())?;
        self.size = body.len();
        self.form = Fields::parse(&body);
        if &*self.path == "/oauth2/token" {
            // Amazon Cognito also reads parameters in the query (docs/cognito.md 7.2).
            self.form.complete(&self.query);
        }
        Ok(())
    }

    /// Whether a form was submitted.
    pub fn is_form(&self) -> bool {
        self.head.method == "POST"
    }

    /// Returns a header's first value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    /// Returns a cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(cookie, _)| cookie == name).map(|(_, value)| value.as_str())
    }

    /// Returns the names of all cookies.
    pub fn cookie_names(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|(name, _)| name.as_str())
    }

    /// Records the pool in the log, checks its web ACL, and takes a submitted form from the address's budget of forms.
    pub fn concerns_pool(&self, pool_id: &str) -> Result<()> {
        tracing::Span::current().record("pool.id", pool_id);
        admission::concerns_pool(pool_id);
        self.app.acl.check_pool(pool_id, self.context.address, self.size)?;
        // The page's script requests passkey options by itself, so these requests do not count as forms. They count in
        // the budgets of sign-ins and users instead.
        let options = matches!(&*self.path, "/login" | "/passkeys/add") && self.form.get("step") == Some("options");
        let counts = self.is_form() && !self.path.starts_with("/oauth2/") && !options;
        if counts { self.app.budgets.spend_form(self.context.address, pool_id) } else { Ok(()) }
    }

    /// Begins the visit through an app client: finds the client with its pool, how its pages look, and the visiting
    /// browser. Pages that are made afterwards look so. Fails if the pool has no such client.
    ///
    /// If this replica has read the client before, this is one statement.
    pub async fn begin(&self, pool_id: &str, client_id: &str) -> Result<Arc<ClientAndPool>> {
        let app = &self.app;
        let cookie = self.cookie(&form_secret::cookie_name(&app.public_url, pool_id)).and_then(RefreshToken::parse);
        let session = cookie.as_ref().map(|cookie| cookie.origin_jti);
        let found = store::visits::find(&app.db, pool_id, client_id, session).await?;
        let found = found.ok_or_else(|| Error::no_such_client(client_id))?;
        let named = app.client_at(pool_id, client_id, found.versions).await?;
        let browser = cookie.zip(found.browser).and_then(|(cookie, live)| browser::of_live(app, &cookie, live));
        let pool_id = pool_id.to_owned();
        self.begun.get_or_init(|| Begun { pool_id, customization: found.customization, browser });
        Ok(named)
    }

    /// What the visit knows of this pool since it has begun there, if it has.
    pub fn begun_in(&self, pool_id: &str) -> Option<&Begun> {
        self.begun.get().filter(|begun| begun.pool_id == pool_id)
    }

    /// How the pages of the app client look, beyond what the pool says.
    pub fn customization(&self) -> Option<&Customization> {
        self.begun.get()?.customization.as_ref()
    }

    /// Identifies the visitor as far as possible without asking the database.
    fn recognize(&self) -> Recognized {
        match self.known_bearer() {
            Some(bearer) => Recognized::Bearer(bearer),
            None => self.known_pool().map_or(Recognized::Nobody, Recognized::At),
        }
    }

    /// Returns the bearer of the access token, if this replica already has the keys of the token's pool.
    fn known_bearer(&self) -> Option<Bearer> {
        let token = self.access_token().filter(|_| self.path == USER_INFO)?;
        let pool_id = tokens::unverified_pool(token, &self.app.public_url).ok()?;
        let keys = self.app.keys.known_for(&pool_id, token, self.app.clock.now())?;
        let claims = self.verify(token, &pool_id, &keys).ok()?;
        Some(Bearer::of(pool_id, claims))
    }

    /// Returns the access token from the `Authorization` header (RFC 6750 section 2.1).
    pub fn access_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// Verifies the access token with the keys of its pool and returns its claims. The token is verified only once per
    /// visit.
    pub fn verify(&self, token: &str, pool_id: &str, keys: &PoolKeys) -> Result<AccessClaims, tokens::Error> {
        if let Some(claims) = self.claims.get() {
            return Ok(claims.clone());
        }
        let now = self.app.clock.now().unix_timestamp();
        let claims = tokens::verify_access(token, keys, &self.app.issuer(pool_id), now, "openid")?;
        Ok(self.claims.get_or_init(|| claims).clone())
    }

    /// Returns the pool of the app client that the request names, if this replica knows the pool.
    fn known_pool(&self) -> Option<String> {
        let client_id = self.query.get("client_id").or_else(|| self.form.get("client_id"))?;
        self.app.known_pool_of_client(client_id)
    }

    /// Whether the visit came through the domain of a pool other than this one.
    pub async fn is_under_another_domain(&self, pool_id: &str) -> Result<bool> {
        let host = self.header("host").unwrap_or_default().to_ascii_lowercase();
        let (domain, is_custom) = match self.app.hosts.place(&host) {
            Place::Own => return Ok(false),
            Place::Prefix(prefix) => (prefix, false),
            Place::Other(name) => (name, true),
        };
        let found = store::domains::find(&self.app.db, domain).await?;
        let found = found.filter(|found| found.certificate_arn.is_some() == is_custom);
        Ok(found.is_some_and(|found| found.pool_id != pool_id))
    }

    /// Returns the context for flows that carry out this operation for the visit.
    pub fn context_of(&self, operation: &str) -> Context {
        Context { operation: operation.to_owned(), ..self.context.clone() }
    }

    /// Calls an API operation for the visitor. The operation makes the same checks as for a request to the API and
    /// gives the visitor no further rights. Only the rules of [`Door::Pages`] differ.
    pub async fn api(&self, operation: &str, input: Value) -> Result<Value> {
        let call = Call {
            context: self.context_of(operation),
            access: operations::access(operation),
            head: Head { method: "POST".into(), uri: "/".into(), headers: Vec::new() },
            body: input.to_string().into(),
            max_nesting: self.app.config.max_nesting,
        };
        let text = operations::call(&self.app, &call).await?;
        if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(&text).map_err(Error::internal) }
    }
}
