//! Checks the client data of a ceremony: its type, challenge and origin.

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

impl ClientData {
    fn parse(json: &[u8]) -> Result<Self, Error> {
        // The bytes are decoded first, because the parser does not look into the strings of members that it skips.
        let text = std::str::from_utf8(json).ok();
        let parsed = text.and_then(|text| serde_json::from_str(text).ok());
        parsed.ok_or_else(|| Error::Malformed("clientDataJSON is not client data".into()))
    }
}

/// Returns the challenge in client data, in base64url. Nothing is checked yet.
pub(super) fn challenge(json: &[u8]) -> Result<String, Error> {
    Ok(ClientData::parse(json)?.challenge)
}

/// Checks client data (section 7.1 steps 5 to 11, section 7.2 steps 9 to 14).
pub(super) fn check(rp: &RelyingParty, json: &[u8], kind: &str, challenge: &[u8]) -> Result<(), Error> {
    let data = ClientData::parse(json)?;
    if data.kind != kind {
        return Err(Error::Malformed(format!("the client data's type is not {kind}")));
    }
    // The strings are compared, because the encoding must be exactly base64url without padding (section 3, "Base64url
    // Encoding").
    if !equal(data.challenge.as_bytes(), BASE64_URL_SAFE_NO_PAD.encode(challenge).as_bytes()) {
        return Err(Error::Challenge);
    }
    let origin = Url::parse(&data.origin).map_err(|_| Error::Origin(data.origin.clone()))?;
    if !origin_allowed(rp, &data.origin, &origin) {
        return Err(Error::Origin(data.origin));
    }
    // Section 7.1 steps 10 and 11, section 7.2 steps 13 and 14. Ceremonies in a frame of another origin are refused.
    if data.cross_origin {
        return Err(Error::Origin(format!("{} (framed by another origin)", data.origin)));
    }
    if let Some(top) = data.top_origin {
        return Err(Error::Origin(format!("{} (framed by {top})", data.origin)));
    }
    Ok(())
}

/// Whether an origin is allowed. An origin is allowed if it is a configured app origin or related origin. Any other
/// origin must have the RP ID, or a name below the RP ID, as its host. Its scheme must be https, or may be http on
/// localhost and names below localhost.
pub(super) fn origin_allowed(rp: &RelyingParty, text: &str, origin: &Url) -> bool {
    if rp.app_origins.iter().chain(&rp.related_origins).any(|allowed| allowed == text) {
        return true;
    }
    // The string must be a plain origin, without a path, query or user. Browsers always send it in this form.
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
mod tests;
