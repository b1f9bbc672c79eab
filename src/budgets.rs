//! Request budgets per user and per address, answered with `TooManyRequestsException`. Counted per replica.

use std::{
    collections::HashSet,
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

/// The address that stands for a customer of a provider, who has an IPv6 network of 56 bits: 256 of 64.
pub fn customer(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 72 << 72).into(),
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
        refuse(self.addresses.as_ref().is_some_and(|limiter| limiter.check_key(&counted(address)).is_err()))
    }

    /// Takes one form of a pool's pages from an address's budget there.
    pub fn spend_form(&self, address: IpAddr, pool_id: &str) -> Result<()> {
        let over =
            |limiter: &DefaultKeyedRateLimiter<_>| limiter.check_key(&(counted(address), pool_id.to_owned())).is_err();
        refuse(self.forms.as_ref().is_some_and(over))
    }

    /// Takes one beginning of a sign-in from an address's budget at a user pool: each leaves a challenge behind, whether or not
    /// somebody has the name. What comes from this machine is a proxy's or a server's, and not one person's.
    pub fn spend_sign_in(&self, pool_id: &str, address: IpAddr) -> Result<()> {
        let Some(limiter) = self.sign_ins.as_ref().filter(|_| !address.is_loopback()) else { return Ok(()) };
        refuse(limiter.check_key(&(pool_id.to_owned(), counted(address))).is_err())
    }

    /// Forgets the counters that are quiet, so that memory stays bounded.
    pub fn forget_quiet(&self) {
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
