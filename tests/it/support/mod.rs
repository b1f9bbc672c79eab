//! What the tests share: the server under test, callers, and the browser's half of a ceremony.

mod answer;
mod browser;
mod cluster;
mod counter;
pub mod functions;
mod inputs;
mod person;
#[expect(dead_code, reason = "the fault checker uses the rest")]
#[path = "../../faults/proxy.rs"]
mod proxy;
mod seeds;
mod server;
mod shapes;
pub mod srp_client;

pub use answer::Answer;
pub use browser::{Browser, Shown};
pub use cluster::{binaries, database, empty_database, scratch_directory};
pub use counter::Counter;
pub use inputs::{claims, initiate, respond};
pub use person::{ORIGIN, Person};
pub use proxy::Proxy;
pub use server::{
    CALLBACK, PASSWORD, TestServer, client, config, fill_own, make_pool, pages_client, pool, pool_with, sealing,
    second_client, signed_headers,
};

use std::future::Future;

/// The `X-Amz-Target` of an operation.
pub fn target(operation: &str) -> String {
    let own = keystead::wire::model().operation(operation).is_some_and(|one| one.is_extension);
    format!("{}.{operation}", if own { "KeysteadService" } else { "AWSCognitoIdentityProviderService" })
}

/// Waits for something that happens by itself, soon; `what` is said where it does not.
pub async fn eventually(what: &str, happened: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if happened().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

/// Runs one future per item, all at the same time, and returns what they gave in order.
pub async fn all<F: Future + Send + 'static>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F::Output: Send,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut out = Vec::new();
    for task in tasks {
        out.push(task.await.expect("no task panics"));
    }
    out
}
