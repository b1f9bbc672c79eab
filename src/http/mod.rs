//! The HTTP server, and the only code that uses actix. Every route is listed in [`server`].

mod address;
mod api;
mod arrival;
mod cors;
mod discovery;
mod form_secret;
mod health;
mod import;
mod oauth;
mod pages;
mod unheard;
mod visit;
mod work;

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App as ActixApp, FromRequest, Handler, HttpRequest, HttpResponse, HttpServer, Resource, Responder, dev::Server,
    http::header, web,
};

use crate::{app::App, config::cores};

/// Idle keep-alive connections are closed after this time.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The maximum number of connections that one worker holds at the same time.
const CONNECTIONS_PER_WORKER: usize = 25_000;

/// Builds the server on this listener, for `serve` and for the tests.
pub fn server(app: Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let data = web::Data::from(app.clone());
    let with_metrics = app.config.metrics_listen.is_none();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .route("/", web::post().to(api::post))
            .route("/", web::method(actix_web::http::Method::OPTIONS).to(cors::preflight))
            .service(document("/{user_pool_id}/.well-known/jwks.json", discovery::jwks))
            .service(document("/{user_pool_id}/.well-known/openid-configuration", discovery::openid_configuration))
            // RFC 8414 section 3.1 puts the path of the issuer behind the well-known path.
            .service(document(
                "/.well-known/oauth-authorization-server/{user_pool_id}",
                discovery::openid_configuration,
            ))
            .service(
                asks("/oauth2/authorize")
                    .route(web::get().to(oauth::authorize::get))
                    .route(web::post().to(oauth::authorize::post)),
            )
            .service(called("/oauth2/token").route(web::post().to(oauth::token::post)))
            .service(
                called("/oauth2/userInfo")
                    .route(web::get().to(oauth::user_info::get))
                    .route(web::post().to(oauth::user_info::get)),
            )
            .service(called("/oauth2/revoke").route(web::post().to(oauth::revoke::post)))
            .service(
                asks("/logout").route(web::get().to(oauth::logout::get)).route(web::post().to(oauth::logout::post)),
            )
            .service(shows_steps("/login", pages::login::visit))
            .service(shows_steps("/signup", pages::sign_up::visit))
            .service(shows_steps("/forgot", pages::forgot::visit))
            .service(shows("/passkeys/add", pages::passkeys::visit))
            .service(shows_steps("/account", pages::account::visit))
            .service(shows("/confirmUser", pages::confirm_user::visit))
            .route("/assets/pages.js", web::get().to(pages::assets::script))
            .route("/assets/keystead-passkeys.js", web::get().to(pages::assets::signals))
            .route("/assets/logo/{user_pool_id}/{version}", web::get().to(pages::assets::logo))
            .route("/assets/logo/{user_pool_id}/{id}/{version}", web::get().to(pages::assets::logo_of_client))
            .route("/.well-known/webauthn", web::get().to(pages::well_known::related_origins))
            .service(document("/.well-known/change-password", pages::well_known::change_password))
            .service(document("/.well-known/passkey-endpoints", pages::well_known::passkey_endpoints))
            .route("/dev/inbox", web::get().to(pages::inbox::read))
            .route("/import/{token}", web::put().to(import::put))
            .service(document("/health/live", health::live))
            .service(document("/health/ready", health::ready))
            .configure(|routes| {
                if with_metrics {
                    routes.route("/metrics", web::get().to(health::metrics));
                }
            })
            .default_service(web::to(nowhere))
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

/// Answers a request that no route accepts: with a page for browsers, with an API error for programs.
async fn nowhere(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    let reads = request.method() == actix_web::http::Method::GET;
    if reads && accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        return pages::nowhere(request, payload, app).await;
    }
    api::no_such_path(request).await
}

/// Creates the resource for a path that browsers open.
fn asks(path: &str) -> Resource {
    web::resource(path)
}

/// Creates the resource for a path that pages of other origins call. It also answers their preflight requests.
fn called(path: &str) -> Resource {
    web::resource(path).route(web::method(actix_web::http::Method::OPTIONS).to(cors::preflight))
}

/// Creates the resource for a document. It serves `HEAD` too, because monitors use it, and answers preflight requests.
fn document<H, Args>(path: &str, read: H) -> Resource
where
    H: Handler<Args> + Copy,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    called(path).route(web::get().to(read)).route(web::head().to(read))
}

/// Creates the resource for a page and its forms. `HEAD` is served too, because monitors use it.
fn shows<H, Args>(path: &str, page: H) -> Resource
where
    H: Handler<Args> + Copy,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    web::resource(path).route(web::get().to(page)).route(web::head().to(page)).route(web::post().to(page))
}

/// Like [`shows`], for a page with steps ([`pages::step`]).
fn shows_steps<H, Args>(path: &str, page: H) -> Resource
where
    H: Handler<Args> + Copy,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let paths = [path.to_owned(), format!("{path}/{{step:[0-9a-f-]{{36}}}}")];
    web::resource(paths).route(web::get().to(page)).route(web::head().to(page)).route(web::post().to(page))
}

/// Builds the separate server that serves nothing but `/metrics`.
pub fn metrics_server(app: Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let data = web::Data::from(app);
    let server = HttpServer::new(move || {
        ActixApp::new().app_data(data.clone()).route("/metrics", web::get().to(health::metrics))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}
