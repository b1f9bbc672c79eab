//! Whether the database is usable. This is asked on a connection of its own, because requests that wait for theirs tell
//! nothing about the database. It is asked a few times a second at most, however many want to know.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{
    Connections,
    connections::is_read_only,
    migrations::{State, state},
};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is used again.
const FRESH: Duration = Duration::from_millis(100);

/// The last answer: when it was found, and why the database was not usable.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<&'static str>)>>);

impl Readiness {
    /// Why the database is not usable; `None` if it is.
    pub async fn why_not(&self, probe: &Connections) -> Option<&'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < FRESH
        {
            return found;
        }
        // A task of its own runs to its end, even if the caller hangs up or has waited long enough.
        let db = probe.clone();
        let asked = tokio::spawn(async move { state(&db).await });
        let found = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok(State::Current | State::Newer(_)))) => None,
            Ok(Ok(Ok(State::Missing))) => Some("migrations are missing: run `keystead migrate`"),
            Ok(Ok(Ok(State::Changed(_)))) => {
                Some("a migration was changed after it had been applied: see `keystead doctor`")
            }
            Ok(Ok(Ok(State::TooNew(_)))) => {
                Some("the database's schema is too new for this build: start a newer release")
            }
            Ok(Ok(Err(cause))) if is_read_only(&cause) => {
                Some("the database is read-only: it is a standby, or told to be")
            }
            Ok(Ok(Err(_)) | Err(_)) => Some("the database cannot be reached"),
            Err(_) => Some("the database does not answer"),
        };
        *last = Some((Instant::now(), found));
        found
    }
}
