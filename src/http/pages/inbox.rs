//! `GET /dev/inbox`: the development inbox, for a person who works on this machine.
//!
//! Messages contain codes that give access to accounts. So the inbox is shown only to this machine: the connection must
//! come from a loopback address without having passed a proxy, and the request must be addressed to a loopback name. A
//! page of another site cannot send such a request, even if that site's name resolves to a loopback address, because
//! the request is then addressed to that name.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use askama::Template;
use serde_json::json;

use super::{PageLayout, page};
use crate::{
    app::App,
    delivery,
    error::Result,
    http::visit::{self, Visit},
};

/// Headers that show that a request passed a proxy.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    f: PageLayout,
    messages: Vec<delivery::Message>,
}

impl InboxPage {
    /// Returns the targets of the links in a message. The page lists them separately, because it shows the body as
    /// plain text.
    fn links(message: &delivery::Message) -> Vec<String> {
        let targets = message.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let targets = targets.map(|target| target.replace("&amp;", "&"));
        targets.filter(|target| target.starts_with("http://") || target.starts_with("https://")).collect()
    }
}

/// Shows the latest messages, newest first: as a page for browsers, as JSON for programs.
pub async fn read(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let Some(inbox) = &app.delivery.inbox else {
        let text = "There is no development inbox here: it comes with the private database, or with development-inbox.";
        return HttpResponse::NotFound().json(json!({ "message": text }));
    };
    if !is_local(&request, &app.config.client_address_header) {
        let text = "The development inbox answers this machine only: ask http://localhost directly.";
        return HttpResponse::Forbidden().json(json!({ "message": text }));
    }
    let accepts = request.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        return visit::answer((request, payload, app), "dev/inbox", show, super::refuse).await;
    }
    let query = crate::flows::oauth::fields::Fields::parse(request.query_string().as_bytes());
    let messages = inbox.read(query.get("to"));
    let messages: Vec<_> = messages
        .iter()
        .map(|one| json!({"medium": one.medium, "to": one.to, "subject": one.subject, "body": one.body}))
        .collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "messages": messages }))
}

async fn show(visit: Rc<Visit>) -> Result<HttpResponse> {
    let inbox = visit.app.delivery.inbox.as_ref();
    let template = InboxPage {
        f: PageLayout::new(&visit, None),
        messages: inbox.map(|inbox| inbox.read(visit.query.get("to"))).unwrap_or_default(),
    };
    page(&visit, 200, &template.f, &template)
}

/// Returns the address of the inbox, if there is one. Pages that wait for a code show it to developers.
pub fn link(visit: &Visit) -> Option<String> {
    visit.app.delivery.inbox.as_ref().map(|_| "/dev/inbox".to_owned())
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
