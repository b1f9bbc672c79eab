//! `POST /oauth2/token` (RFC 6749 section 3.2; docs/cognito.md 7.2).

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::{Unproved, answer, client_as, error, refuse};
use crate::{
    app::App,
    error::Result,
    flows::{oauth::token_grants, sessions::authentication_result::AuthenticationResult},
    http::visit::{self, Visit},
};

pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/token", exchange, refuse).await
}

async fn exchange(visit: Rc<Visit>) -> Result<HttpResponse> {
    match exchange_with(&visit, true).await {
        Err(error) if error.is_outdated() => exchange_with(&visit, false).await,
        done => done,
    }
}

async fn exchange_with(visit: &Visit, remembered: bool) -> Result<HttpResponse> {
    let (named, freshness) = match client_as(visit, remembered).await {
        Ok(named) => named,
        // Amazon Cognito responds with 400 even where RFC 6749 requires 401 (docs/cognito.md 7.2).
        Err(Unproved::Told(code, description)) => return Ok(error(400, code, description)),
        Err(Unproved::Internal(error)) => return Err(error),
    };
    let granted = token_grants::grant(&visit.app, &visit.context, (&named, &freshness), &visit.form).await;
    if !matches!(&granted, Err(token_grants::Refusal::Internal(_))) {
        // Neither tokens nor a refusal may rest on an outdated client.
        freshness.confirm(&visit.app, &named).await?;
    }
    match granted {
        Ok(tokens) => Ok(answer(200).json(shown(tokens))),
        Err(token_grants::Refusal::Told { code, description }) => {
            Ok(error(if code == token_grants::UNAVAILABLE { 503 } else { 400 }, code, description))
        }
        Err(token_grants::Refusal::Internal(error)) => Err(error),
    }
}

/// Returns the members of the response, in Amazon Cognito's order.
fn shown(tokens: AuthenticationResult) -> Map<String, Value> {
    let mut out = Map::new();
    if let Some(id_token) = tokens.id_token {
        out.insert("id_token".into(), json!(id_token));
    }
    out.insert("access_token".into(), json!(tokens.access_token));
    if let Some(refresh_token) = tokens.refresh_token {
        out.insert("refresh_token".into(), json!(refresh_token));
    }
    out.insert("expires_in".into(), json!(tokens.expires_in));
    out.insert("token_type".into(), json!("Bearer"));
    out
}
