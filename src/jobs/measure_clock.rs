//! Measures what time it is at the database, each minute. Its time is every replica's, so a computer's clock that is wrong
//! is corrected; it is said, because its owner should set it.

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// Between two measurements.
const EVERY: Duration = Duration::from_secs(60);
/// After a failed one.
const AGAIN: Duration = Duration::from_secs(2);
/// A difference that is worth a line, seconds.
const NOTABLE: f64 = 5.0;

/// Measures until the task is dropped.
pub async fn run(app: Arc<App>) {
    let mut told = false;
    loop {
        match app.measure_clock().await {
            Ok(ahead) => {
                let notable = ahead.abs() > NOTABLE;
                if notable && !told {
                    tracing::warn!(
                        ahead_seconds = ahead.round(),
                        "this computer's clock differs from the database's, whose time counts; set it by NTP"
                    );
                }
                told = notable;
                tokio::time::sleep(EVERY).await;
            }
            Err(cause) => {
                tracing::warn!(%cause, "could not measure the database's time; will try again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
