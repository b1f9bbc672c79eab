//! Steps of upgrades that are taken when no replica of the release before runs any more (`keystead migrate --finish`).

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use strum::IntoStaticStr;

use super::Connections;

/// A step of an upgrade.
#[derive(Clone, Copy, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum UpgradeStep {
    /// The states of sign-ins are sealed in `Session` strings, instead of being rows.
    SealedStates,
}

/// Whether a step is finished.
pub async fn is_finished(db: &Connections, step: UpgradeStep) -> sqlx::Result<bool> {
    let name: &str = step.into();
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM upgrade_steps WHERE name = $1) AS "finished!""#, name)
        .fetch_one(db)
        .await
}

/// Notes that a step is finished, or takes it back before replicas of the release before are started again.
pub async fn set(options: &PgConnectOptions, step: UpgradeStep, finished: bool) -> sqlx::Result<()> {
    let name: &str = step.into();
    let mut db = PgConnection::connect_with(options).await?;
    let query = match finished {
        true => sqlx::query!("INSERT INTO upgrade_steps (name) VALUES ($1) ON CONFLICT DO NOTHING", name),
        false => sqlx::query!("DELETE FROM upgrade_steps WHERE name = $1", name),
    };
    query.execute(&mut db).await?;
    db.close().await
}
