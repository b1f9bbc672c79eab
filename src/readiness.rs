//! Checks whether the database is usable. The check has its own connection, because a long wait for one of the
//! requests' connections would not mean that the database is at fault. The result is reused for a short time, so that
//! many callers cause few checks.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{
    Connections,
    connections::is_read_only,
    migrations::{State, state},
};

/// How long to wait for the database's response.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a result is reused.
const FRESH: Duration = Duration::from_millis(100);

/// The last result: when it was found, and why the database was not usable (`None` if it was).
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<&'static str>)>>);

impl Readiness {
    /// Returns why the database is not usable; `None` if it is.
    pub async fn why_not(&self, probe: &Connections) -> Option<&'static str> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < FRESH
        {
            return found;
        }
        // The check is a task of its own. So it runs to its end, even if this future is dropped or the time limit is
        // reached.
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
