//! Lets the next signing keys of pools sign when their time has come, and removes retired keys when no token that they
//! signed can be unexpired (decision 0046).

use std::sync::Arc;

use crate::{app::App, store};

/// How many pools one statement looks for.
const PAGE: i64 = 100;

/// Does what is due, each minute, until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(super::MINUTE).await;
        if let Err(cause) = once(&app).await {
            tracing::warn!(%cause, "could not change the signing keys of user pools; will try again");
        }
    }
}

/// Does what is due. Returns how many retired keys were removed. Several replicas may do this at the same time, because
/// each change is made under the pool's lock.
pub async fn once(app: &App) -> sqlx::Result<u64> {
    let (mut total, mut after) = (0, String::new());
    loop {
        let due = store::keys::pools_with_due_keys(&app.job_db, &after, PAGE, app.clock.now()).await?;
        for pool_id in &due {
            total += change(app, pool_id).await?;
        }
        let Some(last) = due.into_iter().next_back() else { return Ok(total) };
        after = last;
    }
}

async fn change(app: &App, pool_id: &str) -> sqlx::Result<u64> {
    let mut tx = app.job_db.begin().await?;
    if store::pools::lock_settings(&mut tx, pool_id).await?.is_none() {
        return Ok(0);
    }
    let now = app.clock.now();
    let began = store::keys::promote(&mut tx, pool_id, now).await?;
    let removed = store::keys::delete_retired(&mut tx, pool_id, now).await?;
    tx.commit().await?;
    // Otherwise another replica was faster.
    if began + removed > 0 {
        app.keys.forget(pool_id);
        tracing::info!(pool.id = pool_id, began, removed, "the signing keys of a user pool changed");
    }
    Ok(removed)
}
