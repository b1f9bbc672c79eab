//! Removes the sessions of deleted app clients, in batches. Once a client is deleted, its sessions are no longer valid.
//! So their rows do no harm, but there may be many of them.

use std::{sync::Arc, time::Duration};

use crate::{
    app::App,
    store::{self, job_locks::Job},
};

/// How many sessions one transaction examines.
const PAGE: i64 = 2_000;
/// The pause between two searches for deleted clients.
const EVERY: Duration = Duration::from_secs(10);

/// Removes sessions until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        match once(&app).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "removed the sessions of deleted app clients"),
            Err(cause) => tracing::warn!(%cause, "could not remove sessions of deleted app clients; will try again"),
        }
    }
}

/// Removes the sessions of every client that has been deleted. Returns how many sessions were removed, which is 0 if
/// another replica is removing them.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    let mut total = 0;
    while let Some(sessions) = batch(app).await? {
        total += sessions;
    }
    Ok(total)
}

async fn batch(app: &App) -> sqlx::Result<Option<u64>> {
    let mut tx = app.job_db.begin().await?;
    if !store::job_locks::take(&mut tx, Job::DeleteClients).await? {
        return Ok(None);
    }
    let Some(client) = store::deleted_clients::next(&mut tx).await? else { return Ok(None) };
    let (pool_id, client_id) = (&client.pool_id, &client.client_id);
    let (sessions, last) =
        store::sessions::delete_of_client(&mut tx, pool_id, client_id, client.looked_at, PAGE).await?;
    match last {
        Some(last) => store::deleted_clients::update_looked_at(&mut tx, &client, last).await?,
        None => store::deleted_clients::delete(&mut tx, &client).await?,
    }
    tx.commit().await?;
    Ok(Some(sessions))
}
