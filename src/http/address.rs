//! The caller's address: the connection's own, or the one that a trusted proxy reports.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, http::StatusCode};

use crate::{
    config::Config,
    error::{Error, Result},
};

/// An unreadable client-address header is logged at most once in this time.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// Returns the client's address, which rate limits and the web ACL apply to.
///
/// The configured header is believed only if the connection comes from a trusted proxy. The header is read from its
/// end: the client's address is the last one that is not a trusted proxy's. Everything before that address is ignored,
/// because the client may have written it. A request without the header comes from the proxy itself.
///
/// Fails with `MalformedHttpRequestException` if the last entry cannot be read. The trusted proxy wrote that entry
/// itself. If the proxy's own address were used instead, all its clients would count as one.
pub fn of_caller(request: &HttpRequest, config: &Config) -> Result<IpAddr> {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !trusted(peer) {
        return Ok(peer);
    }
    let values: Vec<_> = request.headers().get_all(config.client_address_header.as_str()).collect();
    let named = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = None;
    for text in named {
        // Stop at the first entry that cannot be read: a client may have invented everything before it.
        let Some(address) = parse(text) else { break };
        nearest = Some(address);
        if !trusted(address) {
            break;
        }
    }
    match nearest {
        Some(address) => Ok(address),
        None if values.is_empty() => Ok(peer),
        None => Err(unreadable(peer, &config.client_address_header)),
    }
}

/// Returns the HTTP status for a refused request, at endpoints that serve documents and assets.
pub fn status_of(refusal: &Error) -> StatusCode {
    match refusal {
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Parses an address as proxies write it: alone, with a port, or in brackets.
fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let in_brackets = || bare?.parse::<std::net::Ipv6Addr>().map(IpAddr::V6).ok();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let address = text.parse::<IpAddr>().ok().or_else(in_brackets).or_else(with_port);
    address.map(|address| address.to_canonical())
}

/// Returns the error for a header that cannot be read. Logs it only now and then, because every request through that
/// proxy may fail in this way.
fn unreadable(peer: IpAddr, header: &str) -> Error {
    static LOGGED: Mutex<Option<Instant>> = Mutex::new(None);
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.is_none_or(|at| at.elapsed() >= LOGGED_EVERY) {
        *logged = Some(Instant::now());
        tracing::warn!(proxy = %peer, header, "requests are refused: what this trusted proxy says of its clients' addresses cannot be read");
    }
    Error::MalformedHttpRequest(
        format!("The last entry of the header {header}, which a trusted proxy writes, is not an address.").into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let config = Config::of(["--trusted-proxies=127.0.0.0/8,10.0.0.0/8"]);
        let said = |peer: &str, lines: &[&[u8]]| {
            let mut request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
            for line in lines {
                let value = actix_web::http::header::HeaderValue::from_bytes(line).unwrap();
                request = request.append_header(("x-forwarded-for", value));
            }
            of_caller(&request.to_http_request(), &config)
                .map_or_else(|refused| refused.code().to_owned(), |one| one.to_string())
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
        for line in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "1.1.1.1, [2001:db8::1]", " [2001:DB8:0::1] "]
        {
            assert_eq!(said("127.0.0.1", &[line.as_bytes()]), "2001:db8::1", "{line}");
        }
        assert_eq!(said("127.0.0.1", &[b"[::ffff:203.0.113.9]"]), "203.0.113.9");
        assert_eq!(said("127.0.0.1", &[]), "127.0.0.1", "the proxy's own request");
        for line in [
            "",
            "unknown",
            "203.0.113.9, x",
            "203.0.113.9,",
            "[203.0.113.9]",
            "[2001:db8::1",
            "[2001:db8::1]x",
            "\u{e9}",
        ] {
            assert_eq!(said("127.0.0.1", &[line.as_bytes()]), "MalformedHttpRequestException", "{line}");
        }
        assert_eq!(said("127.0.0.1", &[b"203.0.113.9", b"x"]), "MalformedHttpRequestException");
        assert_eq!(said("8.8.8.8", &[b"x"]), "8.8.8.8", "a stranger's header is nobody's");
    }
}
