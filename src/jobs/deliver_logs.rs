//! Delivers the log records of pools that have a destination for them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    app::App,
    log_delivery::{EventSource, LogRecord, destination},
    store,
};

/// The number of attempts before records are given up.
const ATTEMPTS: u32 = 5;
/// The pause after the first failed attempt. Each further pause is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// Delivers until the task is dropped.
pub async fn run(app: Arc<App>) {
    if !app.log_delivery.is_configured() {
        return;
    }
    loop {
        let records = app.log_delivery.next().await;
        for ((pool, source), records) in by_source(records) {
            match store::pools::log_configurations(&app.job_db, &pool).await {
                Ok(found) => {
                    let configurations = found.unwrap_or_default();
                    let own = configurations.iter().find(|one| one["EventSource"] == source.text());
                    if let Some(destination) = own.and_then(destination) {
                        deliver(&app, &pool, destination, &records).await;
                    }
                }
                Err(cause) => tracing::warn!(%cause, pool, "the destination of log records could not be read"),
            }
        }
    }
}

/// Groups records by pool and event source, in their order.
fn by_source(records: Vec<LogRecord>) -> BTreeMap<(String, EventSource), Vec<Value>> {
    let mut groups: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for LogRecord { pool_id, source, content } in records {
        groups.entry((pool_id, source)).or_default().push(content);
    }
    groups
}

async fn deliver(app: &App, pool: &str, destination: &str, records: &[Value]) {
    for attempt in 0..ATTEMPTS {
        match app.log_delivery.deliver(destination, records).await {
            Ok(()) => return,
            Err(cause) => tracing::warn!(cause, pool, attempt, "log records were not delivered; will try again"),
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
    }
    tracing::error!(pool, records = records.len(), "log records were given up");
}
