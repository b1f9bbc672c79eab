//! How connections are made and kept: which settings they get, and when they are tested.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool::managed::{self, RecycleError, RecycleResult};
use sqlx::{
    Connection as _, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::runtime::Handle;

use super::trust::Trust;
use crate::config::DatabaseLimits;

/// A connection that was idle for this long is tested before it is used. A restart of the database takes longer, so no
/// request that comes after a restart gets a dead connection. A connection that was used more recently is tested only
/// if another connection has failed meanwhile, because a test costs a round trip.
const QUIET: Duration = Duration::from_millis(50);
/// The time limit of the test of a connection. A task that waits for the server's response checks at the same interval
/// whether the response can still come.
pub(super) const TEST: Duration = Duration::from_secs(1);
/// The time limit of one attempt to connect.
const ATTEMPT: Duration = Duration::from_millis(1500);
/// The pause between two attempts to connect, if the first failed for a reason that may soon be over ([`may_pass`]).
const RETRY: Duration = Duration::from_millis(100);

/// Makes connections, and tests those that were idle.
pub(super) struct Maker {
    pub(super) options: PgConnectOptions,
    pub(super) limits: DatabaseLimits,
    /// The runtime that drives the connections. Each worker of the HTTP server has a runtime of its own, which ends as
    /// soon as this worker's requests are answered. Other workers may still use a connection that it has made.
    pub(super) runtime: Handle,
    pub(super) trust: Arc<Trust>,
}

/// A connection, and what is known about it.
pub(super) struct Link {
    pub(super) db: PgConnection,
    /// The generation of [`Trust`] in which the connection was last seen to work.
    pub(super) proved: u64,
    pub(super) idle_since: Instant,
    /// When the server was last told to forget the plans of this connection's statements.
    planned_since: Instant,
}

impl managed::Manager for Maker {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Link> {
        loop {
            let proved = self.trust.now();
            let (options, limits) = (self.options.clone(), self.limits);
            let connected = async move {
                let mut db = PgConnection::connect_with(&options).await?;
                set_up(&mut db, limits).await?;
                let now = Instant::now();
                sqlx::Result::Ok(Link { db, proved, idle_since: now, planned_since: now })
            };
            let task = self.runtime.spawn(tokio::time::timeout(ATTEMPT, connected));
            match task.await.map_err(|_| sqlx::Error::PoolClosed)? {
                // Tries again until the pool's own time limit ends this loop. (If a server does not respond, its
                // address may soon lead to another server.)
                Err(_) => {}
                Ok(Err(cause)) if may_pass(&cause) => tokio::time::sleep(RETRY).await,
                Ok(Ok(link)) => {
                    self.trust.made(link.proved);
                    return Ok(link);
                }
                Ok(Err(cause)) => return Err(cause),
            }
        }
    }

    async fn recycle(&self, link: &mut Link, _: &managed::Metrics) -> RecycleResult<sqlx::Error> {
        let now = self.trust.now();
        let plans_anew = link.planned_since.elapsed() >= self.limits.plans;
        let is_trusted = link.proved == now && link.idle_since.elapsed() < QUIET;
        if is_trusted && !plans_anew {
            return Ok(());
        }
        let cause = match tokio::time::timeout(TEST, test(&mut link.db, plans_anew)).await {
            Ok(Ok(())) => {
                link.proved = now;
                if plans_anew {
                    link.planned_since = Instant::now();
                }
                return Ok(());
            }
            Ok(Err(cause)) => cause,
            // This connection worked a moment ago, so nothing is said about the others.
            Err(_) if is_trusted => return Err(RecycleError::Backend(silent())),
            Err(_) => {
                self.trust.suspect(link.proved);
                silent()
            }
        };
        self.trust.lose(link.proved, &cause.to_string());
        Err(RecycleError::Backend(cause))
    }
}

/// Applies the settings that all connections have, and checks that the server accepts writes. This takes one round
/// trip.
///
/// - Sequential scans are avoided. Queries that run often find their rows by key. But while a table is small, the
///   planner prefers to read all of it, keeps that plan, and then also reads what deleted rows leave behind: a table of
///   a thousand challenges that come and go had hundreds of pages. JIT compilation is off, because the high cost that
///   the planner gives to the avoided plans would trigger it.
/// - If a replica's machine vanishes before COMMIT, its transaction must not lock a user's rows for hours. So the
///   server ends a transaction that pauses for too long, and drops a peer that does not respond. (Over a Unix socket,
///   no peer can vanish in this way.)
async fn set_up(db: &mut PgConnection, limits: DatabaseLimits) -> sqlx::Result<()> {
    let millis = |time: Duration| time.as_millis();
    let silence = limits.silence.as_secs().max(3);
    let text = format!(
        "SET lock_timeout = {lock}; SET statement_timeout = {statement}; \
         SET idle_in_transaction_session_timeout = {statement}; \
         SET tcp_keepalives_idle = {third}; SET tcp_keepalives_interval = {third}; SET tcp_keepalives_count = 2; \
         SET tcp_user_timeout = {silence}; SET enable_seqscan = off; SET jit = off; SHOW transaction_read_only",
        lock = millis(limits.lock),
        statement = millis(limits.statement),
        third = silence / 3,
        silence = silence * 1000,
    );
    writes(db.fetch_all(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await?)
}

/// Tests that a connection still leads to a server that accepts writes. If `plans_anew` is true, the server also forgets
/// the plans of the connection's statements. This takes one round trip.
///
/// The server keeps the plan of a prepared statement until it has new statistics of a table, which takes a minute or
/// more. A plan for small tables may find rows by their user pool alone. When many people have signed up meanwhile, such
/// a plan reads all of them, for each row that it joins.
async fn test(db: &mut PgConnection, plans_anew: bool) -> sqlx::Result<()> {
    let text = if plans_anew { "DISCARD PLANS; SHOW transaction_read_only" } else { "SHOW transaction_read_only" };
    writes(db.fetch_all(sqlx::raw_sql(text)).await?)
}

fn writes(answer: Vec<PgRow>) -> sqlx::Result<()> {
    match answer.last().map(|row| row.try_get_unchecked::<String, _>(0)).transpose()?.as_deref() {
        Some("off") => Ok(()),
        // A read-only server is refused for reads as well. Its data may be old: it may not know who was signed out or
        // deleted meanwhile.
        _ => Err(std::io::Error::new(
            std::io::ErrorKind::ReadOnlyFilesystem,
            "the database is read-only: it is a standby, or told to be",
        )
        .into()),
    }
}

/// Whether connecting failed because the database is read-only.
pub fn is_read_only(cause: &sqlx::Error) -> bool {
    matches!(cause, sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ReadOnlyFilesystem)
}

pub(super) fn silent() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer").into()
}

/// Whether connecting failed for a reason that may soon be over: the server is down, starting, stopping or full.
pub fn may_pass(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(cause) => {
            matches!(cause.kind(), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound)
        }
        sqlx::Error::Database(cause) => matches!(cause.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}
