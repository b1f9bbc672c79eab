//! The web ACL: which addresses may send requests, how many and how large, for the whole server and for each pool.
//!
//! A refused request gets `ForbiddenException`, as it would from a web application firewall in front of Amazon Cognito.

use std::{collections::HashMap, net::IpAddr};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use crate::{
    budgets::counted,
    config::tables::{AclRuleSet, AclRules},
    error::{Error, Result},
};

/// The rules with their counters.
pub struct WebAcl {
    server: Guard,
    pools: HashMap<String, Guard>,
}

struct Guard {
    rules: AclRuleSet,
    rate: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl WebAcl {
    /// Creates the web ACL for these rules.
    pub fn new(rules: &AclRules) -> Self {
        Self {
            server: Guard::new(&rules.server),
            pools: rules.pools.iter().map(|(id, rules)| (id.clone(), Guard::new(rules))).collect(),
        }
    }

    /// Checks the rules for the whole server. Called before a request is handled and before its body is read.
    pub fn check_server(&self, address: IpAddr, body_bytes: usize) -> Result<()> {
        self.server.check(address, body_bytes)
    }

    /// Checks only the server's rule on the size of bodies, for a body that has arrived. The size may not have been
    /// known when [`Self::check_server`] was called.
    pub fn check_server_size(&self, body_bytes: usize) -> Result<()> {
        if self.server.rules.body_bytes.is_some_and(|limit| body_bytes > limit) {
            return Err(forbidden());
        }
        Ok(())
    }

    /// Checks a pool's rules. Called as soon as it is known which pool a request concerns.
    pub fn check_pool(&self, pool_id: &str, address: IpAddr, body_bytes: usize) -> Result<()> {
        self.pools.get(pool_id).map_or(Ok(()), |guard| guard.check(address, body_bytes))
    }

    /// Forgets the counters of addresses without recent requests. Called regularly, so that memory stays bounded.
    pub fn forget_quiet(&self) {
        for guard in self.pools.values().chain([&self.server]) {
            if let Some(rate) = &guard.rate {
                rate.retain_recent();
            }
        }
    }
}

impl Guard {
    fn new(rules: &AclRuleSet) -> Self {
        let rate = rules.requests_per_five_minutes.map(|requests| {
            let refill = std::time::Duration::from_secs(300) / requests.get();
            let quota = Quota::with_period(refill).expect("a limit below 3e11 has a period").allow_burst(requests);
            RateLimiter::keyed(quota)
        });
        Self { rules: rules.clone(), rate }
    }

    fn check(&self, address: IpAddr, body_bytes: usize) -> Result<()> {
        let within = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
        let rules = &self.rules;
        let refused = (!rules.allow.is_empty() && !within(&rules.allow))
            || within(&rules.block)
            || rules.body_bytes.is_some_and(|limit| body_bytes > limit)
            || self.rate.as_ref().is_some_and(|rate| rate.check_key(&counted(address)).is_err());
        if refused {
            return Err(forbidden());
        }
        Ok(())
    }
}

fn forbidden() -> Error {
    Error::Forbidden("Request not allowed by the web ACL; ask the server's operator.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(toml: &str) -> WebAcl {
        WebAcl::new(&toml::from_str(toml).unwrap())
    }

    #[test]
    fn block_wins_over_allow_and_pools_have_their_own_rules() {
        let acl = acl(
            "allow = ['10.0.0.0/8']\nblock = ['10.1.0.0/16']\n[pools.'eu_a']\nblock = ['10.2.0.0/16']\nbody_bytes = 10",
        );
        let check = |address: &str| acl.check_server(address.parse().unwrap(), 0).is_ok();
        assert!(check("10.0.0.1") && !check("10.1.0.1") && !check("11.0.0.1"));
        let pool = |address: &str, bytes| acl.check_pool("eu_a", address.parse().unwrap(), bytes).is_ok();
        assert!(pool("10.0.0.1", 10) && !pool("10.2.0.1", 0) && !pool("10.0.0.1", 11));
        assert!(acl.check_pool("eu_b", "10.2.0.1".parse().unwrap(), 99).is_ok());
    }

    #[test]
    fn the_rate_is_counted_per_address() {
        let acl = acl("requests_per_five_minutes = 3");
        let ok = |address: &str| acl.check_server(address.parse().unwrap(), 0).is_ok();
        assert!(ok("::1") && ok("::1") && ok("::2") && !ok("::1"));
        assert!(ok("0:0:0:1::1"));
    }
}
