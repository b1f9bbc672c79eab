//! Advisory locks, so that only one replica at a time works on a background job. (The lock of migrations is
//! 0x6b73_0000.)

use super::Connection;

/// A job on which only one replica at a time works.
#[derive(Clone, Copy, Debug)]
pub enum Job {
    RemoveExpired = 0x6b73_0001,
    DeletePools,
    TrimSessions,
    DeleteClients,
}

/// Takes a job's lock until the transaction ends. Returns `false` if another replica is doing the job.
pub async fn take(db: &mut Connection, job: Job) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "mine!""#, job as i64).fetch_one(db).await
}
