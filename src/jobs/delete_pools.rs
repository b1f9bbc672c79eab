//! Removes what belongs to deleted pools: a batch of rows per transaction, children before parents. If a replica dies,
//! another replica continues with the next batch.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;

use crate::{
    app::App,
    store::{self, job_locks::Job},
};

/// How many rows one transaction removes. The number is small, so that no lock is held long.
const BATCH: i64 = 1_000;
/// The pause between two searches for deleted pools.
const EVERY: Duration = Duration::from_secs(10);
/// How many batches there are between two progress messages in the log.
const PROGRESS: u32 = 50;

/// Removes deleted pools until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(cause) = once(&app).await {
            tracing::warn!(%cause, "the removal of a deleted user pool broke off; it goes on in some seconds");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes what belongs to every pool that has been deleted. Returns how many rows were removed, which is 0 if another
/// replica is removing them.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    let mut of_pool = 0;
    let mut total = 0;
    // Pools that were deleted up to this time are skipped. If no row of a pool can be removed at the moment, because
    // other transactions hold the rows, this lets the job continue with the next pool.
    let mut after = OffsetDateTime::UNIX_EPOCH;
    app.metrics.pools_being_deleted.set(store::deleted_pools::count(&app.job_db).await?);
    for batches in 1_u32.. {
        let Some(batch) = batch(app, after).await? else { break };
        total += batch.rows;
        of_pool += batch.rows;
        app.metrics.deleted_pool_rows.inc_by(batch.rows);
        if batch.last {
            tracing::info!(pool = batch.pool, rows = of_pool, "a deleted user pool is removed");
            app.metrics.pools_being_deleted.dec();
            of_pool = 0;
        } else if batch.rows == 0 {
            after = batch.deleted_at;
            of_pool = 0;
        } else if batches % PROGRESS == 0 {
            tracing::info!(pool = batch.pool, rows = of_pool, "removing a deleted user pool");
        }
    }
    Ok(total)
}

/// What one transaction did.
struct Batch {
    pool: String,
    deleted_at: OffsetDateTime,
    rows: u64,
    /// Whether the pool itself was removed, because nothing of it was left.
    last: bool,
}

/// Removes a batch of rows of one deleted pool. This is the pool that was deleted first among the pools deleted later
/// than `after`. Returns `None` if there is no such pool, or if another replica does this job at the moment.
async fn batch(app: &App, after: OffsetDateTime) -> sqlx::Result<Option<Batch>> {
    let mut tx = app.job_db.begin().await?;
    if !store::job_locks::take(&mut tx, Job::DeletePools).await? {
        return Ok(None);
    }
    let Some(pool) = store::deleted_pools::next(&mut tx, after).await? else { return Ok(None) };
    let mut left = BATCH;
    for table in store::deleted_pools::TABLES {
        let rows = store::deleted_pools::remove_some(&mut tx, table, &pool, left, app.clock.now()).await?;
        left -= rows.cast_signed();
        if left <= 0 {
            break;
        }
    }
    let mut last = left > 0;
    if last {
        match tx.part(async |tx| store::deleted_pools::remove(tx, &pool.id).await).await {
            Ok(()) => {}
            // A row that another transaction held a moment ago still refers to the pool. A later batch removes the
            // pool.
            Err(cause) if cause.as_database_error().is_some_and(|error| error.is_foreign_key_violation()) => {
                last = false
            }
            Err(cause) => return Err(cause),
        }
    }
    tx.commit().await?;
    Ok(Some(Batch { pool: pool.id, deleted_at: pool.deleted_at, rows: (BATCH - left).unsigned_abs(), last }))
}
