//! What the server's settings allow user pools: the senders of their mail, and the relying party IDs that operators'
//! keys bound to one pool may set. The settings `mail-senders` and `relying-party-ids` apply to all pools, and the
//! `[pools]` tables of keystead.toml to individual pools.

use serde_json::Value;

use crate::{config::Config, delivery, hosts, store::pools::Pool};

/// Whether a pool's mail may have this sender or this reply address. The address must be that of `mail-from`, or the
/// settings must list it or its domain.
pub fn allow_sender(config: &Config, pool_id: &str, mailbox: &str) -> bool {
    let Some(address) = delivery::address_of(mailbox) else { return false };
    let domain = address.rfind('@').map_or("", |at| &address[at..]);
    let lists = |listed: &str| listed.eq_ignore_ascii_case(&address) || listed.eq_ignore_ascii_case(domain);
    let of_pool = config.pools.get(pool_id).map_or(&[][..], |grants| &grants.mail_senders);
    delivery::address_of(&config.mail_from).as_ref() == Some(&address)
        || config.mail_senders.iter().chain(of_pool).any(|listed| lists(listed))
}

/// Returns the sender and the reply address in a pool's `EmailConfiguration`, each with the name of its member.
pub fn senders(pool: &Pool) -> Vec<(&'static str, &str)> {
    let email = pool.settings.rest.get("EmailConfiguration");
    let of = |member: &'static str| {
        let text = email.and_then(|email| email.get(member)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(|text| (member, text))
    };
    ["From", "ReplyToEmailAddress"].into_iter().filter_map(of).collect()
}

/// Whether the settings allow an operator's key that is bound to this pool to set this relying party ID.
pub fn allow_relying_party(config: &Config, pool_id: &str, rp_id: &str) -> bool {
    let of_pool = config.pools.get(pool_id).map_or(&[][..], |grants| &grants.relying_party_ids);
    config.relying_party_ids.iter().chain(of_pool).any(|listed| listed == rp_id)
        || (rp_id == "localhost" && config.is_local())
}

/// Checks `mail-senders`, `relying-party-ids` and the `[pools]` tables. The error text names the setting that is wrong.
pub fn check_settings(config: &Config) -> Result<(), String> {
    let is_sender = |text: &str| {
        let address = text.strip_prefix('@').map_or_else(|| text.to_owned(), |domain| format!("a@{domain}"));
        delivery::address_of(&address).is_some_and(|parsed| parsed.eq_ignore_ascii_case(&address))
    };
    let of_pools = config.pools.values().flat_map(|grants| &grants.mail_senders);
    if let Some(bad) = config.mail_senders.iter().chain(of_pools).find(|text| !is_sender(text)) {
        return Err(format!("mail-senders: {bad:?} must be an address, or a whole domain such as @example.com"));
    }
    // Relying party IDs are compared exactly, so an ID with capital letters would never be allowed.
    let of_pools = config.pools.values().flat_map(|grants| &grants.relying_party_ids);
    if let Some(bad) = config.relying_party_ids.iter().chain(of_pools).find(|id| !hosts::is_name(id)) {
        return Err(format!(
            "relying-party-ids: {bad:?} must be a host name alone, in lower case, such as example.com"
        ));
    }
    if let Some(id) = config.pools.keys().find(|id| !id.contains('_')) {
        return Err(format!("pools: {id:?} is not a user pool ID"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(args: &[&str]) -> Config {
        let mut config = Config::of(args);
        let grants = "mail_senders = ['shop@shop.example']\nrelying_party_ids = ['shop.example']";
        config.pools.insert("r_Shop".into(), toml::from_str(grants).unwrap());
        config
    }

    #[test]
    fn senders_are_listed_for_all_pools_or_for_one() {
        let config = config(&["--mail-from=Keystead <id@example.com>", "--mail-senders=post@example.org,@example.net"]);
        assert!(check_settings(&config).is_ok());
        for sender in ["id@example.com", "Shop <ID@Example.com>", "post@example.org", "any.one@EXAMPLE.net"] {
            assert!(allow_sender(&config, "r_Other", sender), "{sender}");
        }
        for sender in [
            "ceo@example.com",
            "post@example.org.evil.example",
            "x@mail.example.net",
            "shop@shop.example",
            "@example.net",
            "\"post@example.org\" <evil@evil.example>",
            "post@example.org, evil@evil.example",
            "",
        ] {
            assert!(!allow_sender(&config, "r_Other", sender), "{sender}");
        }
        assert!(allow_sender(&config, "r_Shop", "Shop <shop@shop.example>"));
        for bad in ["example.net", "Shop <shop@shop.example>", "@", "a@b@c"] {
            assert!(check_settings(&self::config(&[&format!("--mail-senders={bad}")])).is_err(), "{bad}");
        }
    }

    #[test]
    fn relying_parties_are_listed_and_localhost_is_for_local_servers() {
        let config = config(&["--public-url=https://id.example.com", "--relying-party-ids=example.com"]);
        assert!(
            allow_relying_party(&config, "r_Shop", "shop.example")
                && allow_relying_party(&config, "r_Other", "example.com")
        );
        assert!(
            !allow_relying_party(&config, "r_Other", "shop.example")
                && !allow_relying_party(&config, "r_Other", "localhost")
        );
        assert!(allow_relying_party(&self::config(&[]), "r_Other", "localhost"));
    }
}
