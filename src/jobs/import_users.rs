//! Works on user import jobs, row by row. One transaction imports a row and counts it. So if a replica dies, another
//! replica continues with the next row.

use std::{collections::HashMap, sync::Arc, time::Duration as StdDuration};

use time::Duration;

use crate::{
    app::App,
    error::{Error, Result},
    flows::accounts::user_import,
    passwords::HashingAlgorithm,
    store::{
        self,
        audit::Trail,
        user_imports::{RowOutcome, Work},
    },
};

/// The pause between two searches for a job.
const EVERY: StdDuration = StdDuration::from_secs(1);
/// If no row is completed within this time, another replica takes the job.
const LEASE: Duration = Duration::minutes(1);
/// How many rows a job may import in one turn. After that, a progress message is logged, and other jobs have their
/// turns.
const PROGRESS: i32 = 1_000;
/// For how many failed rows of a turn the reason is logged.
const TOLD: usize = 100;
/// After this many consecutive turns in which no row was completed, a job has failed.
const TAKES: i32 = 10;

/// Works on jobs until the task is dropped.
pub async fn run(app: Arc<App>) {
    loop {
        let now = app.clock.now();
        match store::user_imports::take(&app.job_db, now, now + LEASE).await {
            Ok(Some(work)) => {
                let (pool, job) = (work.pool_id.clone(), work.id.clone());
                if let Err(cause) = import(&app, work).await {
                    tracing::warn!(%cause, pool, job, "a user import broke off; it goes on in a minute");
                }
                continue;
            }
            Ok(None) => {}
            Err(cause) => tracing::warn!(%cause, "could not look for user imports; will try again"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn import(app: &App, work: Work) -> Result<()> {
    let Work { pool_id, id, file, done, takes, password_hashing_algorithm } = &work;
    if *takes > TAKES {
        return end(app, &work, "Failed", "The_next_row_could_not_be_imported").await;
    }
    let Some(pool) = store::pools::find(&app.job_db, pool_id).await? else { return Ok(()) };
    let named = password_hashing_algorithm.as_deref().map(str::parse).transpose();
    let hashed_by: Option<HashingAlgorithm> = named.map_err(Error::internal)?;
    let file = file.as_deref().unwrap_or_default();
    // Some spreadsheet programs put a byte order mark at the start of the file.
    let mut reader = csv::Reader::from_reader(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file));
    let columns: Option<Vec<String>> = reader.headers().ok().map(|header| header.iter().map(str::to_owned).collect());
    let columns = columns.filter(|columns| user_import::header_fits(&pool, columns, hashed_by));
    let Some(columns) = columns else {
        return end(app, &work, "Failed", "The_header_in_the_CSV_file_does_not_match_the_expected_headers").await;
    };
    let (mut row, mut told) = (0, 0);
    for record in reader.records() {
        if row < *done {
            row += 1;
            continue;
        }
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        let line = position.map(csv::Position::line);
        let values: Option<HashMap<String, String>> = record.ok().map(|record| {
            let values = record.iter().map(|value| value.trim().to_owned());
            columns.iter().cloned().zip(values).filter(|(_, value)| !value.is_empty()).collect()
        });
        let now = app.clock.now();
        let mut tx = app.job_db.begin().await?;
        // The pool is locked before the job, because DeleteUserPool locks them in this order.
        if !store::pools::hold(&mut tx, pool_id).await? {
            return Ok(());
        }
        if !store::user_imports::count_row(&mut tx, pool_id, id, row, now + LEASE).await? {
            break;
        }
        let trail = Trail::by_job(now);
        let (outcome, why) = match values {
            Some(values) => user_import::import(&mut tx, &pool, &trail, values, (&app.passwords, hashed_by)).await?,
            None => (RowOutcome::Failed, Some("the row has another number of columns than the header".into())),
        };
        store::user_imports::note_row(&mut tx, pool_id, id, outcome).await?;
        tx.commit().await?;
        if let Some(why) = why.filter(|_| told < TOLD) {
            told += 1;
            tracing::warn!(pool = pool_id, job = id, line, why, "a user was not imported");
        }
        row += 1;
        if row % PROGRESS == 0 {
            tracing::info!(pool = pool_id, job = id, rows = row, "importing users");
            // Other jobs may be waiting.
            return Ok(store::user_imports::give_back(&app.job_db, pool_id, id, app.clock.now()).await?);
        }
    }
    let Some(job) = store::user_imports::find(&app.job_db, pool_id, id).await? else { return Ok(()) };
    match job.status.as_str() {
        "Stopping" => end(app, &work, "Stopped", "Import_Job_stopped").await,
        "InProgress" if job.done == row && job.failed > 0 => {
            end(app, &work, "Succeeded", "Import_Job_Completed_but_some_rows_failed_the_servers_log_says_why").await
        }
        "InProgress" if job.done == row => end(app, &work, "Succeeded", "Import_Job_Completed_Successfully").await,
        // Another replica has taken the job, or the job has ended.
        _ => Ok(()),
    }
}

async fn end(app: &App, work: &Work, status: &str, message: &str) -> Result<()> {
    store::user_imports::end(&app.job_db, &work.pool_id, &work.id, status, message, app.clock.now())
        .await
        .map_err(Error::from)?;
    tracing::info!(pool = work.pool_id, job = work.id, status, "a user import ended");
    Ok(())
}
