//! `keystead run-job`: runs a background job once, by hand.

use clap::{Args, ValueEnum};

use super::setup::{self, SettingsFile};
use crate::{config::Config, jobs};

#[derive(Args)]
pub struct RunJob {
    /// The job to run.
    #[arg(value_enum)]
    job: Job,
    #[command(flatten)]
    config: Box<Config>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Job {
    /// Remove data that has expired or is no longer needed (see docs/retention.md).
    RemoveExpired,
    /// Remove the data of deleted user pools.
    DeletePools,
    /// Remove the sessions of deleted app clients.
    DeleteClients,
    /// End the oldest sessions of users who have too many.
    TrimSessions,
}

pub async fn run(command: RunJob, file: &SettingsFile) -> Result<(), String> {
    let parts = setup::assemble(file.complete(*command.config)?).await?;
    let app = &parts.app;
    let (done, what) = match command.job {
        Job::RemoveExpired => (jobs::remove_expired::run(app).await, "rows"),
        Job::DeletePools => (jobs::delete_pools::once(app).await, "rows"),
        Job::DeleteClients => (jobs::delete_clients::once(app).await, "sessions"),
        Job::TrimSessions => (jobs::trim_sessions::once(app).await, "sessions"),
    };
    parts.stop().await?;
    println!("removed {} {what}", done.map_err(|cause| cause.to_string())?);
    Ok(())
}
