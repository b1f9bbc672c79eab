//! `keystead run-job`: runs a background job once, by hand.

use clap::{Args, ValueEnum};

use super::setup::{self, SettingsFile};
use crate::{config::Config, jobs};

#[derive(Args)]
pub struct RunJob {
    /// Which one.
    #[arg(value_enum)]
    job: Job,
    #[command(flatten)]
    config: Box<Config>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Job {
    /// Remove what is not needed any more: see docs/retention.md.
    RemoveExpired,
    /// Remove what belongs to deleted user pools.
    DeletePools,
    /// Remove the sessions of deleted app clients.
    DeleteClients,
    /// End the sessions of users who have too many, the oldest first.
    TrimSessions,
}

pub async fn run(command: RunJob, file: &SettingsFile) -> Result<(), String> {
    let parts = setup::assemble(file.complete(*command.config)?).await?;
    match command.job {
        Job::RemoveExpired => {
            let rows = jobs::remove_expired::run(&parts.app).await.map_err(|cause| cause.to_string())?;
            println!("removed {rows} rows");
        }
        Job::DeletePools => {
            let rows = jobs::delete_pools::once(&parts.app).await.map_err(|cause| cause.to_string())?;
            println!("removed {rows} rows");
        }
        Job::DeleteClients => {
            let sessions = jobs::delete_clients::once(&parts.app).await.map_err(|cause| cause.to_string())?;
            println!("removed {sessions} sessions");
        }
        Job::TrimSessions => {
            let sessions = jobs::trim_sessions::once(&parts.app).await.map_err(|cause| cause.to_string())?;
            println!("removed {sessions} sessions");
        }
    }
    parts.stop().await
}
