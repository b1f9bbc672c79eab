//! The documents by which browsers and passkey managers find the pages (RFC 8615).

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::json;

use crate::{
    app::App,
    hosts,
    http::{address, arrival, work},
    store,
};

/// `GET /.well-known/webauthn`: the other origins that may use the passkeys of an RP ID (Web Authentication Level 3,
/// section 5.11). The RP ID is the host name of the request.
pub async fn related_origins(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let address = match arrival::admitted(&request, &app) {
        Ok(address) => address,
        Err(refusal) => return HttpResponse::build(address::status_of(&refusal)).finish(),
    };
    // Only the `Host` header counts. A header that proxies set is ignored, because any client can send it.
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = hosts::name_of(host).to_ascii_lowercase();
    match work::read(&app, (address, None), async move |app| store::pools::related_origins(&app.db, &name).await).await
    {
        Ok(origins) if origins.is_empty() => HttpResponse::NotFound().finish(),
        Ok(origins) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
            .json(serde_json::json!({ "origins": origins })),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

/// `GET /.well-known/change-password`: leads to the page where people change their password
/// (<https://w3c.github.io/webappsec-change-password-url/>).
pub async fn change_password(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    match arrival::admitted(&request, &app) {
        Ok(_) => super::found("/account"),
        Err(refusal) => HttpResponse::build(address::status_of(&refusal)).finish(),
    }
}

/// `GET /.well-known/passkey-endpoints`: the page where people add and manage passkeys
/// (<https://w3c.github.io/webappsec-passkey-endpoints/>).
pub async fn passkey_endpoints(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    match arrival::admitted(&request, &app) {
        Ok(_) => {
            let account = format!("{}/account", app.public_url);
            HttpResponse::Ok()
                .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
                .json(json!({ "enroll": account, "manage": account }))
        }
        Err(refusal) => HttpResponse::build(address::status_of(&refusal)).finish(),
    }
}
