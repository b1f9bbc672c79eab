//! Whether the database can be worked with. Asked on a connection of its own, because requests that wait for theirs say nothing
//! about the database, and a few times a second at most, whoever wants to know.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{
    Connections,
    connections::is_read_only,
    migrations::{State, state},
};

/// Longest wait for the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// An answer holds so long.
const FRESH: Duration = Duration::from_millis(100);

/// What was found last: when, and why not.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<&'static str>)>>);

impl Readiness {
    /// Why the database cannot be worked with; `None`: it can.
    pub async fn why_not(&self, probe: &Connections) -> Option<&'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < FRESH
        {
            return found;
        }
        // A task: it is heard to its end, whoever hung up or waited long enough.
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
