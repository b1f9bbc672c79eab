//! Background jobs. Each job is safe to run twice, and works in small batches. A job in which two replicas would
//! obstruct each other runs on one replica at a time.

pub mod delete_clients;
pub mod delete_pools;
pub(crate) mod deliver;
pub(crate) mod deliver_logs;
pub(crate) mod import_users;
pub(crate) mod measure_clock;
mod places;
pub mod remove_expired;
pub mod signing_keys;
pub mod trim_sessions;
pub(crate) mod watch_database;
pub(crate) mod write_auth_events;

use std::{sync::Arc, time::Duration};

use clap::ValueEnum;
use futures_util::future::join_all;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};
use tokio::task::JoinSet;

use crate::{
    app::App,
    error::{Error, Result},
};

/// The pause between two runs of a job that runs each minute.
const MINUTE: Duration = Duration::from_secs(60);
/// The pause before a job that panicked is run again.
const AGAIN: Duration = Duration::from_secs(1);

/// The background jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr, ValueEnum)]
#[strum(serialize_all = "snake_case")]
pub enum Job {
    /// Remove data that has expired or is no longer needed (see docs/retention.md).
    RemoveExpired,
    /// Remove the data of deleted user pools.
    DeletePools,
    /// Remove the sessions of deleted app clients.
    DeleteClients,
    /// End the oldest sessions of users who have too many.
    TrimSessions,
    /// Let the next signing keys of user pools sign when their time has come, and remove retired keys.
    SigningKeys,
    #[value(skip)]
    Deliver,
    #[value(skip)]
    DeliverLogs,
    #[value(skip)]
    ForgetQuiet,
    #[value(skip)]
    ImportUsers,
    #[value(skip)]
    MeasureClock,
    #[value(skip)]
    WatchDatabase,
    #[value(skip)]
    WriteAuthEvents,
}

impl Job {
    /// Works until the task is dropped.
    async fn run(self, app: Arc<App>) {
        match self {
            Self::RemoveExpired => remove_expired::run(app).await,
            Self::DeletePools => delete_pools::run(app).await,
            Self::DeleteClients => delete_clients::run(app).await,
            Self::TrimSessions => trim_sessions::run(app).await,
            Self::SigningKeys => signing_keys::run(app).await,
            Self::Deliver => deliver::run(app).await,
            Self::DeliverLogs => deliver_logs::run(app).await,
            Self::ForgetQuiet => forget_quiet(app).await,
            Self::ImportUsers => import_users::run(app).await,
            Self::MeasureClock => measure_clock::run(app).await,
            Self::WatchDatabase => watch_database::run(app).await,
            Self::WriteAuthEvents => write_auth_events::run(app).await,
        }
    }

    /// Works once, as `keystead run-job` does. Returns how many rows were removed and what they are. Fails for a job
    /// that only makes sense in a running server.
    pub async fn once(self, app: &App) -> Result<(u64, &'static str)> {
        Ok(match self {
            Self::RemoveExpired => (remove_expired::once(app).await?, "rows"),
            Self::DeletePools => (delete_pools::once(app).await?, "rows"),
            Self::DeleteClients => (delete_clients::once(app).await?, "sessions"),
            Self::TrimSessions => (trim_sessions::once(app).await?, "sessions"),
            Self::SigningKeys => (signing_keys::once(app).await?, "keys"),
            Self::Deliver
            | Self::DeliverLogs
            | Self::ForgetQuiet
            | Self::ImportUsers
            | Self::MeasureClock
            | Self::WatchDatabase
            | Self::WriteAuthEvents => return Err(Error::internal("this job works beside a server only")),
        })
    }
}

/// Runs all jobs until the future is dropped.
pub async fn run_all(app: Arc<App>) {
    run(&app, Job::iter()).await;
}

/// Runs these jobs until the future is dropped. Each job is a task of its own, so that a busy job does not delay the
/// others, and a panic of one does not end the others.
pub async fn run(app: &Arc<App>, jobs: impl IntoIterator<Item = Job>) {
    join_all(jobs.into_iter().map(|job| keep(job, app))).await;
}

/// Runs a job as a task, and runs it again after a panic. If this future is dropped, the task is aborted.
async fn keep(job: Job, app: &Arc<App>) {
    let name: &str = job.into();
    loop {
        let mut task = JoinSet::new();
        task.spawn(job.run(app.clone()));
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
