//! The client data of a ceremony: type, challenge and origin.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use url::{Host, Url};

use super::{Error, RelyingParty};
use crate::sealing::equal;

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

/// Checks the client data (section 7.1 steps 5 to 11, section 7.2 steps 9 to 14) and returns the accepted origin.
pub(super) fn check(rp: &RelyingParty, json: &[u8], kind: &str, challenge: &[u8]) -> Result<Url, Error> {
    let data: ClientData =
        serde_json::from_slice(json).map_err(|_| Error::Malformed("clientDataJSON is not client data".into()))?;
    if data.kind != kind {
        return Err(Error::Malformed(format!("the client data's type is not {kind}")));
    }
    // The encoding must be exactly base64url without padding (section 3, "Base64url Encoding").
    if !equal(data.challenge.as_bytes(), BASE64_URL_SAFE_NO_PAD.encode(challenge).as_bytes()) {
        return Err(Error::Challenge);
    }
    let origin = Url::parse(&data.origin).map_err(|_| Error::Origin(data.origin.clone()))?;
    if !origin_allowed(rp, &data.origin, &origin) {
        return Err(Error::Origin(data.origin));
    }
    // 7.1 steps 10 and 11, 7.2 steps 13 and 14: Keystead's pages and applications are not framed by other origins.
    if data.cross_origin {
        return Err(Error::Origin(format!("{} (framed by another origin)", data.origin)));
    }
    if let Some(top) = data.top_origin {
        return Err(Error::Origin(format!("{} (framed by {top})", data.origin)));
    }
    Ok(origin)
}

/// Whether an origin is allowed: https on the RP ID or a name below it, http on localhost only, or a configured app or
/// related origin.
fn origin_allowed(rp: &RelyingParty, text: &str, origin: &Url) -> bool {
    if rp.app_origins.iter().chain(&rp.related_origins).any(|allowed| allowed == text) {
        return true;
    }
    // An origin has no path, query or user; browsers write nothing else.
    if origin.origin().ascii_serialization() != text {
        return false;
    }
    let Some(Host::Domain(host)) = origin.host() else {
        return false;
    };
    let covered = host == rp.id || host.strip_suffix(&rp.id).is_some_and(|prefix| prefix.ends_with('.'));
    match origin.scheme() {
        "https" => covered,
        "http" => covered && (host == "localhost" || host.ends_with(".localhost")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rp_id: &str, origin: &str) -> bool {
        let app_origins = vec!["android:apk-key-hash:abc".to_owned()];
        let related_origins = vec!["https://example.org".to_owned()];
        let rp = RelyingParty { id: rp_id.into(), user_verification_required: false, app_origins, related_origins };
        Url::parse(origin).is_ok_and(|url| origin_allowed(&rp, origin, &url))
    }

    #[test]
    fn origins_fit_the_rp_id() {
        for origin in [
            "https://example.com",
            "https://login.example.com",
            "https://example.com:8443",
            "android:apk-key-hash:abc",
            "https://example.org",
        ] {
            assert!(allowed("example.com", origin), "{origin}");
        }
        for origin in [
            "http://example.com",
            "https://badexample.com",
            "https://example.com.evil.org",
            "https://com",
            "https://www.example.org",
            "http://example.org",
            "https://example.com/path",
            "https://user@example.com",
            "https://example.com:443",
            "android:apk-key-hash:other",
            "ftp://example.com",
            "null",
        ] {
            assert!(!allowed("example.com", origin), "{origin}");
        }
        assert!(allowed("localhost", "http://localhost:3000") && allowed("localhost", "https://localhost"));
        assert!(!allowed("localhost", "http://127.0.0.1") && !allowed("localhost", "http://localhost.example.com"));
    }
}
