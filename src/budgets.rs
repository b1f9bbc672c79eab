//! Request budgets per user and per address, counted per replica. Requests beyond a budget are answered with
//! `TooManyRequestsException`.

use std::{
    collections::HashSet,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use uuid::Uuid;

use crate::{
    config::Config,
    error::{Error, Result},
};

/// Whether a request reads or writes. Reads and writes have separate budgets per user (docs/cognito.md 4.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Operations that only read, such as GetUser and lists. Visits of a signed-in browser to the pages, and requests
    /// to userInfo, count as reads, too.
    Read,
    /// All other operations.
    Write,
}

/// The counters. A budget of 0 in the configuration means no limit.
pub struct Budgets {
    reads: Option<DefaultKeyedRateLimiter<Uuid>>,
    writes: Option<DefaultKeyedRateLimiter<Uuid>>,
    addresses: Option<ByAddress<IpAddr>>,
    forms: Option<ByAddress<(IpAddr, String)>>,
    sign_ins: Option<ByAddress<(IpAddr, String)>>,
    sign_ups: Option<ByAddress<(IpAddr, String)>>,
    /// Sessions that are known to have ended. Each has a budget of its own for its tokens, so that a thief with a
    /// revoked token does not use up the user's budget.
    ended_sessions: RwLock<HashSet<Uuid>>,
}

/// The most ended sessions that are remembered. Before a further one is added, all are forgotten. Each is recorded
/// again when one of its tokens is used.
const ENDED_SESSIONS_LIMIT: usize = 10_000;

/// Returns the network that is counted as one address. In IPv6 it is the /64, because one customer has all addresses of
/// a /64. In IPv4 it is the address itself.
pub fn counted(address: IpAddr) -> IpAddr {
    network(address, 32, 64)
}

/// Returns a larger network than [`counted`] does: a site's /48 in IPv6, the /16 in IPv4. While there are too many
/// counters, the larger network is counted instead. A site is also counted at other times, in addition to its
/// networks.
fn counted_coarsely(address: IpAddr) -> IpAddr {
    network(address, 16, 48)
}

/// Returns the network that counts as one customer of a provider. In IPv6 it is the /56, which contains 256 networks of
/// size /64.
pub fn customer(address: IpAddr) -> IpAddr {
    network(address, 32, 56)
}

/// Returns the network that an address is in. Its prefix has `v4` bits in IPv4 and `v6` bits in IPv6.
fn network(address: IpAddr, v4: u8, v6: u8) -> IpAddr {
    let bits = if address.is_ipv4() { v4 } else { v6 };
    IpNet::new(address, bits).map_or(address, |whole| whole.network())
}

/// Counters by address. While there are too many of them, larger networks are counted instead.
///
/// This saves memory: a stranger can use every address of a large network, and each would need a counter until quiet
/// counters are forgotten.
struct ByAddress<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    /// Counters of whole IPv6 sites (/48), in addition to those of their networks (/64), because one customer may have
    /// all 65 536 networks of a site.
    sites: DefaultKeyedRateLimiter<K>,
    /// When there are more counters than this, those without recent requests are forgotten.
    sweep_above: AtomicUsize,
}

/// The budget of a site, as a multiple of the budget of a single network.
const SITE_BUDGETS: u32 = 8;

/// The number of counters above which larger networks are counted.
const ADDRESSES_LIMIT: usize = 200_000;

impl<K: Hash + Eq + Clone> ByAddress<K> {
    /// Returns `None` if `most` is 0, which means no limit.
    fn new(most: u32, quota: fn(NonZeroU32) -> Quota) -> Option<Self> {
        let limiter = RateLimiter::keyed(quota(NonZeroU32::new(most)?));
        let sites = RateLimiter::keyed(quota(NonZeroU32::new(most.saturating_mul(SITE_BUDGETS))?));
        Some(Self { limiter, sites, sweep_above: AtomicUsize::new(ADDRESSES_LIMIT) })
    }

