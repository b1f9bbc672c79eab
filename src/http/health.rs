//! For the platform that runs Keystead: is it alive, is it ready, what does it count.

use std::{sync::atomic::Ordering, time::Duration};

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::{
    app::App,
    store::migrations::{State, state},
};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// `GET /health/ready`: the database answers, has every migration and none that this build must not run beside, and the
/// server is not about to stop.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    if app.draining.load(Ordering::Relaxed) {
        return not_ready("it is about to stop");
    }
    let why = match tokio::time::timeout(PATIENCE, state(&app.db)).await {
        Ok(Ok(State::Current | State::Newer(_))) => return HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Ok(State::Missing)) => "migrations are missing: run `keystead migrate`",
        Ok(Ok(State::TooNew(_))) => "the database's schema is too new for this build: start a newer release",
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
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(app.metrics.text(&app.db, app.admission.in_flight(&app.config)))
}
