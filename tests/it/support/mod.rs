//! What the tests share: the server under test, callers, and the browser's half of a ceremony.

mod answer;
mod cluster;
pub mod functions;
mod person;
mod seeds;
mod server;
mod shapes;
pub mod srp_client;

pub use answer::Answer;
pub use cluster::{database, scratch_directory};
pub use person::{ORIGIN, Person};
pub use server::{
    PASSWORD, TestServer, client, config, fill_own, make_pool, pool, pool_with, second_client, signed_headers,
};

use std::future::Future;

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
