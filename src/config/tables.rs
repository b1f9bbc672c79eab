//! The settings that only `keystead.toml` can have, in tables: rules of the web ACL, and what single pools are allowed.

use std::{collections::HashMap, num::NonZeroU32};

use ipnet::IpNet;
use serde::Deserialize;

/// The `[pools]` tables of `keystead.toml`, by user pool ID.
pub type PoolGrants = HashMap<String, PoolGrant>;

/// `[pools."<user pool ID>"]`. A misspelt grant is refused, because otherwise it would silently be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolGrant {
    /// Like the setting `mail-senders`, for this pool.
    #[serde(default)]
    pub mail_senders: Vec<String>,
    /// Like the setting `relying-party-ids`, for this pool.
    #[serde(default)]
    pub relying_party_ids: Vec<String>,
}

/// The `[web_acl]` tables of `keystead.toml`. A misspelt rule is refused, because otherwise it would silently be
/// absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct AclRules {
    /// Rules for every request.
    pub server: AclRuleSet,
    /// `[web_acl.pools."<user pool ID>"]`: further rules for requests to that pool.
    pub pools: HashMap<String, AclRuleSet>,
}

impl TryFrom<toml::Table> for AclRules {
    type Error = toml::de::Error;

    fn try_from(mut table: toml::Table) -> Result<Self, toml::de::Error> {
        let pools = table.remove("pools").map(toml::Value::try_into).transpose()?.unwrap_or_default();
        Ok(Self { server: table.try_into()?, pools })
    }
}

/// One set of rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclRuleSet {
    /// Networks that may call; empty means all.
    #[serde(default)]
    pub allow: Vec<IpNet>,
    /// Networks that may not, even when allowed.
    #[serde(default)]
    pub block: Vec<IpNet>,
    /// Requests from one address in five minutes, per replica; absent means no limit. (AWS WAF's unit.)
    #[serde(default)]
    pub requests_per_five_minutes: Option<NonZeroU32>,
    /// Largest body, bytes; absent means the server's limit.
    #[serde(default)]
    pub body_bytes: Option<usize>,
}

impl AclRules {
    /// The rules from the settings file's table.
    pub fn deserialize_from(table: toml::Value) -> Result<Self, toml::de::Error> {
        table.try_into()
    }

    /// Checks that the rules name user pools by their IDs.
    pub fn check(&self) -> Result<(), String> {
        for id in self.pools.keys() {
            if !id.contains('_') {
                return Err(format!("web_acl.pools: {id:?} is not a user pool ID"));
            }
        }
        Ok(())
    }
}
