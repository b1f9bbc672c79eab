//! The time, injected: the only code that asks the system for it.

use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

/// Tells the time. Everything that needs it gets it from here or as an argument.
pub trait Clock: Send + Sync {
    /// The current time in UTC, in whole microseconds (what PostgreSQL keeps).
    fn now(&self) -> OffsetDateTime;
}

/// The computer's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).expect("smaller than a second")
    }
}

/// The computer's clock, moved forward by hand: for tests of expiry.
#[derive(Default)]
pub struct MovableClock {
    ahead_seconds: AtomicI64,
}

impl MovableClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_seconds.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::seconds(self.ahead_seconds.load(Ordering::SeqCst))
    }
}

/// Seconds since the epoch with the milliseconds as fraction: how the API writes a timestamp (W§1.2).
pub fn epoch_seconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000_000) as f64 / 1000.0
}
