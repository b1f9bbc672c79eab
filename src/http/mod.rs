//! The only code that knows actix. Every route is on this screen.

mod address;
mod api;
mod confirm_user;
mod cors;
mod discovery;
mod health;
mod import;
mod inbox;

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App as ActixApp, HttpServer, dev::Server, web};

use crate::{app::App, config::cores};

/// Idle keep-alive connections are closed after this time.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Connections that a worker holds at the same time.
const CONNECTIONS_PER_WORKER: usize = 25_000;

/// The server on this listener. Built here for `serve` and the tests alike.
pub fn server(app: Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let data = web::Data::from(app.clone());
    let with_metrics = app.config.metrics_listen.is_none();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .route("/", web::post().to(api::post))
            .route("/", web::method(actix_web::http::Method::OPTIONS).to(cors::preflight))
            .route("/{user_pool_id}/.well-known/jwks.json", web::get().to(discovery::jwks))
            .route("/{user_pool_id}/.well-known/openid-configuration", web::get().to(discovery::openid_configuration))
            .route("/confirmUser", web::get().to(confirm_user::ask))
            .route("/confirmUser", web::post().to(confirm_user::confirm))
            .route("/dev/inbox", web::get().to(inbox::read))
            .route("/import/{token}", web::put().to(import::put))
            .route("/health/live", web::get().to(health::live))
            .route("/health/ready", web::get().to(health::ready))
            .configure(|routes| {
                if with_metrics {
                    routes.route("/metrics", web::get().to(health::metrics));
                }
            })
            .default_service(web::to(api::no_such_path))
    });
    Ok(server
        .workers(app.config.workers.unwrap_or_else(cores))
        .client_request_timeout(Duration::from_secs(app.config.header_timeout_seconds))
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(KEEP_ALIVE)
        .max_connections(CONNECTIONS_PER_WORKER)
        .shutdown_timeout(app.config.shutdown_seconds)
        .disable_signals()
        .listen(listener)?
        .run())
}

/// The server of `/metrics` alone.
pub fn metrics_server(app: Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let data = web::Data::from(app);
    let server = HttpServer::new(move || {
        ActixApp::new().app_data(data.clone()).route("/metrics", web::get().to(health::metrics))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}
