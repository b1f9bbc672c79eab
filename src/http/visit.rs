//! A visit: one request of a browser to the pages, or of an application to the OAuth endpoints. As at the API's endpoint, it
//! is bounded before anything is done, runs as a task of its own, has one span with its request ID, and its internal cause
//! is logged once.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    rc::Rc,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use serde_json::{Value, json};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    address, api,
    form_secret::{self, FormSecret},
    unheard, work,
};
use crate::{
    admission,
    app::App,
    call::{Access, Call, Head},
    caller::{Bearer, Recognized},
    error::{Error, Result},
    flows::fields::Fields,
    hosts::Place,
    operations, random, store,
    tokens::{self, AccessClaims, PoolKeys},
};

/// Bytes of a form, at most: a passkey's attestation has tens of thousands.
const LONGEST: usize = 192 * 1024;
/// The one address that takes an access token; it spends of its user's budget.
const USER_INFO: &str = "/oauth2/userInfo";

/// One request, as the pages and the OAuth endpoints see it.
pub struct Visit {
    pub app: Arc<App>,
    /// What flows need to know of the request. Its operation is the one that the visit stands for.
    pub call: Call,
    /// Without the query.
    pub path: String,
    pub query: Fields,
    /// The body of a form; empty for other methods.
    pub form: Fields,
    /// Bytes of that form.
    size: usize,
    cookies: Vec<(String, String)>,
    /// What the access token says, once it was verified.
    claims: OnceLock<AccessClaims>,
}

/// Answers a visit by `handle`, and what goes wrong by `refuse`. `name`: in the log and the metrics.
pub async fn answer<Fut: Future<Output = Result<HttpResponse>> + 'static>(
    (request, payload, app): (HttpRequest, web::Payload, web::Data<App>),
    name: &'static str,
    handle: fn(Rc<Visit>) -> Fut,
    refuse: fn(&Visit, &Error) -> HttpResponse,
) -> HttpResponse {
    let started = Instant::now();
    let app = app.into_inner();
    let request_id = random::uuid();
    let span =
        tracing::info_span!("request", request.id = %request_id, operation = name, pool.id = tracing::field::Empty);
    async {
        // Who comes from an address that cannot be read is refused, and counted as nobody.
        let (address, unreadable) = match address::of(&request, &app.config) {
            Ok(address) => (address, None),
            Err(error) => (Ipv4Addr::UNSPECIFIED.into(), Some(error)),
        };
        let mut visit = Visit::new(&request, &app, request_id, address);
        let arrived = match unreadable {
            Some(error) => Err(error),
            None => visit.arrive(&request, payload).await,
        };
        let outcome = match arrived {
            Ok(()) => {
                let visit = Rc::new(visit);
                let outcome = run(visit.clone(), handle).await;
                outcome.map_err(|error| (refuse(&visit, &error), error))
            }
            Err(error) => Err((refuse(&visit, &error), error)),
        };
        let took = started.elapsed();
        let code = outcome.as_ref().map_or_else(|(_, error)| error.code(), |_| "OK");
        app.metrics.answered(name, code, took);
        let duration_ms = work::millis(took);
        let mut response = match outcome {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::info!(outcome = code, status, duration_ms, "request answered");
                response
            }
            Err((response, Error::Internal(cause))) => {
                tracing::error!(%cause, outcome = code, duration_ms, "request failed");
                response
            }
            Err((response, _)) => {
                tracing::info!(outcome = code, status = response.status().as_u16(), duration_ms, "request answered");
                response
            }
        };
        for name in ["x-amzn-requestid", "x-amz-cognito-request-id"] {
            if let Ok(value) = header::HeaderValue::from_str(&request_id.to_string()) {
                response.headers_mut().insert(header::HeaderName::from_static(name), value);
            }
        }
        response
    }
    .instrument(span.clone())
    .await
}

/// Runs a visit that is here as a whole.
async fn run<Fut: Future<Output = Result<HttpResponse>> + 'static>(
    visit: Rc<Visit>,
    handle: fn(Rc<Visit>) -> Fut,
) -> Result<HttpResponse> {
    let (app, address, path) = (visit.app.clone(), visit.call.address, visit.path.clone());
    let whom = visit.recognize();
    // On the heap: a page's future is large, and is handed on several times before it runs.
    work::with_place(&app, (address, &path), whom, Box::pin(handle(visit))).await
}