    fn is_over(&self, address: IpAddr, key: impl Fn(IpAddr) -> K) -> bool {
        if self.limiter.len() > self.sweep_above.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            // A sweep visits every counter. So if it has removed only a few, the next sweep waits until there are many
            // more.
            let next = ADDRESSES_LIMIT.max(self.limiter.len() + ADDRESSES_LIMIT / 10);
            self.sweep_above.store(next, Ordering::Relaxed);
        }
        let crowded = self.limiter.len() > ADDRESSES_LIMIT;
        let network = if crowded { counted_coarsely(address) } else { counted(address) };
        // Only requests within a network's own budget count for its site, so that one network cannot use up the budget
        // of the whole site.
        self.limiter.check_key(&key(network)).is_err()
            || address.is_ipv6() && self.sites.check_key(&key(counted_coarsely(address))).is_err()
    }

    fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.sites.retain_recent();
        self.sweep_above.store(ADDRESSES_LIMIT, Ordering::Relaxed);
    }
}

impl Budgets {
    /// Creates counters for these settings.
    pub fn new(config: &Config) -> Self {
        Self {
            reads: NonZeroU32::new(config.user_reads_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            writes: NonZeroU32::new(config.user_writes_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            addresses: ByAddress::new(config.address_requests_per_second, Quota::per_second),
            forms: ByAddress::new(config.address_forms_per_minute, Quota::per_minute),
            sign_ins: ByAddress::new(config.address_sign_ins_per_minute, Quota::per_minute),
            sign_ups: ByAddress::new(config.address_sign_ups_per_minute, Quota::per_minute),
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
        refuse(self.addresses.as_ref().is_some_and(|counters| counters.is_over(address, |network| network)))
    }

    /// Takes one submitted form from an address's budget at the pages of a pool.
    pub fn spend_form(&self, address: IpAddr, pool_id: &str) -> Result<()> {
        refuse(is_over_at(self.forms.as_ref(), pool_id, address))
    }

    /// Takes one sign-in from an address's budget at a user pool. Sign-ins are limited because most of them store a
    /// challenge, whether or not the user exists. Requests from this machine are not counted, because they come from a
    /// proxy or a server, not from one person.
    pub fn spend_sign_in(&self, pool_id: &str, address: IpAddr) -> Result<()> {
        refuse(!address.is_loopback() && is_over_at(self.sign_ins.as_ref(), pool_id, address))
    }

    /// Takes one sign-up from an address's budget at a user pool. Sign-ups are limited because they create users and
    /// send messages. Requests from this machine are not counted, as in [`Self::spend_sign_in`].
    pub fn spend_sign_up(&self, pool_id: &str, address: IpAddr) -> Result<()> {
        refuse(!address.is_loopback() && is_over_at(self.sign_ups.as_ref(), pool_id, address))
    }

    /// Forgets the counters without recent requests, so that memory stays bounded.
    pub fn forget_quiet(&self) {
        for limiter in [&self.reads, &self.writes].into_iter().flatten() {
            limiter.retain_recent();
        }
        if let Some(counters) = &self.addresses {
            counters.forget_quiet();
        }
        for counters in [&self.forms, &self.sign_ins, &self.sign_ups].into_iter().flatten() {
            counters.forget_quiet();
        }
    }
}

fn is_over_at(counters: Option<&ByAddress<(IpAddr, String)>>, pool_id: &str, address: IpAddr) -> bool {
    counters.is_some_and(|counters| counters.is_over(address, |network| (network, pool_id.to_owned())))
}

fn refuse(over: bool) -> Result<()> {
    if over {
        return Err(Error::TooManyRequests("Rate exceeded; try again in a second.".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_site_has_the_budgets_of_eight_of_its_networks() {
        let mut config = Config::of([""; 0]);
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
            for _ in 0..100 {
                spend("2001:db8:3:1::1".parse().unwrap());
            }
            assert!(spend("2001:db8:3:2::1".parse().unwrap()), "a neighbour's network");
            assert!((0..64).all(|n| spend(format!("203.0.113.{n}").parse().unwrap())), "IPv4 has none");
        }
    }
}
