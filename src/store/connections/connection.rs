//! Connections in use, and transactions on them. Each connection keeps a record of how far its conversation with the
//! server has come.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use deadpool::managed::Object;
use futures_util::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::Sleep;

use super::{
    link::{Link, Maker, TEST, silent},
    trust::Trust,
};
use crate::{error::may_be_a_tables, fair::Ticket};

/// How long the rollback of an abandoned transaction may take.
const ROLLBACK: Duration = Duration::from_secs(2);
/// How much longer to wait for the server's response than the server itself lets a statement run.
const MARGIN: Duration = Duration::from_secs(2);

/// A connection in use. When it is dropped, it goes back to the pool, after a rollback if a transaction is open. It is
/// closed instead if a statement is still running, or if the connection is broken.
pub struct Connection {
    /// `None` only while the connection is being dropped.
    link: Option<Object<Maker>>,
    /// The task's slot in the line for connections, if the pool has a line. The slot is given up only after the
    /// connection has gone back to the pool, so that the next task in line finds the connection there.
    turn: Option<Ticket>,
    trust: Arc<Trust>,
    patience: Duration,
    progress: Progress,
}

/// How far the conversation with the server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// A statement was sent, and its result is not complete yet.
    busy: bool,
    /// A transaction is open, or may be open.
    open: bool,
    /// A statement failed in the open transaction. The server would respond to COMMIT with a rollback, and without an
    /// error.
    failed: bool,
    /// The connection cannot be used any more.
    broken: bool,
    /// A lock could not be obtained, and it may be the lock of a whole table.
    locked: bool,
}

impl Progress {
    fn failed(&mut self, cause: &sqlx::Error) {
        match cause {
            sqlx::Error::Database(cause) => {
                self.busy = false;
                self.failed |= self.open;
                self.broken |= cause.code().is_some_and(|code| ends_connection(&code));
                self.locked |= may_be_a_tables(cause.as_ref());
            }
            // Either nothing was sent yet, or everything was received.
            sqlx::Error::RowNotFound | sqlx::Error::Encode(_) => self.busy = false,
            _ => self.broken = true,
        }
    }
}

/// Whether an error with this code is about the server or the connection rather than the statement.
///
/// Such an error has one of these causes. The server is read-only (25006). It ended a transaction that paused or lasted
/// for too long (25P03, 25P04). It is stopping or starting, dropped the database, or ended an idle session (57P01 to
/// 57P05). The connection failed (08).
fn ends_connection(code: &str) -> bool {
    matches!(code, "25006" | "25P03" | "25P04") || code.starts_with("57P0") || code.starts_with("08")
}

impl Connection {
    pub(super) fn new(link: Object<Maker>, turn: Option<Ticket>, maker: &Maker) -> Self {
        let (trust, patience) = (maker.trust.clone(), maker.limits.statement + MARGIN);
        Self { link: Some(link), turn, trust, patience, progress: Progress::default() }
    }

    fn parts(&mut self) -> (&mut PgConnection, &mut Progress, Patience<'_>) {
        let link: &mut Link = self.link.as_mut().expect("it is taken out only when dropped");
        let patience = Patience { left: self.patience, trust: &self.trust, proved: link.proved, sleep: None };
        (&mut link.db, &mut self.progress, patience)
    }

    /// Cleans up after a conversation that was left in a transaction or failed to get a lock, before others get the
    /// connection.
    async fn settle(mut self) {
        let locked = std::mem::take(&mut self.progress.locked);
        if self.progress.open {
            match self.execute(sqlx::raw_sql("ROLLBACK")).await {
                Ok(_) => self.progress = Progress::default(),
                // The transaction was not rolled back, for whatever reason, so nobody else may have the connection.
                Err(_) => self.progress.broken = true,
            }
        }
        let asks = locked && self.turn.is_some() && !self.progress.broken;
        if asks && self.finds_a_locked_table().await.unwrap_or(false) {
            self.turn.iter().for_each(Ticket::stood_still);
        }
    }

    /// Whether another connection has, or waits for, a lock on a whole table, of a kind that makes requests wait.
    async fn finds_a_locked_table(&mut self) -> sqlx::Result<bool> {
        let text = "SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.locktype = 'relation' AND l.pid <> pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
              AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' LIMIT 1";
        Ok(!self.fetch_all(sqlx::raw_sql(text)).await?.is_empty())
    }

