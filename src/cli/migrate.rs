//! `keystead migrate`: brings the database's schema up to date and exits. With `--finish` or `--take-back`, it also says
//! whether replicas of the previous release still run.

use clap::Args;

use super::setup;
use crate::{config::Config, store::upgrade_steps::UpgradeStep};

#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    pub step: Step,
    #[command(flatten)]
    pub config: Box<Config>,
}

#[derive(Args)]
pub struct Step {
    /// Finish the upgrade from the previous release: use what only this release understands. Do this when no replica of
    /// the previous release runs any more.
    #[arg(long, conflicts_with = "take_back")]
    finish: bool,
    /// Take --finish back, before a replica of the previous release is started again. Wait two minutes for the replicas
    /// to notice, and then as long as a sign-in may take (AuthSessionValidity, 15 minutes at most).
    #[arg(long)]
    take_back: bool,
}

pub async fn run(step: Step, config: Config) -> Result<(), String> {
    let step = match (step.finish, step.take_back) {
        (true, _) => Some((UpgradeStep::SealedStates, true)),
        (_, true) => Some((UpgradeStep::SealedStates, false)),
        _ => None,
    };
    setup::migrate(&config, step).await?;
    println!("the database is up to date");
    match step {
        Some((_, true)) => println!("the upgrade is finished: replicas notice within a minute"),
        Some((_, false)) => println!(
            "replicas notice within a minute; wait as long as a sign-in may take before you start the previous release"
        ),
        None => {}
    }
    Ok(())
}
