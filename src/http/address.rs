//! The caller's address: the connection's, or what a trusted proxy says it is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
    let values: Vec<_> = request.headers().get_all(config.client_address_header.as_str()).collect();
    let named = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = peer;
    for text in named {
        // What cannot be read is where belief ends: everything before it may be a client's invention.
        let Some(address) = parse(text) else { break };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it: alone, or with a port.
fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    text.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let config = Settings::parse_from(["", "--trusted-proxies=127.0.0.0/8,10.0.0.0/8"]).config;
        let said = |peer: &str, lines: &[&[u8]]| {
            let mut request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
            for line in lines {
                let value = actix_web::http::header::HeaderValue::from_bytes(line).unwrap();
                request = request.append_header(("x-forwarded-for", value));
            }
            of(&request.to_http_request(), &config).to_string()
        };
        assert_eq!(said("8.8.8.8", &[b"1.1.1.1"]), "8.8.8.8");
        for lines in [
            &[b"203.0.113.9".as_slice()] as &[&[u8]],
            &[b"8.8.8.8, x, 203.0.113.9"],
            &[b"unknown, 203.0.113.9"],
            &[b"x", b"203.0.113.9"],
            &[b"1.2.3.4, \xe9, 203.0.113.9"],
            &[b"203.0.113.9:4711"],
            &[b"1.1.1.1, 203.0.113.9, 10.0.0.7"],
            &[b"::ffff:203.0.113.9"],
        ] {
            assert_eq!(said("127.0.0.1", lines), "203.0.113.9", "{lines:?}");
        }
        assert_eq!(said("127.0.0.1", &[b"203.0.113.9, x, 10.0.0.7"]), "10.0.0.7");
        assert_eq!(said("127.0.0.1", &[b"[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(said("127.0.0.1", &[]), "127.0.0.1");
    }
}
