//! Deliberate faults, only in builds with the feature `broken`: they show that the fault test catches them.

use std::time::Duration;

/// Whether this fault is switched on.
pub fn is(what: &str) -> bool {
    std::env::var("KEYSTEAD_BROKEN").is_ok_and(|asked| asked == what)
}

/// Waits, so that others have time to notice the fault.
pub async fn dawdle() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}
