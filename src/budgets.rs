//! Request budgets per user and per address, answered with `TooManyRequestsException`. Counted per replica.

use std::{
    collections::HashSet,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{PoisonError, RwLock},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::{
    config::Config,
    error::{Error, Result},
};

/// Whether a request reads or changes something: each has its own budget per user (W§4.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// GetUser, lists.
    Read,
    /// Everything else.
    Write,
}

/// The counters. A budget of 0 in the configuration means none is kept.
pub struct Budgets {
    reads: Option<DefaultKeyedRateLimiter<Uuid>>,
    writes: Option<DefaultKeyedRateLimiter<Uuid>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    forms: Option<DefaultKeyedRateLimiter<(IpAddr, String)>>,
    sign_ins: Option<DefaultKeyedRateLimiter<(String, IpAddr)>>,
    sites: Sites,
    /// Sessions that were found ended: their tokens have budgets of their own, so that a thief with a revoked token does
    /// not use up its owner's.
    ended_sessions: RwLock<HashSet<Uuid>>,
}

/// Ended sessions remembered before all are forgotten, to be found ended again.
const ENDED_SESSIONS_LIMIT: usize = 10_000;

/// The address that is counted: an IPv6 network of 64 bits is one customer's, who has all its addresses.
pub fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// Budgets of whole IPv6 sites, beside those of the networks that [`counted`] tells apart.
struct Sites {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    forms: Option<DefaultKeyedRateLimiter<(IpAddr, String)>>,
    sign_ins: Option<DefaultKeyedRateLimiter<(String, IpAddr)>>,
}

/// What a site may do, in budgets of one of its networks.
const SITE_BUDGETS: u32 = 8;

/// The IPv6 site of an address, 48 bits: one customer may have its 65 536 networks of 64.
fn site(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80).into()),
    }
}

impl Sites {
    fn new(config: &Config) -> Self {
        let budget = |one: u32| NonZeroU32::new(one.saturating_mul(SITE_BUDGETS));
        Self {
            addresses: budget(config.address_requests_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            forms: budget(config.address_forms_per_minute).map(|n| RateLimiter::keyed(Quota::per_minute(n))),
            sign_ins: budget(config.address_sign_ins_per_minute).map(|n| RateLimiter::keyed(Quota::per_minute(n))),
        }
    }

    fn spend<K: Clone + Eq + Hash>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: Option<K>) -> Result<()> {
        refuse(limiter.zip(key).is_some_and(|(limiter, key)| limiter.check_key(&key).is_err()))
    }

    fn forget_quiet(&self) {
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.forms {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.sign_ins {
            limiter.retain_recent();
        }
    }
}

impl Budgets {
    /// Fresh counters for these settings.
    pub fn new(config: &Config) -> Self {
        Self {
            reads: NonZeroU32::new(config.user_reads_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            writes: NonZeroU32::new(config.user_writes_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            addresses: NonZeroU32::new(config.address_requests_per_second)
                .map(|n| RateLimiter::keyed(Quota::per_second(n))),
            forms: NonZeroU32::new(config.address_forms_per_minute).map(|n| RateLimiter::keyed(Quota::per_minute(n))),
            sign_ins: NonZeroU32::new(config.address_sign_ins_per_minute)
                .map(|n| RateLimiter::keyed(Quota::per_minute(n))),
            sites: Sites::new(config),
            ended_sessions: RwLock::default(),
        }
    }

    /// Takes one request from a signed-in user's budget, or from that of a session that has ended.
    pub fn spend_user(&self, sub: Uuid, origin_jti: Uuid, kind: Kind) -> Result<()> {
        let ended = self.ended_sessions.read().unwrap_or_else(PoisonError::into_inner).contains(&origin_jti);
        let key = if ended { origin_jti } else { sub };
        let limiter = match kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
        };
        refuse(limiter.as_ref().is_some_and(|limiter| limiter.check_key(&key).is_err()))
    }

    /// Remembers that a session has ended.
    pub fn session_ended(&self, origin_jti: Uuid) {
        let mut ended = self.ended_sessions.write().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= ENDED_SESSIONS_LIMIT {
            ended.clear();
        }
        ended.insert(origin_jti);
    }

    /// Takes one request from an address's budget.
    pub fn spend_address(&self, address: IpAddr) -> Result<()> {
        refuse(self.addresses.as_ref().is_some_and(|limiter| limiter.check_key(&counted(address)).is_err()))?;
        Sites::spend(self.sites.addresses.as_ref(), site(address))
    }

    /// Takes one form of a pool's pages from an address's budget there.
    pub fn spend_form(&self, address: IpAddr, pool_id: &str) -> Result<()> {
        let over =
            |limiter: &DefaultKeyedRateLimiter<_>| limiter.check_key(&(counted(address), pool_id.to_owned())).is_err();
        refuse(self.forms.as_ref().is_some_and(over))?;
        Sites::spend(self.sites.forms.as_ref(), site(address).map(|site| (site, pool_id.to_owned())))
    }

    /// Takes one beginning of a sign-in from an address's budget at a user pool: each leaves a challenge behind, whether or not
    /// somebody has the name. What comes from this machine is a proxy's or a server's, and not one person's.
    pub fn spend_sign_in(&self, pool_id: &str, address: IpAddr) -> Result<()> {
        let Some(limiter) = self.sign_ins.as_ref().filter(|_| !address.is_loopback()) else { return Ok(()) };
        refuse(limiter.check_key(&(pool_id.to_owned(), counted(address))).is_err())?;
        Sites::spend(self.sites.sign_ins.as_ref(), site(address).map(|site| (pool_id.to_owned(), site)))
    }

    /// Forgets the counters that are quiet, so that memory stays bounded.
    pub fn forget_quiet(&self) {
        self.sites.forget_quiet();
        for limiter in [&self.reads, &self.writes].into_iter().flatten() {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.forms {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.sign_ins {
            limiter.retain_recent();
        }
    }
}

fn refuse(over: bool) -> Result<()> {
    if over {
        return Err(Error::TooManyRequests("Rate exceeded; try again in a second.".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn an_ipv6_site_has_the_budgets_of_eight_of_its_networks() {
        let mut config = Settings::parse_from([""]).config;
        config.address_requests_per_second = 2;
        config.address_forms_per_minute = 2;
        config.address_sign_ins_per_minute = 2;
        let budgets = Budgets::new(&config);
        let spends: [&dyn Fn(IpAddr) -> bool; 3] = [
            &|address| budgets.spend_address(address).is_ok(),
            &|address| budgets.spend_form(address, "eu_a").is_ok(),
            &|address| budgets.spend_sign_in("eu_a", address).is_ok(),
        ];
        for spend in spends {
            let allowed = (0..200).filter(|n| spend(format!("2001:db8:1:{n:x}::1").parse().unwrap())).count();
            assert!((16..100).contains(&allowed), "{allowed} for 200 networks of a site");
            assert!(spend("2001:db8:2::1".parse().unwrap()), "another's site");
            assert!((0..64).all(|n| spend(format!("203.0.113.{n}").parse().unwrap())), "IPv4 has none");
        }
    }
}
