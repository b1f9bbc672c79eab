//! The way back from the account page to the application. Pure.

use serde_json::Value;
use url::{Host, Url};

use crate::store::clients::ClientSettings;

/// Where an app client's application is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) href: String,
    /// What a person recognizes the application by.
    pub(super) host: String,
}

impl Application {
    /// Returns the origin of the client's default redirect URI or, if there is none, of a callback URL: rather one of
    /// the web than one on the developer's own machine. Returns `None` if the application is not on the web, is only at
    /// Keystead's own address, or may be at several places of the developer's machine.
    pub(super) fn of(public_url: &str, settings: &ClientSettings) -> Option<Self> {
        let own = Url::parse(public_url).map(|url| url.origin()).ok();
        let default = settings.rest.get("DefaultRedirectURI").and_then(Value::as_str);
        let registered = settings.list("CallbackURLs").into_iter();
        let of_web = |uri: &str| {
            let url = Url::parse(uri).ok()?;
            (matches!(url.scheme(), "https" | "http") && Some(url.origin()) != own).then_some(url)
        };
        let mut found: Vec<_> = registered.filter_map(of_web).collect();
        found.sort_by_key(is_on_this_machine);
        let is_clear = |url: &Url| !is_on_this_machine(url) || found.iter().all(|other| other.origin() == url.origin());
        let registered = found.first().filter(|url| is_clear(url)).cloned();
        let url = default.and_then(of_web).or(registered)?;
        let origin = url.origin().ascii_serialization();
        let host = origin.split("://").last().unwrap_or_default().to_owned();
        Some(Self { href: format!("{origin}/"), host })
    }
}

fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_way_back_is_registered_and_of_the_web() {
        let of = |callbacks: &[&str], default: Option<&str>| {
            let settings = json!({"CallbackURLs": callbacks, "DefaultRedirectURI": default});
            let settings: ClientSettings = serde_json::from_value(settings).unwrap();
            Application::of("https://id.example.com", &settings).map(|found| (found.href, found.host))
        };
        let found = |href: &str, host: &str| Some((href.to_owned(), host.to_owned()));
        let (local, web) = ("http://localhost:3000/callback", "https://app.example.com/callback?a=1");
        assert_eq!(of(&[local, web], None), found("https://app.example.com/", "app.example.com"));
        assert_eq!(of(&[local, web], Some(local)), found("http://localhost:3000/", "localhost:3000"));
        assert_eq!(of(&[local, "http://localhost:5173/"], None), None);
        assert_eq!(of(&["app.example:/done", local], None), found("http://localhost:3000/", "localhost:3000"));
        assert_eq!(of(&["app.example:/done", "https://id.example.com/account"], None), None);
        assert_eq!(of(&["javascript:alert(1)", "data:text/html,x"], Some("javascript:alert(1)")), None);
    }
}
