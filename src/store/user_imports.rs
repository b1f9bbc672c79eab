//! Jobs that import users from a file.

use sqlx::PgExecutor;
use time::OffsetDateTime;

use super::{Connection, Connections};

/// A job, without its file.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub name: String,
    pub role_arn: String,
    /// `PasswordHashingAlgorithmType`, if the file contains password hashes.
    pub password_hashing_algorithm: Option<String>,
    /// `UserImportJobStatusType`
    pub status: String,
    pub has_file: bool,
    /// The number of the file's rows that were processed.
    pub done: i32,
    pub imported: i64,
    pub skipped: i64,
    pub failed: i64,
    pub message: Option<String>,
    pub created_at: OffsetDateTime,
    pub started_at: Option<OffsetDateTime>,
    pub completed_at: Option<OffsetDateTime>,
}

/// The outcome of a row of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    Imported,
    Skipped,
    Failed,
}

/// Adds a job.
pub async fn insert(db: &mut Connection, pool_id: &str, job: &Job) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO user_import_jobs (user_pool_id, job_id, name, role_arn, status, created_at, password_hashing_algorithm)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        pool_id,
        job.id,
        job.name,
        job.role_arn,
        job.status,
        job.created_at,
        job.password_hashing_algorithm
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds a job.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str, id: &str) -> sqlx::Result<Option<Job>> {
    sqlx::query_as!(
        Job,
        r#"SELECT job_id AS id, name, role_arn, status, file IS NOT NULL AS "has_file!", done, imported, skipped, failed,
                  message, created_at, started_at, completed_at, password_hashing_algorithm
           FROM user_import_jobs WHERE user_pool_id = $1 AND job_id = $2"#,
        pool_id,
        id
    )
    .fetch_optional(db)
    .await
}

/// Locks a job until the transaction ends, and returns the job.
pub async fn lock(db: &mut Connection, pool_id: &str, id: &str) -> sqlx::Result<Option<Job>> {
    sqlx::query_as!(
        Job,
        r#"SELECT job_id AS id, name, role_arn, status, file IS NOT NULL AS "has_file!", done, imported, skipped, failed,
                  message, created_at, started_at, completed_at, password_hashing_algorithm
           FROM user_import_jobs WHERE user_pool_id = $1 AND job_id = $2 FOR UPDATE"#,
        pool_id,
        id
    )
    .fetch_optional(db)
    .await
}

/// Lists jobs, ordered by ID: at most `limit`, beginning after the ID `after`.
pub async fn list(db: &Connections, pool_id: &str, after: &str, limit: i64) -> sqlx::Result<Vec<Job>> {
    sqlx::query_as!(
        Job,
        r#"SELECT job_id AS id, name, role_arn, status, file IS NOT NULL AS "has_file!", done, imported, skipped, failed,
                  message, created_at, started_at, completed_at, password_hashing_algorithm
           FROM user_import_jobs WHERE user_pool_id = $1 AND job_id > $2 ORDER BY job_id LIMIT $3"#,
        pool_id,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Counts the jobs of a pool that have not ended.
pub async fn count_open(db: &mut Connection, pool_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM user_import_jobs
           WHERE user_pool_id = $1 AND status IN ('Created', 'Pending', 'InProgress', 'Stopping')"#,
        pool_id
    )
    .fetch_one(db)
    .await
}

/// Stores the file of a job that was not started yet. Returns `false` if there is no such job.
pub async fn put_file(db: &mut Connection, pool_id: &str, id: &str, file: &[u8]) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE user_import_jobs SET file = $3 WHERE user_pool_id = $1 AND job_id = $2 AND status = 'Created'",
        pool_id,
        id,
        file
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets the status of a locked job.
pub async fn set_status(
    db: &mut Connection,
    pool_id: &str,
    id: &str,
    status: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_import_jobs
         SET status = $3, started_at = CASE WHEN $3 = 'Pending' THEN $4 ELSE started_at END
         WHERE user_pool_id = $1 AND job_id = $2",
        pool_id,
        id,
        status,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a job that has not ended, and deletes its file.
pub async fn end(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    id: &str,
    status: &str,
    message: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_import_jobs SET status = $3, message = $4, completed_at = $5, file = NULL, leased_until = NULL
         WHERE user_pool_id = $1 AND job_id = $2 AND status IN ('Created', 'Pending', 'InProgress', 'Stopping')",
        pool_id,
        id,
        status,
        message,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A job to work on.
#[derive(Debug)]
pub struct Work {
    pub pool_id: String,
    pub id: String,
    pub file: Option<Vec<u8>>,
    /// The number of the file's rows that were processed before.
    pub done: i32,
    /// How many times the job was taken since a row was last processed, including this time.
    pub takes: i32,
    /// `PasswordHashingAlgorithmType`, if the file contains password hashes.
    pub password_hashing_algorithm: Option<String>,
}

/// Takes a started job that no other replica works on, and reserves it until the time `leased_until`.
pub async fn take(db: &Connections, now: OffsetDateTime, leased_until: OffsetDateTime) -> sqlx::Result<Option<Work>> {
    sqlx::query_as!(
        Work,
        "UPDATE user_import_jobs SET leased_until = $2, takes = takes + 1, status = CASE WHEN status = 'Pending' THEN 'InProgress' ELSE status END
         WHERE (user_pool_id, job_id) IN (
             SELECT user_pool_id, job_id FROM user_import_jobs
             WHERE status IN ('Pending', 'InProgress', 'Stopping') AND (leased_until IS NULL OR leased_until < $1)
             ORDER BY leased_until NULLS FIRST, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING user_pool_id AS pool_id, job_id AS id, file, done, takes, password_hashing_algorithm",
        now,
        leased_until
    )
    .fetch_optional(db)
    .await
}

/// Counts the next row of a job as processed, in the transaction that imports the row. Returns `false` if the job was
/// stopped, or if another replica has processed this row. The job's row in the database stays locked until the
/// transaction ends.
pub async fn count_row(
    db: &mut Connection,
    pool_id: &str,
    id: &str,
    row: i32,
    leased_until: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE user_import_jobs SET done = $3 + 1, leased_until = $4, takes = 0
         WHERE user_pool_id = $1 AND job_id = $2 AND done = $3 AND status = 'InProgress'",
        pool_id,
        id,
        row,
        leased_until
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records the outcome of a row that was counted.
pub async fn note_row(db: &mut Connection, pool_id: &str, id: &str, outcome: RowOutcome) -> sqlx::Result<()> {
    let one = |wanted: RowOutcome| i64::from(outcome == wanted);
    sqlx::query!(
        "UPDATE user_import_jobs SET imported = imported + $3, skipped = skipped + $4, failed = failed + $5
         WHERE user_pool_id = $1 AND job_id = $2",
        pool_id,
        id,
        one(RowOutcome::Imported),
        one(RowOutcome::Skipped),
        one(RowOutcome::Failed)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives back a job that is not done. All other jobs that wait now get their turn before it.
pub async fn give_back(db: &Connections, pool_id: &str, id: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_import_jobs SET leased_until = $3 WHERE user_pool_id = $1 AND job_id = $2",
        pool_id,
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the jobs that were created before the time `created_before` and never started. Returns how many there were.
pub async fn expire(db: &mut Connection, created_before: OffsetDateTime, now: OffsetDateTime) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE user_import_jobs SET status = 'Expired', completed_at = $2, file = NULL
         WHERE status = 'Created' AND created_at < $1",
        created_before,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
