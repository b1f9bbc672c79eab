//! `POST /`: header and body in, JSON or an error out. One span per request; an internal cause is logged here, once.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tracing::Instrument;
use uuid::Uuid;

use super::{address, cors, unheard, work};
use crate::{
    admission::BodyBytes,
    app::App,
    call::{Call, Head},
    error::{Error, Result},
    operations, random, wire,
};

/// What `X-Amz-Target` starts with, before the operation's name.
const TARGET_PREFIX: &str = "AWSCognitoIdentityProviderService.";
/// The same of Keystead's own operations.
const EXTENSION_PREFIX: &str = "KeysteadService.";
const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";
/// As much of a message as the `x-amzn-ErrorMessage` header repeats, bytes.
const HEADER_MESSAGE: usize = 512;

/// Answers one API request.
pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let started = Instant::now();
    let request_id = random::uuid();
    let operation = named_operation(&request);
    // Only names of the API go to the log and the metrics, never a caller's text.
    let known = operation.filter(|name| wire::model().operation(name).is_some()).unwrap_or("unknown");
    let span =
        tracing::info_span!("request", request.id = %request_id, operation = known, pool.id = tracing::field::Empty);
    async {
        let answered = AssertUnwindSafe(answer(&app, &request, payload, operation, request_id)).catch_unwind().await;
        let answered = answered.unwrap_or_else(|_| {
            app.metrics.panicked();
            Err(Error::internal("the request panicked; the panic message is in the log"))
        });
        let outcome = answered.as_ref().map_or_else(Error::code, |_| "OK");
        let took = started.elapsed();
        app.metrics.answered(known, outcome, took);
        if let Err(Error::Internal(cause)) = &answered {
            tracing::error!(%cause, outcome, duration_ms = work::millis(took), "request failed");
        } else {
            tracing::info!(outcome, duration_ms = work::millis(took), "request answered");
        }
        write(&request, request_id, known, answered)
    }
    .instrument(span)
    .await
}

/// Any other path or method.
pub async fn no_such_path(request: HttpRequest) -> HttpResponse {
    let error = Error::UnknownOperation("There is nothing at this path; the API is at POST /.".into());
    let mut response = write(&request, random::uuid(), "unknown", Err(error));
    response.head_mut().status = StatusCode::NOT_FOUND;
    response
}

fn named_operation(request: &HttpRequest) -> Option<&str> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let is_extension = |name: &str| wire::model().operation(name).map(|operation| operation.is_extension);
    match (target.strip_prefix(TARGET_PREFIX), target.strip_prefix(EXTENSION_PREFIX)) {
        (Some(name), _) => Some(name).filter(|name| is_extension(name) != Some(true)),
        (_, Some(name)) => Some(name).filter(|name| is_extension(name) == Some(true)),
        _ => None,
    }
}

async fn answer(
    app: &Arc<App>,
    request: &HttpRequest,
    payload: web::Payload,
    operation: Option<&str>,
    request_id: Uuid,
) -> Result<String> {
    let address = address::of(request, &app.config)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    app.acl.check_server(address, announced.unwrap_or(0))?;
    app.budgets.spend_address(address)?;
    unheard::watch(request, app);
    if announced.is_some_and(|length| length > app.config.max_body_bytes) {
        return Err(too_large(app.config.max_body_bytes));
    }
    let patience = Duration::from_secs(app.config.body_timeout_seconds);
    let mut held = app.admission.body(address);
    let body = read_in_time(payload, app.config.max_body_bytes, patience, &mut held).await?;
    app.acl.check_server_size(body.len())?;
    let operation = operation.ok_or_else(|| {
        Error::UnknownOperation(
            "Unknown operation: X-Amz-Target must be AWSCognitoIdentityProviderService.<Operation>, or KeysteadService.<Operation> for Keystead's own.".into(),
        )
    })?;
    let call = Call {
        request_id,
        operation: operation.to_owned(),
        access: operations::access(operation),
        head: head(request),
        body,
        address,
        max_nesting: app.config.max_nesting,
        browser: None,
    };
    work::carry_out(app, run(app.clone(), call)).await
}

/// Runs a call that is here as a whole.
async fn run(app: Arc<App>, call: Call) -> Result<String> {
    // Whoever the call is found to come from, it has one seat until it ends.
    let seat = app.admission.seat(call.address, &call.operation);
    seat.scope(operations::call(&app, &call)).await
}

/// A body of so many bytes at most, if it arrives in time; `held` counts what is held of it.
pub async fn read_in_time(
    payload: web::Payload,
    longest: usize,
    patience: Duration,
    held: &mut BodyBytes,
) -> Result<Bytes> {
    tokio::time::timeout(patience, read(payload, longest, held))
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

fn too_large(longest: usize) -> Error {
    Error::RequestEntityTooLarge(format!("The request is larger than {longest} bytes.").into())
}

fn head(request: &HttpRequest) -> Head {
    let headers = request.headers().iter();
    let headers =
        headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
    let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
    Head { method: request.method().to_string(), uri, headers }
}

/// Writes the answer in the version of the request, with the request's ID and CORS.
fn write(request: &HttpRequest, request_id: Uuid, operation: &str, answered: Result<String>) -> HttpResponse {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = if content_type.is_some_and(|value| value.starts_with(JSON_1_0)) { JSON_1_0 } else { JSON_1_1 };
    let status = answered.as_ref().err().map_or(200, Error::status);
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    cors::allow(request, &mut response);
    response
        .insert_header(("x-amzn-RequestId", request_id.to_string()))
        .insert_header((header::CONTENT_TYPE, content_type));
    match answered {
        Ok(output) => response.body(success_body(request, operation, output)),
        Err(error) => {
            let message = error.to_string();
            // With a colon behind it, as the real service writes it.
            response.insert_header(("x-amzn-ErrorType", format!("{}:", error.code())));
            if !message.is_empty() {
                response.insert_header(("x-amzn-ErrorMessage", header_text(&message)));
            }
            response.body(error_body(&error, &message).to_string())
        }
    }
}

/// The body of a success. An empty output is a zero-length body, as the API reference says, except for Amplify, which
/// reads JSON from operations that have an output structure (docs/cognito.md 1.1, docs/cognito.md 1.1).
fn success_body(request: &HttpRequest, operation: &str, output: String) -> String {
    let has_output = wire::model().operation(operation).is_some_and(|operation| operation.output.is_some());
    if has_output && !wire::model().output_members(operation).is_empty() {
        return output;
    }
    let agent = request.headers().get("x-amz-user-agent").and_then(|agent| agent.to_str().ok());
    if has_output && agent.is_some_and(|agent| agent.starts_with("aws-amplify/")) { "{}".into() } else { String::new() }
}

/// `message` for modelled errors, `Message` (or nothing) for framework errors (docs/cognito.md 1.2).
fn error_body(error: &Error, message: &str) -> Value {
    match (error.is_framework(), message.is_empty()) {
        (false, _) => json!({"__type": error.code(), "message": message}),
        (true, true) => json!({"__type": error.code()}),
        (true, false) => json!({"__type": error.code(), "Message": message}),
    }
}

/// A message as a header can carry it: printable ASCII, not endless.
fn header_text(message: &str) -> String {
    message.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).take(HEADER_MESSAGE).collect()
}
