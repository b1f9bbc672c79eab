//! The caller's address: the connection's, or what a trusted proxy says it is.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;

use crate::config::Config;

/// The address that rates and the web ACL count.
///
/// The configured header is believed only when the connection comes from a trusted proxy, and from its end: the last
/// address that is not itself a trusted proxy's. What a client writes in front of that is not believed.
pub fn of(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !trusted(peer) {
        return peer;
    }
    let values = request.headers().get_all(config.client_address_header.as_str());
    let named: Vec<IpAddr> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map_while(|text| text.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .collect();
    named.iter().rev().copied().find(|address| !trusted(*address)).or_else(|| named.first().copied()).unwrap_or(peer)
}