impl Visit {
    fn new(request: &HttpRequest, app: &Arc<App>, request_id: Uuid, address: IpAddr) -> Self {
        let headers = request.headers().iter();
        // Another application of the host may have set a cookie in any character set: what is ours beside it is read.
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers: Vec<(String, String)> = headers.collect();
        let cookies = headers.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, value)| value.split(';'));
        let cookies = cookies.filter_map(|pair| pair.trim().split_once('='));
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let call = Call {
            request_id,
            operation: String::new(),
            access: Access::Write,
            head: Head { method: request.method().to_string(), uri: request.path().to_owned(), headers },
            body: Bytes::new(),
            address,
            max_nesting: app.config.max_nesting,
            browser: None,
        };
        let mut visit = Self {
            app: app.clone(),
            call,
            path: request.path().to_owned(),
            query: Fields::parse(request.query_string().as_bytes()),
            form: Fields::default(),
            size: 0,
            cookies,
            claims: OnceLock::new(),
        };
        visit.call.browser = Some(visit.form_secret().mark(&app.sealing));
        visit
    }

    /// What ties forms to the browser that visits.
    pub fn form_secret(&self) -> FormSecret {
        FormSecret::of(self.cookie(&form_secret::cookie_name(&self.app.public_url, "form")))
    }

    /// Whether the address may come at all, and the form, if it arrives in time.
    async fn arrive(&mut self, request: &HttpRequest, payload: web::Payload) -> Result<()> {
        let app = self.app.clone();
        app.acl.check_server(self.call.address, 0)?;
        app.budgets.spend_address(self.call.address)?;
        unheard::watch(request, &app);
        if request.method() != actix_web::http::Method::POST {
            return Ok(());
        }
        let patience = Duration::from_secs(app.config.body_timeout_seconds);
        let mut held = app.admission.body(self.call.address);
        let body = api::read_in_time(payload, LONGEST, patience, &mut held).await?;
        app.acl.check_server_size(body.len())?;
        self.size = body.len();
        self.form = Fields::parse(&body);
        Ok(())
    }

    /// Whether a form was sent.
    pub fn is_form(&self) -> bool {
        self.call.head.method == "POST"
    }

    /// A header's first value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.call.head.get(name)
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(cookie, _)| cookie == name).map(|(_, value)| value.as_str())
    }

    /// The names of all cookies.
    pub fn cookie_names(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|(name, _)| name.as_str())
    }

    /// Notes the pool in the log, asks its web ACL, and counts a form that changes something.
    pub fn concerns_pool(&self, pool_id: &str) -> Result<()> {
        tracing::Span::current().record("pool.id", pool_id);
        admission::concerns_pool(pool_id);
        self.app.acl.check_pool(pool_id, self.call.address, self.size)?;
        // The script asks for a passkey's options by itself; sign-ins and users have budgets that count these.
        let options = matches!(&*self.path, "/login" | "/passkeys/add") && self.form.get("step") == Some("options");
        let counts = self.is_form() && !self.path.starts_with("/oauth2/") && !options;
        if counts { self.app.budgets.spend_form(self.call.address, pool_id) } else { Ok(()) }
    }

    /// Who visits, as far as it is known without asking the database.
    fn recognize(&self) -> Recognized {
        match self.known_bearer() {
            Some(bearer) => Recognized::Bearer(bearer),
            None => self.known_pool().map_or(Recognized::Nobody, Recognized::At),
        }
    }

    /// The bearer of the access token, if this replica knows the keys of its pool.
    fn known_bearer(&self) -> Option<Bearer> {
        let token = self.access_token().filter(|_| self.path == USER_INFO)?;
        let pool_id = tokens::unverified_pool(token, &self.app.public_url).ok()?;
        let keys = self.app.keys.known(&pool_id, self.app.clock.now())?;
        let claims = self.verify(token, &pool_id, &keys).ok()?;
        Some(Bearer::of(pool_id, claims))
    }

    /// The access token that was sent (RFC 6750 section 2.1).
    pub fn access_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// What the access token of this visit says, by the keys of its pool. It is verified once.
    pub fn verify(&self, token: &str, pool_id: &str, keys: &PoolKeys) -> Result<AccessClaims, tokens::Error> {
        if let Some(claims) = self.claims.get() {
            return Ok(claims.clone());
        }
        let now = self.app.clock.now().unix_timestamp();
        let claims = tokens::verify_access(token, keys, &self.app.issuer(pool_id), now, "openid")?;
        Ok(self.claims.get_or_init(|| claims).clone())
    }

    /// The pool of the app client that is named, if this replica knows it.
    fn known_pool(&self) -> Option<String> {
        let client_id = self.query.get("client_id").or_else(|| self.form.get("client_id"))?;
        self.app.known_pool_of_client(client_id)
    }

    /// Whether the visit is to a domain of another pool than this.
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

    /// The call that flows see, in the name of an operation.
    pub fn call_of(&self, operation: &str, body: Bytes) -> Call {
        Call {
            request_id: self.call.request_id,
            operation: operation.to_owned(),
            access: operations::access(operation),
            head: Head { method: "POST".into(), uri: "/".into(), headers: Vec::new() },
            body,
            address: self.call.address,
            max_nesting: self.call.max_nesting,
            browser: self.call.browser.clone(),
        }
    }

    /// Calls an operation of the API, as an application would: the same checks, and nothing that an application could not do.
    pub async fn api(&self, operation: &str, input: Value) -> Result<Value> {
        let call = self.call_of(operation, input.to_string().into());
        let text = operations::call(&self.app, &call).await?;
        if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(&text).map_err(Error::internal) }
    }
}
