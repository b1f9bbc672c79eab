//! Deliberate faults, in builds with the feature `broken` alone: the fault test shows that it catches them.

use std::time::Duration;

/// Whether this fault is asked for.
pub fn is(what: &str) -> bool {
    std::env::var("KEYSTEAD_BROKEN").is_ok_and(|asked| asked == what)
}

/// Time in which others find out.
pub async fn dawdle() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}
