//! The host names under which this server is reached, and those that user pools may have. This code uses no network and
//! no database.

use url::Host;

use crate::config::Config;

/// The maximum length of a label of a host name, and so of a prefix (RFC 1035 section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// To whom a host name may belong.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// This server, or nobody. No pool can have the name.
    Own,
    /// The pool with this prefix, if there is one. The name is the prefix, a dot and this server's host.
    Prefix(&'a str),
    /// The pool with this custom domain, if there is one.
    Other(&'a str),
}

/// This server's own names.
pub struct Hosts {
    /// The host in the public URL.
    public: String,
    /// All of this server's names.
    own: Vec<String>,
}

/// Checks the setting `own-hosts`. The error text names the setting.
pub fn check_settings(config: &Config) -> Result<(), String> {
    // An entry that is not a host name would have no effect, because no pool can have such a domain anyway.
    match config.own_hosts.iter().find(|name| !is_name(&name.to_ascii_lowercase())) {
        Some(bad) => Err(format!("own-hosts: {bad:?} must be a host name alone, such as keystead.internal")),
        None => Ok(()),
    }
}

impl Hosts {
    /// Takes this server's names from the settings.
    pub fn new(config: &Config) -> Self {
        let url = url::Url::parse(&config.public_url()).ok();
        let public = url.and_then(|url| url.host_str().map(str::to_ascii_lowercase)).unwrap_or_default();
        let mut own = vec![public.clone(), "localhost".to_owned()];
        own.extend(config.own_hosts.iter().map(|name| name.to_ascii_lowercase()));
        Self { public, own }
    }

    /// Returns to whom the name in a `Host` header may belong. The header must be in lower case.
    pub fn place<'a>(&self, host: &'a str) -> Place<'a> {
        let name = name_of(host);
        if self.is_own(name) || !is_name(name) {
            return Place::Own;
        }
        match below(name, &self.public) {
            Some(prefix) => Place::Prefix(prefix),
            None => Place::Other(name),
        }
    }

    /// Returns why a pool may not have this prefix; `None` if the pool may have it. A prefix is one label, and must not
    /// be one of this server's names.
    pub fn refuses_prefix(&self, prefix: &str) -> Option<&'static str> {
        let whole = format!("{prefix}.{}", self.public);
        match prefix {
            _ if prefix.contains('.') => Some("a prefix has no dots; a custom domain needs CustomDomainConfig."),
            _ if self.is_own(prefix) || self.is_own(&whole) || !is_name(prefix) => {
                Some("this server's own names are not for user pools.")
            }
            _ => None,
        }
    }

    /// Returns why a pool may not have this custom domain; `None` if the pool may have it.
    pub fn refuses_custom(&self, name: &str) -> Option<&'static str> {
        let below_own = self.own.iter().any(|own| below(name, own).is_some());
        match name {
            _ if self.is_own(name) || !is_name(name) => {
                Some("this server's own names and addresses are not for user pools.")
            }
            _ if !name.contains('.') => Some("a custom domain has dots; a prefix comes without CustomDomainConfig."),
            _ if below_own => Some("a name below this server's own is a prefix, without CustomDomainConfig."),
            _ => None,
        }
    }

    fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|own| own == name)
    }
}

/// Returns the name in a `Host` header, without the port and without a final dot.
pub fn name_of(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// Returns the part of a name before `.above`, if the name is below `above`.
fn below<'a>(name: &'a str, above: &str) -> Option<&'a str> {
    name.strip_suffix(above)?.strip_suffix('.').filter(|prefix| !prefix.is_empty())
}

/// Whether a string is a host name in lower case. IP addresses are not host names, in any of the forms that browsers
/// accept.
pub fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.split('.').all(label) && matches!(Host::parse(text), Ok(Host::Domain(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let args = ["--public-url=https://ID.example.com:8443", "--own-hosts=keystead,Keystead.internal"];
        Hosts::new(&Config::of(args))
    }

    #[test]
    fn a_host_is_this_servers_a_prefix_or_another_name() {
        let hosts = hosts();
        for own in [
            "id.example.com",
            "id.example.com:8443",
            "id.example.com.",
            "id.example.com:443",
            "localhost:9229",
            "keystead",
            "keystead.internal:80",
            "127.0.0.1:9229",
            "[::1]:9229",
            "[::1]",
            "127.1",
            "0x7f.1",
            "2130706433",
            "",
            "a_b",
            "a..b",
        ] {
            assert_eq!(hosts.place(own), Place::Own, "{own}");
        }
        assert_eq!(hosts.place("shop.id.example.com:8443"), Place::Prefix("shop"));
        assert_eq!(hosts.place("shop.id.example.com."), Place::Prefix("shop"));
        for other in ["shop", "example.com", "notid.example.com", "shop.localhost", "auth.shop.example"] {
            assert_eq!(hosts.place(other), Place::Other(other));
        }
    }

    #[test]
    fn pools_have_none_of_this_servers_names() {
        let hosts = hosts();
        for good in ["shop", "a-1", "id"] {
            assert_eq!(hosts.refuses_prefix(good), None, "{good}");
        }
        for bad in ["localhost", "keystead", "127", "2130706433", "a.b", "id.example.com", "", "a_b"] {
            assert!(hosts.refuses_prefix(bad).is_some(), "{bad}");
        }
        for good in ["auth.shop.example", "example.com", "other.example.com"] {
            assert_eq!(hosts.refuses_custom(good), None, "{good}");
        }
        for bad in [
            "localhost",
            "shop",
            "keystead",
            "keystead.internal",
            "x.keystead.internal",
            "127.0.0.1",
            "127.1",
            "10.0.0.0x1",
            "1.2.3.4.5",
            "id.example.com",
            "shop.id.example.com",
            "a.b.id.example.com",
            "x.localhost",
            "a..b",
            ".example.com",
            "example.com.",
        ] {
            assert!(hosts.refuses_custom(bad).is_some(), "{bad}");
        }
    }
}
