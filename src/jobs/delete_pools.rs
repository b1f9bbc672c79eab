//! Removes what belongs to deleted pools: a batch of rows per transaction, children before parents, so that a replica that dies
//! is followed by another at the very next batch.

use std::{sync::Arc, time::Duration};

use crate::{app::App, store};

/// Rows removed by one transaction, so that no lock is held long.
const BATCH: i64 = 1_000;
/// Between two looks for deleted pools.
const EVERY: Duration = Duration::from_secs(10);
/// Batches between two lines in the log.
const PROGRESS: u32 = 50;
/// Advisory lock of this job: one replica at a time.
const LOCK: i64 = 0x6b73_0002;

/// Removes deleted pools until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(cause) = once(&app).await {
            tracing::warn!(%cause, "the removal of a deleted user pool broke off; it goes on in some seconds");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes every pool that is deleted by now; returns how many rows went, 0 when another replica is at it.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    let mut of_pool = 0;
    let mut total = 0;
    for batches in 1_u32.. {
        let Some(batch) = batch(app).await? else { break };
        total += batch.rows;
        of_pool += batch.rows;
        app.metrics.deleted_pool_rows.inc_by(batch.rows);
        if batch.last {
            tracing::info!(pool = batch.pool, rows = of_pool, "a deleted user pool is removed");
            of_pool = 0;
        } else if batches % PROGRESS == 0 {
            tracing::info!(pool = batch.pool, rows = of_pool, "removing a deleted user pool");
        }
    }
    app.metrics.pools_being_deleted.set(store::deleted_pools::count(&app.job_db).await?);
    Ok(total)
}

/// What one transaction did.
struct Batch {
    pool: String,
    rows: u64,
    /// Whether nothing of the pool is left.
    last: bool,
}

async fn batch(app: &App) -> sqlx::Result<Option<Batch>> {
    let mut tx = app.job_db.begin().await?;
    let mine =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "mine!""#, LOCK).fetch_one(&mut *tx).await?;
    if !mine {
        return Ok(None);
    }
    let Some(pool) = store::deleted_pools::next(&mut tx).await? else { return Ok(None) };
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
            // A row that somebody held a moment ago is in its way: it goes in some seconds.
            Err(cause) if cause.as_database_error().is_some_and(|error| error.is_foreign_key_violation()) => {
                last = false
            }
            Err(cause) => return Err(cause),
        }
    }
    tx.commit().await?;
    if left == BATCH && !last {
        return Ok(None);
    }
    Ok(Some(Batch { pool: pool.id, rows: (BATCH - left).unsigned_abs(), last }))
}
