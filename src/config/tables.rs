//! The settings that only `keystead.toml` can have, in tables: the rules of the web ACL, and what individual pools are
//! allowed.

use std::{collections::HashMap, num::NonZeroU32};

use ipnet::IpNet;
use serde::Deserialize;

/// The `[pools]` tables of `keystead.toml`, by user pool ID.
pub type PoolGrants = HashMap<String, PoolGrant>;

/// One table `[pools."<user pool ID>"]`. Unknown names in it are refused, because otherwise a misspelled grant would
/// silently be ignored.
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

/// The `[web_acl]` tables of `keystead.toml`. Unknown names in them are refused, because otherwise a misspelled rule
/// would silently be ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "toml::Table")]
pub struct AclRules {
    /// Rules for the whole server.
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
    /// Networks that may send requests. If empty, all may.
    #[serde(default)]
    pub allow: Vec<IpNet>,
    /// Networks that may not send requests, even if `allow` contains them.
    #[serde(default)]
    pub block: Vec<IpNet>,
    /// The most requests from one address in five minutes (the unit of AWS WAF), per replica. If absent, there is no
    /// limit.
    #[serde(default)]
    pub requests_per_five_minutes: Option<NonZeroU32>,
    /// The largest body, in bytes. If absent, only the server's limit applies.
    #[serde(default)]
    pub body_bytes: Option<usize>,
}

impl AclRules {
    /// Reads the rules from the table in the settings file.
    pub fn deserialize_from(table: toml::Value) -> Result<Self, toml::de::Error> {
        table.try_into()
    }

    /// Checks that the names of the pools' tables are user pool IDs.
    pub fn check(&self) -> Result<(), String> {
        for id in self.pools.keys() {
            if !id.contains('_') {
                return Err(format!("web_acl.pools: {id:?} is not a user pool ID"));
            }
        }
        Ok(())
    }
}
