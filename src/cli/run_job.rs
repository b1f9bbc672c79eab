//! `keystead run-job`: runs a background job once, by hand.

use clap::Args;

use super::setup::{self, SettingsFile};
use crate::{config::Config, jobs::Job};

#[derive(Args)]
pub struct RunJob {
    /// The job to run.
    #[arg(value_enum)]
    job: Job,
    #[command(flatten)]
    config: Box<Config>,
}

pub async fn run(command: RunJob, file: &SettingsFile) -> Result<(), String> {
    let parts = setup::assemble(file.complete(*command.config)?).await?;
    let done = command.job.once(&parts.app).await;
    parts.stop().await?;
    let (removed, what) = done.map_err(|cause| cause.to_string())?;
    println!("removed {removed} {what}");
    Ok(())
}
