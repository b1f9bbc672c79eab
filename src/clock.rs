//! The clocks. Code that needs the time gets a clock or the time from its caller. Only this file and `webhooks.rs` ask
//! the system for the time of day. `webhooks.rs` does so because the receivers of its requests compare the timestamp
//! with their own clocks.
//!
//! Every replica uses the database's time, as measured by [`DatabaseClock`]. Otherwise a machine with a wrong clock
//! would end sessions that other replicas opened, lock usernames for weeks, and sign tokens that are valid for too
//! long.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

/// Tells the time. Code that needs the current time calls a clock or gets the time as an argument.
pub trait Clock: Send + Sync {
    /// Returns the current time in UTC, in whole microseconds (the precision of PostgreSQL).
    fn now(&self) -> OffsetDateTime;

    /// Returns by how much a test has moved this clock forward.
    fn shift(&self) -> Duration {
        Duration::ZERO
    }
}

/// The computer's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> OffsetDateTime {
        whole_micros(OffsetDateTime::now_utc())
    }
}

/// The computer's clock, which tests of expiry move forward.
#[derive(Default)]
pub struct MovableClock {
    ahead_seconds: AtomicI64,
    /// By how many seconds the simulated computer's clock is ahead of the real one. This is added to `ahead_seconds`.
    wrong_seconds: i64,
}

impl MovableClock {
    /// Simulates the clock of a computer that is ahead of the real one by this much.
    pub fn wrong_by(by: Duration) -> Self {
        Self { ahead_seconds: AtomicI64::default(), wrong_seconds: by.whole_seconds() }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_seconds.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::seconds(self.wrong_seconds) + self.shift()
    }

    fn shift(&self) -> Duration {
        Duration::seconds(self.ahead_seconds.load(Ordering::SeqCst))
    }
}

/// The database's time: the last measurement plus the time that has passed since then. It does not change when the
/// computer's clock is set. Until the first measurement, it is the computer's time.
pub struct DatabaseClock {
    computer: Arc<dyn Clock>,
    measured: RwLock<Option<Measured>>,
}

#[derive(Clone, Copy)]
struct Measured {
    time: OffsetDateTime,
    at: Uptime,
}

impl DatabaseClock {
    /// Makes a clock that has no measurement yet.
    pub fn new(computer: Arc<dyn Clock>) -> Self {
        Self { computer, measured: RwLock::default() }
    }

    /// Stores the `time` that the database reported at some moment between `asked` and `answered`. Returns how far the
    /// computer's clock is ahead of the database's.
    pub fn measure(&self, asked: Uptime, time: OffsetDateTime, answered: Uptime) -> Duration {
        let wrong = self.computer.now() - self.computer.shift() - time - (answered.since(asked) / 2);
        let at = asked.plus(answered.since(asked) / 2);
        *self.measured.write().unwrap_or_else(PoisonError::into_inner) = Some(Measured { time, at });
        wrong
    }

    /// Returns how long ago the database's time was last measured; `None` if it was never measured.
    pub fn age(&self) -> Option<Duration> {
        let measured = *self.measured.read().unwrap_or_else(PoisonError::into_inner);
        measured.map(|measured| Uptime::now().since(measured.at))
    }

    /// The current time in UTC, in whole microseconds.
    pub fn now(&self) -> OffsetDateTime {
        let measured = *self.measured.read().unwrap_or_else(PoisonError::into_inner);
        let Some(Measured { time, at }) = measured else { return self.computer.now() };
        whole_micros(time + Uptime::now().since(at) + self.computer.shift())
    }
}

/// A moment, counted from the start of the computer (outside of Linux, from the first use). The clock behind it cannot
/// be set. On Linux, it keeps counting while the computer sleeps.
#[derive(Clone, Copy, Debug)]
pub struct Uptime(Duration);

impl Uptime {
    /// This moment.
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Self(Duration::new(time.tv_sec, i32::try_from(time.tv_nsec).unwrap_or(0)))
    }

    /// This moment.
    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        static STARTED: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        Self(STARTED.elapsed().try_into().unwrap_or(Duration::MAX))
    }

    /// Returns the time that has passed since an earlier moment.
    pub fn since(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }

    fn plus(self, more: Duration) -> Self {
        Self(self.0 + more)
    }
}

fn whole_micros(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(time.nanosecond() / 1000 * 1000).expect("smaller than a second")
}

/// Returns seconds since the epoch with three decimals, the form of timestamps in the API (docs/cognito.md 1.1).
pub fn epoch_seconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000_000) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_s_time_counts_however_wrong_the_computer_is_and_what_tests_add_is_added() {
        let computer = Arc::new(MovableClock::wrong_by(Duration::days(40)));
        let clock = DatabaseClock::new(computer.clone());
        assert!(clock.age().is_none() && clock.now() > SystemClock.now() + Duration::days(39));
        let (asked, time) = (Uptime::now(), SystemClock.now());
        let wrong = clock.measure(asked, time, Uptime::now());
        assert!((wrong - Duration::days(40)).abs() < Duration::seconds(5), "{wrong}");
        assert!((clock.now() - SystemClock.now()).abs() < Duration::seconds(5));
        computer.advance(Duration::hours(1));
        assert!((clock.now() - SystemClock.now() - Duration::hours(1)).abs() < Duration::seconds(5));
        // The hour by which the test moved the clock does not count as an error of the computer's clock.
        let wrong = clock.measure(Uptime::now(), SystemClock.now(), Uptime::now());
        assert!((wrong - Duration::days(40)).abs() < Duration::seconds(5), "{wrong}");
    }
}
