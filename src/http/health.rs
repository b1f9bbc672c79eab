//! Endpoints for the platform that runs Keystead: they tell whether it is alive and whether it is ready, and return its
//! metrics.

use std::{sync::atomic::Ordering, time::Instant};

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::{app::App, metrics::Now};

/// The replica is not ready if it has not measured the database's time for this long, because its own clock may be far
/// off by then.
const CLOCK_AGE: time::Duration = time::Duration::minutes(5);

/// `GET /health/live`: succeeds as long as the process can answer.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// `GET /health/ready`: succeeds if this replica can serve requests.
///
/// The database must respond and accept writes. It must have every migration of this build, and no newer migration with
/// which this build cannot work. If the replica has measured the database's time, the last measurement must be recent.
/// The replica must not be overloaded or about to stop.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    if app.draining.load(Ordering::Relaxed) {
        return not_ready("it is about to stop");
    }
    if let Some(overload) = app.admission.overload() {
        return not_ready(overload);
    }
    if app.clock.age().is_some_and(|age| age > CLOCK_AGE) {
        return not_ready("the database's time could not be measured for minutes");
    }
    match app.readiness.why_not(&app.probe_db).await {
        None => HttpResponse::Ok().json(json!({"status": "ready"})),
        Some(why) => not_ready(why),
    }
}

fn not_ready(why: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().json(json!({"status": "not ready", "reason": why}))
}

/// `GET /metrics`: the metrics in Prometheus' text format.
pub async fn metrics(app: web::Data<App>) -> HttpResponse {
    let now = Now {
        in_flight: app.admission.in_flight(),
        waiting: app.admission.waiting() + app.user_queue.waiting(),
        unheard_proxy: app.proxies.is_one_unheard(Instant::now()),
    };
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.text(&app.db, &now))
}
