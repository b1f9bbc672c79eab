//! `/confirmUser`: where the link of a sign-up's mail leads (`DefaultEmailOption` is `CONFIRM_WITH_LINK`).
//!
//! `GET` shows a button and changes nothing, because programs that look at mail follow links too; `POST` confirms.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use askama::Template;
use bytes::Bytes;
use serde_json::Map;
use tracing::Instrument;
use uuid::Uuid;

use super::{address, api};
use crate::{
    app::App,
    call::{Call, Head},
    error::{Error, Result},
    flows::{
        messages,
        sign_up::{self, Confirmation},
        triggers::Cause,
    },
    random,
    sealing::equal,
    store::users::Status,
};

/// Bytes of a form, at most.
const LONGEST: usize = 16 * 1024;

/// What the link carries.
struct Link {
    client_id: String,
    user_name: String,
    confirmation_code: String,
    signature: String,
}

impl Link {
    /// From a form's body, or a query.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let mut take = |name: &str| fields.remove(name);
        Some(Self {
            client_id: take("client_id")?,
            user_name: take("user_name")?,
            confirmation_code: take("confirmation_code")?,
            signature: take("signature")?,
        })
    }
}

#[derive(Template)]
#[template(path = "confirm_user.html")]
struct Page<'a> {
    title: &'a str,
    text: &'a str,
    form: Option<&'a Link>,
}

/// `GET`: asks whether to confirm.
pub async fn ask(request: HttpRequest) -> HttpResponse {
    let Some(link) = Link::parse(request.query_string().as_bytes()) else {
        return page(400, &Page::told("Not confirmed", &incomplete().to_string()));
    };
    let text = "Confirm that this address is yours to finish signing up.";
    page(200, &Page { title: "Confirm your account", text, form: Some(&link) })
}

/// `POST`: confirms.
pub async fn confirm(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let (request_id, app) = (random::uuid(), app.into_inner());
    let span = tracing::info_span!("request", request.id = %request_id, operation = "confirmUser", pool.id = tracing::field::Empty);
    let confirmed = confirmed(&request, payload, app, request_id).instrument(span.clone()).await;
    let _entered = span.enter();
    match confirmed {
        Ok(Done::Now) => page(200, &Page::told("Confirmed", "Your account is confirmed. You can sign in now.")),
        Ok(Done::Before) => page(200, &Page::told("Confirmed", "Your account was confirmed before. You can sign in.")),
        Err(error) => {
            if let Error::Internal(cause) = &error {
                tracing::error!(%cause, "a sign-up was not confirmed");
            }
            let text = format!("{error} The link may be old: ask for a new one where you signed up.");
            page(error.status(), &Page::told("Not confirmed", &text))
        }
    }
}

/// When the account was confirmed.
enum Done {
    Now,
    /// Whoever opens a good link again is told so.
    Before,
}

async fn confirmed(request: &HttpRequest, payload: web::Payload, app: Arc<App>, request_id: Uuid) -> Result<Done> {
    let call = call(request, &app, request_id);
    app.acl.check_server(call.address, 0)?;
    app.budgets.spend_address(call.address)?;
    let patience = Duration::from_secs(app.config.body_timeout_seconds);
    let mut held = app.admission.body();
    let body = api::read_in_time(payload, LONGEST, patience, &mut held).await?;
    let link = Link::parse(&body).ok_or_else(incomplete)?;
    drop(held);
    // A task of its own: who hangs up does not undo what was decided.
    let running = actix_web::rt::spawn(async move {
        let _place = app.admission.place()?;
        let patience = Duration::from_secs(app.config.request_timeout_seconds);
        let redeemed = tokio::time::timeout(patience, redeem(&app, &call, &link)).await;
        redeemed.map_err(|_| Error::internal("the request was not answered in time"))?
    });
    running.await.map_err(Error::internal)?
}

async fn redeem(app: &Arc<App>, call: &Call, link: &Link) -> Result<Done> {
    let signature = messages::link_signature(app, &link.client_id, &link.user_name, &link.confirmation_code);
    if !equal(signature.as_bytes(), link.signature.as_bytes()) {
        return Err(incomplete());
    }
    let pool_id = app.pool_of_client(&link.client_id).await?;
    tracing::Span::current().record("pool.id", &pool_id);
    app.acl.check_pool(&pool_id, call.address, 0)?;
    let named = app.client_with_pool(&pool_id, &link.client_id).await?;
    let metadata = Map::new();
    let cause = Cause { app, pool: &named.pool, client_id: &named.client.id, metadata: &metadata };
    let (_turn, user) = sign_up::named(app, &named, &link.user_name).await?;
    if user.as_ref().is_some_and(|user| user.enabled && user.status == Status::Confirmed) {
        return Ok(Done::Before);
    }
    let confirmation = Confirmation {
        username: &link.user_name,
        code: &link.confirmation_code,
        force_alias_creation: false,
        session: None,
    };
    sign_up::confirm(&cause, call, &named.client, user, &confirmation).await.map(|_| Done::Now)
}

fn incomplete() -> Error {
    Error::InvalidParameter("This link is not complete: open it from the message again.".into())
}

impl<'a> Page<'a> {
    /// A page that says something and asks nothing.
    fn told(title: &'a str, text: &'a str) -> Self {
        Self { title, text, form: None }
    }
}

fn call(request: &HttpRequest, app: &App, request_id: Uuid) -> Call {
    Call {
        request_id,
        operation: "ConfirmSignUp".into(),
        head: Head { method: "POST".into(), uri: "/confirmUser".into(), headers: Vec::new() },
        body: Bytes::new(),
        address: address::of(request, &app.config),
        max_nesting: app.config.max_nesting,
    }
}

/// A page that runs nothing, is framed by nobody, and tells no other site where it was.
fn page(status: u16, page: &Page<'_>) -> HttpResponse {
    let Ok(html) = page.render() else { return HttpResponse::InternalServerError().finish() };
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .body(html)
}
