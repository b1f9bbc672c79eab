//! For the platform that runs Keystead: is it alive, is it ready, what does it count.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::{app::App, metrics::Now, store};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// `GET /health/ready`: the database answers and has every migration, requests are taken on, and the server is not about to stop.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    if app.draining.load(Ordering::Relaxed) {
        return not_ready("it is about to stop");
    }
    if let Some(overload) = app.admission.overload() {
        return not_ready(overload);
    }
    let why = match tokio::time::timeout(PATIENCE, store::is_current(&app.db)).await {
        Ok(Ok(true)) => return HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Ok(false)) => "migrations are missing: run `keystead migrate`",
        Ok(Err(_)) => "the database cannot be reached",
        Err(_) => "the database does not answer",
    };
    not_ready(why)
}

fn not_ready(why: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().json(json!({"status": "not ready", "reason": why}))
}

/// `GET /metrics`: Prometheus' text format.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    let now = Now {
        in_flight: app.admission.in_flight(),
        waiting: app.admission.waiting() + app.turns.waiting(),
        unheard_proxy: app.proxies.is_one_unheard(Instant::now()),
    };
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.text(&app.db, &now))
}
