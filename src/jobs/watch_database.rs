//! Looks at the database each second, so that a database that fell silent is noticed even when no idle connection is
//! left to test: see [`crate::store::connections`].

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks until the task is dropped. Logs each change once.
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
