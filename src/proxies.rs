//! Detects a proxy in front of the server that is not in `trusted-proxies`. All clients behind such a proxy count as
//! one address, the proxy's, and share the limits of one address.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Requests are counted in windows of this length, and a proxy is reported at most once in a window.
const WINDOW: Duration = Duration::from_secs(60);
/// With fewer requests than this in a window, no proxy is reported.
const ENOUGH: u64 = 100;

/// What is known about the peers that requests came from.
#[derive(Default)]
pub struct Proxies(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    since: Option<Instant>,
    requests: u64,
    /// The candidate of Boyer and Moore's majority vote, and its lead over all other requests. If a single peer sends
    /// more than half of the requests and names clients in them, it is the candidate. No other peer needs to be
    /// remembered.
    ahead: Option<(IpAddr, u64)>,
    /// Whether a proxy was reported in this window. `said_before` is the same for the previous window.
    said: bool,
    said_before: bool,
}

impl Seen {
    /// Returns the peer that sends nearly all requests and names clients in them, if there is one and there are enough
    /// requests. A peer with at least 95 % of the requests is always found, and a peer with less than 90 % never is.
    fn suspect(&self) -> Option<IpAddr> {
        let (peer, ahead) = self.ahead?;
        (self.requests >= ENOUGH && ahead * 10 >= self.requests * 9).then_some(peer)
    }

    fn turn(&mut self, now: Instant) {
        let Some(since) = self.since else {
            self.since = Some(now);
            return;
        };
        let past = now.saturating_duration_since(since);
        if past >= WINDOW {
            *self = Self { since: Some(now), said_before: self.said && past < 2 * WINDOW, ..Self::default() };
        }
    }
}

impl Proxies {
    /// Records a request of a peer. `unheard` means that the peer names a client in the configured header, but is not a
    /// trusted proxy. If nearly all requests are of this kind and come from one peer, returns that peer, but only once
    /// in each window.
    pub fn saw(&self, peer: IpAddr, unheard: bool, now: Instant) -> Option<IpAddr> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.turn(now);
        seen.requests += 1;
        seen.ahead = match seen.ahead {
            Some((suspect, ahead)) if unheard && suspect == peer => Some((suspect, ahead + 1)),
            Some((suspect, ahead)) if ahead > 1 => Some((suspect, ahead - 1)),
            Some(_) => None,
            None => unheard.then_some((peer, 1)),
        };
        let suspect = seen.suspect().filter(|_| !seen.said)?;
        seen.said = true;
        Some(suspect)
    }

    /// Whether an untrusted proxy was reported in this window or the previous one.
    pub fn is_one_unheard(&self, now: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.turn(now);
        seen.said || seen.said_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn a_proxy_is_said_once_a_minute_and_forgotten_after_it_is_trusted() {
        let (proxies, start) = (Proxies::default(), Instant::now());
        let said: Vec<_> = (0..300_u16)
            .filter_map(|n| {
                let direct = n % 30 == 0;
                proxies.saw(if direct { peer(200) } else { peer(1) }, !direct, start)
            })
            .collect();
        assert_eq!(said, [peer(1)]);
        assert!(proxies.is_one_unheard(start + Duration::from_secs(70)));
        let later = start + Duration::from_secs(150);
        assert!((0..300).all(|_| proxies.saw(peer(1), false, later).is_none()));
        assert!(!proxies.is_one_unheard(later));
    }

    #[test]
    fn many_peers_or_few_requests_are_no_proxy() {
        let (many, few, start) = (Proxies::default(), Proxies::default(), Instant::now());
        assert!((0..1_000_u16).all(|n| many.saw(peer((n % 7) as u8), true, start).is_none()));
        assert!((0..99).all(|_| few.saw(peer(1), true, start).is_none()));
        let half = Proxies::default();
        assert!((0..1_000).all(|n| half.saw(peer(1), n % 3 > 0, start).is_none()));
    }
}
