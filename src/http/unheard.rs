//! Detects a proxy whose client-address header is not believed because the proxy is not trusted. The log, a metric and
//! `keystead doctor` report it.

use std::time::Instant;

use actix_web::HttpRequest;

use crate::app::App;

/// Records a request. Logs a warning, at most once a minute, if [`crate::proxies`] finds such a proxy.
pub fn watch(request: &HttpRequest, app: &App) {
    let config = &app.config;
    let Some(peer) = request.peer_addr().map(|peer| peer.ip().to_canonical()) else { return };
    let unheard = !config.trusted_proxies.iter().any(|network| network.contains(&peer))
        && request.headers().contains_key(config.client_address_header.as_str());
    if let Some(proxy) = app.proxies.saw(peer, unheard, Instant::now()) {
        tracing::warn!(
            %proxy,
            header = config.client_address_header,
            "nearly all requests come from one address that names others in the client-address header and is not a trusted \
             proxy: all clients count as this one; if it is your proxy, name it in trusted-proxies"
        );
    }
}
