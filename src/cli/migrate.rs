//! `keystead migrate`: brings the database's schema up to date and exits.

use super::setup;
use crate::config::Config;

pub async fn run(config: Config) -> Result<(), String> {
    setup::migrate(&config).await?;
    println!("the database is up to date");
    Ok(())
}
