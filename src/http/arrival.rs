//! What the API, the pages, the OAuth endpoints and user imports do with every request: give it an ID and a span, admit
//! its address, read its body, and log one line about the response. Public documents and assets only admit the address.

use std::{
    net::IpAddr,
    panic::AssertUnwindSafe,
    pin::Pin,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use tracing::Instrument;
use uuid::Uuid;

use super::{address, unheard, work};
use crate::{
    admission::BodyBytes,
    app::App,
    error::{Error, Result},
    random,
};

/// A request that has arrived.
pub struct Arrival<'a> {
    /// The ID that the response has in `x-amzn-RequestId`.
    pub request_id: Uuid,
    app: &'a App,
    /// The request's name in the log and the metrics; never a string from the caller.
    name: &'a str,
    started: Instant,
}

/// The response to a request, and the error behind it, if any.
pub struct Answer {
    pub response: HttpResponse,
    pub error: Option<Error>,
}

/// The largest size of a body, in bytes, and the longest time it may take to arrive.
pub struct Limits {
    pub longest: usize,
    pub patience: Duration,
}

impl<'a> Arrival<'a> {
    pub fn new(app: &'a App, name: &'a str) -> Self {
        Self { request_id: random::uuid(), app, name, started: Instant::now() }
    }

    /// Does the work, adds the request's ID to the response, and logs one line about the response.
    ///
    /// For an internal error, that line has the cause. `refuse` builds the response if the work panics. The work is on
    /// the heap because the future of a page is large and would otherwise be moved several times.
    pub async fn answer(
        self,
        work: Pin<Box<dyn Future<Output = Answer> + '_>>,
        refuse: impl FnOnce(Error) -> Answer,
    ) -> HttpResponse {
        let Self { request_id, name, .. } = self;
        let span =
            tracing::info_span!("request", request.id = %request_id, operation = name, pool.id = tracing::field::Empty);
        async {
            let Answer { mut response, error } = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
                self.app.metrics.panicked();
                refuse(Error::internal("the request panicked; the panic message is in the log"))
            });
            let outcome = error.as_ref().map_or("OK", Error::code);
            let took = self.started.elapsed();
            self.app.metrics.answered(name, outcome, took);
            let (status, duration_ms) = (response.status().as_u16(), work::millis(took));
            match error {
                Some(Error::Internal(cause)) => {
                    tracing::error!(%cause, outcome, status, duration_ms, "request failed");
                }
                _ => tracing::info!(outcome, status, duration_ms, "request answered"),
            }
            identify(&mut response, request_id);
            response
        }
        .instrument(span)
        .await
    }
}

/// Adds the request's ID to a response.
pub fn identify(response: &mut HttpResponse, request_id: Uuid) {
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), value);
    }
}

/// Admits a request: checks the server's web ACL, takes the request from its address's budget, and looks for untrusted
/// proxies. `announced` is the announced size of the body in bytes.
pub fn admit(request: &HttpRequest, app: &App, address: IpAddr, announced: usize) -> Result<()> {
    app.acl.check_server(address, announced)?;
    app.budgets.spend_address(address)?;
    unheard::watch(request, app);
    Ok(())
}

/// Admits a request without a body and returns the caller's address.
pub fn admitted(request: &HttpRequest, app: &App) -> Result<IpAddr> {
    let address = address::of_caller(request, &app.config)?;
    admit(request, app, address, 0)?;
    Ok(address)
}

/// Returns the body size in bytes that the request announces, or 0 if it announces none.
pub fn announced(request: &HttpRequest) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// Reads a body. Fails if the body exceeds the limits or has to make room for other bodies. `held` counts the body's
/// bytes.
pub async fn body(payload: web::Payload, limits: &Limits, held: &mut BodyBytes) -> Result<Bytes> {
    tokio::time::timeout(limits.patience, read(payload, limits.longest, held))
        .await
        .map_err(|_| Error::RequestTimeout("The request's body did not arrive in time.".into()))?
}

async fn read(mut payload: web::Payload, longest: usize, held: &mut BodyBytes) -> Result<Bytes> {
    let mut body = BytesMut::new();
    loop {
        let chunk = tokio::select! {
            chunk = payload.next() => chunk,
            refusal = held.displaced() => return Err(refusal),
        };
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|_| Error::MalformedHttpRequest("The request's body broke off.".into()))?;
        if body.len() + chunk.len() > longest {
            return Err(too_large(longest));
        }
        held.grow(chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    held.is_whole()?;
    Ok(body.freeze())
}

/// Refuses a body whose announced size is too large, before any of it is read.
pub fn refuse_too_large(announced: usize, longest: usize) -> Result<()> {
    if announced > longest { Err(too_large(longest)) } else { Ok(()) }
}

fn too_large(longest: usize) -> Error {
    Error::RequestEntityTooLarge(format!("The request is larger than {longest} bytes.").into())
}
