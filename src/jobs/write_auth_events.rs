//! Writes the users' authentication events to the database.

use std::sync::Arc;

use crate::{app::App, flows::accounts::auth_events};

/// Writes the events in the queue, until the task is dropped.
pub async fn run(app: Arc<App>) {
    while let Some(noted) = app.auth_events.next().await {
        let pool = noted.pool_id.clone();
        if let Err(cause) = auth_events::write(&app, noted).await {
            tracing::warn!(%cause, pool, "what a user did was not noted");
        }
    }
}
