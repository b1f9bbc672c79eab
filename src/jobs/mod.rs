//! Background jobs. Each job is safe to run twice, and works in small batches. A job in which two replicas would
//! obstruct each other runs on one replica at a time.

pub mod delete_clients;
pub mod delete_pools;
pub mod deliver;
pub mod import_users;
pub(crate) mod measure_clock;
mod places;
pub mod remove_expired;
pub mod trim_sessions;
pub(crate) mod watch_database;
pub mod write_auth_events;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::app::App;

/// The pause between two runs of a job that runs each minute.
const MINUTE: Duration = Duration::from_secs(60);
/// The pause before a job that panicked is run again.
const AGAIN: Duration = Duration::from_secs(1);

/// Runs all jobs until the task is dropped. Each job is a task of its own, so that a busy job does not delay the
/// others, and a panic of one does not end the others.
pub async fn run(app: Arc<App>) {
    tokio::join!(
        keep("forget_quiet", &app, forget_quiet),
        keep("remove_expired", &app, remove_expired::keep_at_it),
        keep("measure_clock", &app, measure_clock::run),
        keep("watch_database", &app, watch_database::run),
        keep("deliver", &app, deliver::run),
        keep("import_users", &app, import_users::run),
        keep("write_auth_events", &app, write_auth_events::run),
        keep("delete_pools", &app, delete_pools::run),
        keep("delete_clients", &app, delete_clients::run),
        keep("trim_sessions", &app, trim_sessions::run),
    );
}

/// Runs a job as a task, and runs it again after a panic. If this future is dropped, the task is aborted.
async fn keep<Fut: Future<Output = ()> + Send + 'static>(name: &str, app: &Arc<App>, job: fn(Arc<App>) -> Fut) {
    loop {
        let mut task = JoinSet::new();
        task.spawn(job(app.clone()));
        match task.join_next().await {
            Some(Err(cause)) if cause.is_panic() => {
                app.metrics.panicked();
                tracing::error!(job = name, "a job panicked; the panic message is in the log, and the job begins anew");
                tokio::time::sleep(AGAIN).await;
            }
            // The job has nothing to do on this replica, or the runtime is shutting down.
            _ => return,
        }
    }
}

/// Removes the counters of addresses and users that have made no requests lately, and closes database connections that
/// have long been unused.
async fn forget_quiet(app: Arc<App>) {
    loop {
        tokio::time::sleep(MINUTE).await;
        app.acl.forget_quiet();
        app.budgets.forget_quiet();
        app.db.close_unused();
    }
}
