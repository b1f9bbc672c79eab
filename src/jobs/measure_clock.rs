//! Measures the database's time each minute. Every replica uses that time, so a wrong clock of a replica's computer
//! does no harm. A wrong clock is logged, so that the operator can correct it. The same job reads which steps of
//! upgrades are finished.

use std::{sync::Arc, time::Duration};

use crate::app::App;

/// The pause between two measurements.
const EVERY: Duration = Duration::from_secs(60);
/// The pause after a failed measurement.
const AGAIN: Duration = Duration::from_secs(2);
/// A difference of more than this many seconds is logged.
const NOTABLE: f64 = 5.0;

/// Measures until the task is dropped.
pub async fn run(app: Arc<App>) {
    let mut told = false;
    loop {
        match app.consult_database().await {
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
