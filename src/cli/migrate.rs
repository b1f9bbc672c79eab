//! `keystead migrate`: brings the database's schema up to date and exits.

use super::setup::assemble;
use crate::config::Config;

pub async fn run(config: Config) -> Result<(), String> {
    let parts = assemble(config).await?;
    println!("the database is up to date");
    parts.stop().await
}
