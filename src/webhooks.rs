//! Requests that Keystead sends to its operator's own services: signed JSON, by `POST`.
//!
//! Three headers carry the signature. `x-keystead-id` lets a receiver ignore a request that it has received before.
//! `x-keystead-timestamp` is in seconds since the epoch. `x-keystead-signature` is `v1=` and the hexadecimal
//! HMAC-SHA256 of ID, `.`, timestamp, `.` and body under the shared secret.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_lc_rs::hmac;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};
use uuid::Uuid;

use crate::{sealing::hex, secret::Secret};

/// Sends signed requests to the operator's services.
pub struct Webhooks {
    http: reqwest::Client,
    secret: Secret,
}

impl Webhooks {
    /// Creates a client that signs with this secret. `patience` is the time limit for a response, including its body.
    pub fn new(patience: Duration, secret: Secret) -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder()
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver));
        Ok(Self { http: builder.build()?, secret })
    }

    /// Posts a body. `id` identifies the message, so it must be the same if the message is posted again. Errors do not
    /// contain the URL, because it may contain a key.
    pub async fn post(&self, url: &str, id: Uuid, body: String) -> reqwest::Result<reqwest::Response> {
        #[expect(clippy::disallowed_methods, reason = "the receiver compares it with its own clock")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("x-keystead-id", id.to_string())
            .header("x-keystead-timestamp", now)
            .header("x-keystead-signature", signature(&self.secret, id, now, &body))
            .body(body);
        request.send().await.map_err(reqwest::Error::without_url)
    }
}

/// The fewest characters of a secret that [`check`] accepts.
const SHORTEST_SECRET: usize = 16;

/// Fails if the settings `<name>-url` and `<name>-secret` are not safe enough for requests with users' data.
pub fn check(name: &str, url: &str, secret: &Secret, is_local: bool) -> Result<(), String> {
    if secret.expose().len() < SHORTEST_SECRET {
        return Err(format!(
            "{name}-secret: must have at least {SHORTEST_SECRET} characters (make one with `openssl rand -hex 32`)"
        ));
    }
    let parsed = Url::parse(url).map_err(|cause| format!("{name}-url: {cause}"))?;
    let near = is_local || matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if parsed.scheme() != "https" && !(parsed.scheme() == "http" && near) {
        return Err(format!("{name}-url: must be https, or http on this machine or for a local public-url"));
    }
    if !may_call(&parsed) {
        return Err(format!("{name}-url: must not be a link-local address"));
    }
    Ok(())
}

/// Finds the addresses of a service, except for those at which [`may_call`] lets nobody be called.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_callable(address.ip())).collect();
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether the host of a URL is a name, or an address at which a service may be called.
pub fn may_call(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_callable(address.into()),
        Some(Host::Ipv6(address)) => is_callable(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

/// Whether a service may be called at this address. At link-local addresses, cloud providers hand out the credentials of
/// the machine. Nothing answers for one service at the other addresses.
fn is_callable(address: IpAddr) -> bool {
    let is_link_local = match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !is_link_local && !address.is_unspecified() && !address.is_multicast()
}

fn signature(secret: &Secret, id: Uuid, timestamp: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1={}", hex(signed.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_at_link_local_addresses() {
        for (url, allowed) in [
            ("https://functions.example.com/a", true),
            ("http://127.0.0.1:9000/a", true),
            ("https://10.1.2.3/a", true),
            ("https://[fd00::1]/a", true),
            ("https://169.254.169.254/a", false),
            ("https://2852039166/a", false),
            ("https://[::ffff:169.254.169.254]/a", false),
            ("https://[fe80::1]/a", false),
            ("https://0.0.0.0/a", false),
            ("https://224.0.0.1/a", false),
        ] {
            assert_eq!(may_call(&Url::parse(url).unwrap()), allowed, "{url}");
        }
    }
}
