//! The time, injected. Only the code in this file asks the system for it.
//!
//! Every replica goes by the database's time, as measured by [`DatabaseClock`]. Otherwise a machine with a wrong clock
//! would end the sessions of all replicas, lock names for weeks, and sign tokens that live too long.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

/// Tells the time. Everything that needs it gets it from here or as an argument.
pub trait Clock: Send + Sync {
    /// The current time in UTC, in whole microseconds (what PostgreSQL keeps).
    fn now(&self) -> OffsetDateTime;

    /// By how much this clock was moved on purpose.
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

/// The computer's clock, moved forward by hand, for tests of expiry.
#[derive(Default)]
pub struct MovableClock {
    ahead_seconds: AtomicI64,
    /// By how many seconds the computer's clock is wrong, in addition.
    wrong_seconds: i64,
}

impl MovableClock {
    /// The clock of a computer that is ahead by so much.
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

/// The database's time: the last measurement plus the time that has passed since, however the computer's clock is set
/// meanwhile. Until the first measurement, it is the computer's time.
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
    /// A clock that has not been measured yet.
    pub fn new(computer: Arc<dyn Clock>) -> Self {
        Self { computer, measured: RwLock::default() }
    }

    /// Adopts the time that the database told between two moments. Returns how far ahead of it the computer's clock is.
    pub fn measure(&self, asked: Uptime, time: OffsetDateTime, answered: Uptime) -> Duration {
        let wrong = self.computer.now() - self.computer.shift() - time - (answered.since(asked) / 2);
        let at = asked.plus(answered.since(asked) / 2);
        *self.measured.write().unwrap_or_else(PoisonError::into_inner) = Some(Measured { time, at });
        wrong
    }

    /// How long ago the time was last measured; `None` if never.
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

/// A moment, counted from the start of the computer (outside of Linux, from the first use). Nobody can set this clock.
/// Where the system supports it, it goes on while the computer sleeps.
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

    /// The time since an earlier moment.
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

/// Seconds since the epoch, with milliseconds as the fraction: how the API writes a timestamp (docs/cognito.md 1.1).
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
        // What was added on purpose is not the computer's fault.
        let wrong = clock.measure(Uptime::now(), SystemClock.now(), Uptime::now());
        assert!((wrong - Duration::days(40)).abs() < Duration::seconds(5), "{wrong}");
    }
}
