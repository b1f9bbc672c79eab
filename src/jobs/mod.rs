//! What runs by itself. Each job is safe to run twice, works in small batches, and one replica runs it at a time.

pub mod delete_clients;
pub mod delete_pools;
pub mod deliver;
pub mod import_users;
pub mod measure_clock;
mod places;
pub mod remove_expired;
pub mod trim_sessions;
pub mod write_auth_events;

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// Between two runs.
const EVERY: Duration = Duration::from_secs(60);

/// Runs the jobs until the task is dropped. Those with much to do keep nobody else waiting.
pub async fn run(app: Arc<App>) {
    tokio::join!(
        minutely(&app),
        delete_pools::run(app.clone()),
        delete_clients::run(app.clone()),
        trim_sessions::run(app.clone()),
    );
}

async fn minutely(app: &App) {
    loop {
        tokio::time::sleep(EVERY).await;
        app.acl.forget_quiet();
        app.budgets.forget_quiet();
        app.db.close_unused();
        match remove_expired::run(app).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "removed what expired"),
            Err(cause) => tracing::warn!(%cause, "could not remove what expired; will try again"),
        }
    }
}