    /// Does a part of a transaction. If the part fails, only the part is undone.
    pub async fn part<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.in_savepoint(work, Result::is_ok).await
    }

    /// Does some work and undoes it at once, within the transaction, to find out what the result would be.
    pub async fn undone<T>(&mut self, work: impl AsyncFnOnce(&mut Self) -> sqlx::Result<T>) -> sqlx::Result<T> {
        self.in_savepoint(work, |_| false).await
    }

    async fn in_savepoint<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
        stays: fn(&Result<T, E>) -> bool,
    ) -> Result<T, E> {
        self.execute(sqlx::raw_sql("SAVEPOINT part")).await?;
        let failed = self.progress.failed;
        let outcome = work(self).await;
        let end = if stays(&outcome) { "RELEASE part" } else { "ROLLBACK TO part; RELEASE part" };
        self.execute(sqlx::raw_sql(end)).await?;
        self.progress.failed = failed;
        outcome
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut link) = self.link.take() else { return };
        link.idle_since = Instant::now();
        #[cfg(feature = "broken")]
        if crate::broken::is("keeps-dirty") {
            return;
        }
        let Progress { busy, open, broken, locked, .. } = self.progress;
        if busy || broken {
            let proved = link.proved;
            drop(Object::take(link));
            // A statement that was only abandoned midway says nothing about the database.
            if broken {
                self.trust.lose(proved, "it broke");
            }
            return;
        }
        if !(open || locked && self.turn.is_some()) {
            return;
        }
        let mut connection = Self {
            link: Some(link),
            turn: self.turn.take(),
            trust: self.trust.clone(),
            patience: ROLLBACK,
            progress: self.progress,
        };
        // If `settle` never runs, for example because the runtime ends, this flag makes `drop` close the connection.
        connection.progress.busy = true;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(connection.settle());
        }
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (db, progress, patience) = self.parts();
        Box::pin(Answer { rows: db.fetch_many(query), progress, patience })
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (db, progress, patience) = self.parts();
        Box::pin(in_time(db.fetch_optional(query), progress, patience))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        let (db, progress, patience) = self.parts();
        Box::pin(in_time(db.prepare_with(sql, parameters), progress, patience))
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<Postgres>>>
    where
        'c: 'e,
    {
        let (db, progress, patience) = self.parts();
        Box::pin(in_time(db.describe(sql), progress, patience))
    }
}

/// How long to wait for the server's response: until the time is over, or until it is known that no response will come.
struct Patience<'e> {
    left: Duration,
    trust: &'e Trust,
    proved: u64,
    /// The pause until the next check. It is created only when there is something to wait for.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Patience<'_> {
    /// Becomes ready when it is time to give up.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let step = self.left.min(TEST);
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(step)));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.left = self.left.saturating_sub(step);
            if self.left.is_zero() || self.trust.is_silent(self.proved) {
                return Poll::Ready(());
            }
            self.sleep = None;
        }
    }
}

/// Runs a statement whose result comes as one value, and receives the whole result.
async fn in_time<T>(
    mut statement: BoxFuture<'_, sqlx::Result<T>>,
    progress: &mut Progress,
    mut patience: Patience<'_>,
) -> sqlx::Result<T> {
    progress.busy = true;
    let outcome = std::future::poll_fn(|context| match statement.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(outcome),
        Poll::Pending => patience.poll(context).map(|()| Err(silent())),
    })
    .await;
    match &outcome {
        Ok(_) => progress.busy = false,
        Err(cause) => progress.failed(cause),
    }
    outcome
}

/// The result of a statement, row by row.
struct Answer<'e> {
    rows: BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>,
    progress: &'e mut Progress,
    patience: Patience<'e>,
}

impl Stream for Answer<'_> {
    type Item = sqlx::Result<Either<PgQueryResult, PgRow>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.progress.busy = true;
        let next = match self.rows.poll_next_unpin(context) {
            Poll::Ready(next) => next,
            Poll::Pending => match self.patience.poll(context) {
                Poll::Ready(()) => Some(Err(silent())),
                Poll::Pending => return Poll::Pending,
            },
        };
        match &next {
            Some(Ok(_)) => {}
            Some(Err(cause)) => self.progress.failed(cause),
            None => self.progress.busy = false,
        }
        Poll::Ready(next)
    }
}

/// An open transaction. If it is dropped before the server has responded to [`commit`](Transaction::commit), it is
/// undone, unless the server had already committed and only the response was lost.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Transaction {
    pub(super) async fn begin(mut connection: Connection) -> sqlx::Result<Self> {
        // This is set before BEGIN is sent, because until the server responds nobody knows whether BEGIN arrived.
        connection.progress.open = true;
        connection.execute(sqlx::raw_sql("BEGIN")).await?;
        Ok(Self(connection))
    }

    /// Commits. If this fails, the transaction may or may not have been committed. But if an earlier statement of the
    /// transaction failed, this always fails, and nothing was committed.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        if self.0.progress.failed {
            return Err(sqlx::Error::Protocol(
                "a statement of the transaction failed, so nothing was committed".into(),
            ));
        }
        self.0.execute(sqlx::raw_sql("COMMIT")).await?;
        self.0.progress.open = false;
        Ok(())
    }

    /// Rolls the transaction back, and waits until that is done.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        let outcome = self.0.execute(sqlx::raw_sql("ROLLBACK")).await;
        match outcome {
            Ok(_) => self.0.progress = Progress { locked: self.0.progress.locked, ..Progress::default() },
            // The transaction was not rolled back, for whatever reason, so nobody else may have the connection.
            Err(_) => self.0.progress.broken = true,
        }
        outcome.map(drop)
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
