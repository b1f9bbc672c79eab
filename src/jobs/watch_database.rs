//! Looks at the database each second, so that one that fell silent is found out when nobody has an idle connection left to
//! test: see [`crate::store::connections`].

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks until the task is dropped. What changes is said once.
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
