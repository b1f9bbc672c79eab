//! Deliberate faults, which only builds with the feature `broken` have. They show that the fault test detects such
//! faults.

use std::time::Duration;

/// Whether this fault is switched on.
pub fn is(what: &str) -> bool {
    std::env::var("KEYSTEAD_BROKEN").is_ok_and(|asked| asked == what)
}

/// Waits, so that concurrent requests have time to observe the fault.
pub async fn dawdle() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}
