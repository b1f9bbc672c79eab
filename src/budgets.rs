//! Request budgets per user and per address, answered with `TooManyRequestsException`. Counted per replica.

use std::{net::IpAddr, num::NonZeroU32};

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
}

impl Budgets {
    /// Fresh counters for these settings.
    pub fn new(config: &Config) -> Self {
        Self {
            reads: NonZeroU32::new(config.user_reads_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            writes: NonZeroU32::new(config.user_writes_per_second).map(|n| RateLimiter::keyed(Quota::per_second(n))),
            addresses: NonZeroU32::new(config.address_requests_per_second)
                .map(|n| RateLimiter::keyed(Quota::per_second(n))),
        }
    }

    /// Takes one request from a signed-in user's budget.
    pub fn spend_user(&self, sub: Uuid, kind: Kind) -> Result<()> {
        let limiter = match kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
        };
        refuse(limiter.as_ref().is_some_and(|limiter| limiter.check_key(&sub).is_err()))
    }

    /// Takes one request from an address's budget.
    pub fn spend_address(&self, address: IpAddr) -> Result<()> {
        refuse(self.addresses.as_ref().is_some_and(|limiter| limiter.check_key(&address).is_err()))
    }

    /// Forgets the counters that are quiet, so that memory stays bounded.
    pub fn forget_quiet(&self) {
        for limiter in [&self.reads, &self.writes].into_iter().flatten() {
            limiter.retain_recent();
        }
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
    }
}

fn refuse(over: bool) -> Result<()> {
    if over {
        return Err(Error::TooManyRequests("Rate exceeded; try again in a second.".into()));
    }
    Ok(())
}
