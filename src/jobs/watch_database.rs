//! Checks the database each second. So a database that stops responding is noticed even if there is no idle connection
//! whose test would fail: see [`crate::store::connections`].

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// The pause between two checks.
const EVERY: Duration = Duration::from_secs(1);

/// Checks the database until the task is dropped. Logs each change of the result once.
pub async fn run(app: Arc<App>) {
    let mut last = None;
    loop {
        let found = app.readiness.why_not(&app.probe_db).await;
        match found {
            _ if found == last => {}
            Some(why) => tracing::warn!(why, "not ready"),
            None => tracing::info!("ready again"),
        }
        last = found;
        tokio::time::sleep(EVERY).await;
    }
}
