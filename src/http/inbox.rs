//! `GET /dev/inbox`: the development inbox, for who sits at this machine.
//!
//! Messages hold codes that open accounts, so it answers the machine itself only: a loopback connection that no proxy
//! passed on, addressed to a loopback name (which a page of another site, whatever its name resolves to, cannot claim).

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;

/// Headers that a proxy adds.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

#[derive(Deserialize)]
pub struct Query {
    /// An e-mail address or phone number.
    to: Option<String>,
}

/// The latest messages, newest first.
pub async fn read(request: HttpRequest, app: web::Data<App>, query: web::Query<Query>) -> HttpResponse {
    let Some(inbox) = &app.delivery.inbox else {
        let text = "There is no development inbox here: it comes with the private database, or with development-inbox.";
        return HttpResponse::NotFound().json(json!({ "message": text }));
    };
    if !is_local(&request, &app.config.client_address_header) {
        let text = "The development inbox answers this machine only: ask http://localhost directly.";
        return HttpResponse::Forbidden().json(json!({ "message": text }));
    }
    let messages = inbox.read(query.to.as_deref());
    let messages: Vec<_> = messages
        .iter()
        .map(|one| json!({"medium": one.medium, "to": one.to, "subject": one.subject, "body": one.body}))
        .collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "messages": messages }))
}

fn is_local(request: &HttpRequest, header: &str) -> bool {
    let loopback = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let forwarded = FORWARDED.iter().chain([&header]).any(|name| request.headers().contains_key(*name));
    let host = request.connection_info().host().to_owned();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(&*host, |(name, _)| name);
    loopback && !forwarded && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}
