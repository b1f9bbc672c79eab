//! `POST /`, the API's endpoint: takes headers and a body, and responds with JSON or an error.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    address,
    arrival::{self, Answer, Arrival, Limits},
    cors, work,
};
use crate::{
    app::App,
    call::{Call, Head},
    context::{Context, Door, kept_user_agent},
    error::{Error, Result},
    operations, random, wire,
};

/// The prefix of the operation's name in `X-Amz-Target`.
const TARGET_PREFIX: &str = "AWSCognitoIdentityProviderService.";
/// Like [`TARGET_PREFIX`], for Keystead's own operations.
const EXTENSION_PREFIX: &str = "KeysteadService.";
const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";
/// At most this many bytes of a message are repeated in the `x-amzn-ErrorMessage` header.
const HEADER_MESSAGE: usize = 512;

/// Answers an API request.
pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let operation = named_operation(&request);
    // Callers may send any string as an operation's name. Only names of known operations reach the log and the metrics.
    let known = operation.filter(|name| wire::model().operation(name).is_some()).unwrap_or("unknown");
    let arrival = Arrival::new(&app, known);
    let answered = answer(&app, &request, payload, operation, arrival.request_id);
    let answered = Box::pin(async { write(&request, known, answered.await) });
    arrival.answer(answered, |error| write(&request, known, Err(error))).await
}

/// Answers a request that no route accepts.
pub async fn no_such_path(request: HttpRequest) -> HttpResponse {
    let error = Error::UnknownOperation("There is nothing at this path; the API is at POST /.".into());
    let mut response = write(&request, "unknown", Err(error)).response;
    response.head_mut().status = StatusCode::NOT_FOUND;
    arrival::identify(&mut response, random::uuid());
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
    let address = address::of_caller(request, &app.config)?;
    let announced = arrival::announced(request);
    arrival::admit(request, app, address, announced)?;
    arrival::refuse_too_large(announced, app.config.max_body_bytes)?;
    let patience = Duration::from_secs(app.config.body_timeout_seconds);
    let limits = Limits { longest: app.config.max_body_bytes, patience };
    let mut held = app.admission.body(address);
    let body = arrival::body(payload, &limits, &mut held).await?;
    app.acl.check_server_size(body.len())?;
    let operation = operation.ok_or_else(|| {
        Error::UnknownOperation(
            "Unknown operation: X-Amz-Target must be AWSCognitoIdentityProviderService.<Operation>, or KeysteadService.<Operation> for Keystead's own.".into(),
        )
    })?;
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let user_agent = user_agent.map(kept_user_agent);
    let context =
        Context { request_id, operation: operation.to_owned(), address, door: Door::Api, browser: None, user_agent };
    let call = Call {
        context,
        access: operations::access(operation),
        head: head(request),
        body,
        max_nesting: app.config.max_nesting,
    };
    work::carry_out(app, run(app.clone(), call)).await
}

/// Runs a call whose body has arrived completely.
async fn run(app: Arc<App>, call: Call) -> Result<String> {
    // The whole call has one seat. It counts for the caller's address first, and for the caller once the caller is
    // identified.
    let seat = app.admission.seat(call.context.address, &call.context.operation);
    seat.scope(operations::call(&app, &call)).await
}

/// Returns the head of a request. Only signatures are checked against it, so the headers of a request without a
/// signature are left out.
fn head(request: &HttpRequest) -> Head {
    let is_signed = request.headers().contains_key(header::AUTHORIZATION);
    let headers = request.headers().iter().filter(|_| is_signed);
    let headers =
        headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
    let uri = request.uri().path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
    Head { method: request.method().to_string(), uri, headers }
}

/// Writes the response with the JSON version of the request as its content type, and with CORS headers.
fn write(request: &HttpRequest, operation: &str, answered: Result<String>) -> Answer {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = if content_type.is_some_and(|value| value.starts_with(JSON_1_0)) { JSON_1_0 } else { JSON_1_1 };
    let status = answered.as_ref().err().map_or(200, Error::status);
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    cors::allow(request, &mut response);
    response.insert_header((header::CONTENT_TYPE, content_type));
    match answered {
        Ok(output) => Answer { response: response.body(success_body(request, operation, output)), error: None },
        Err(error) => {
            let message = error.to_string();
            // Amazon Cognito puts a colon after the code.
            response.insert_header(("x-amzn-ErrorType", format!("{}:", error.code())));
            if !message.is_empty() {
                response.insert_header(("x-amzn-ErrorMessage", header_text(&message)));
            }
            let response = response.body(error_body(&error, &message).to_string());
            Answer { response, error: Some(error) }
        }
    }
}

/// Returns the body of a successful response. If the operation has no output, the body has zero bytes, as the API
/// reference says. For Amplify, it is `{}` if the operation has an output structure without members, because Amplify
/// parses such a body as JSON (docs/cognito.md 1.1).
fn success_body(request: &HttpRequest, operation: &str, output: String) -> String {
    let has_output = wire::model().operation(operation).is_some_and(|operation| operation.output.is_some());
    if has_output && !wire::model().output_members(operation).is_empty() {
        return output;
    }
    let agent = request.headers().get("x-amz-user-agent").and_then(|agent| agent.to_str().ok());
    if has_output && agent.is_some_and(|agent| agent.starts_with("aws-amplify/")) { "{}".into() } else { String::new() }
}

/// Returns the body of an error. The text is in `message` for exceptions of the service model, and in `Message` for
/// framework errors, which may have no text (docs/cognito.md 1.2).
fn error_body(error: &Error, message: &str) -> Value {
    match (error.is_framework(), message.is_empty()) {
        (false, _) => json!({"__type": error.code(), "message": message}),
        (true, true) => json!({"__type": error.code()}),
        (true, false) => json!({"__type": error.code(), "Message": message}),
    }
}

/// Converts a message to what a header can contain: printable ASCII of limited length.
fn header_text(message: &str) -> String {
    message.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).take(HEADER_MESSAGE).collect()
}
