//! A connection in use and a transaction on it, with the account of how far their conversation has come.

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

/// Time for a transaction that was given up to be rolled back.
const ROLLBACK: Duration = Duration::from_secs(2);
/// How much longer an answer may take than the time after which the server itself gives a statement up.
const MARGIN: Duration = Duration::from_secs(2);

/// A connection in use. When it is dropped, it is given back if its conversation has ended, and closed otherwise.
pub struct Connection {
    /// `None` only while it is being dropped.
    link: Option<Object<Maker>>,
    /// Given back after the connection, so that whoever is next finds it there.
    turn: Option<Ticket>,
    trust: Arc<Trust>,
    patience: Duration,
    progress: Progress,
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// A statement is at work, and its answer has not ended.
    busy: bool,
    /// A transaction is open, or may be.
    open: bool,
    /// A statement failed in that transaction: its COMMIT would be answered by a rollback, without an error.
    failed: bool,
    /// The connection is no longer of use.
    broken: bool,
    /// A lock could not be had that may be that of a table.
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
            // Nothing was sent yet, or everything was received.
            sqlx::Error::RowNotFound | sqlx::Error::Encode(_) => self.busy = false,
            _ => self.broken = true,
        }
    }
}

/// Whether an error with this code is about its server rather than its statement: the server is read-only (25006),
/// shuts down or is starting (57P01 to 57P05), ended a session that was quiet for too long (25P03, 25P04), or the
/// connection failed (08).
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

    /// Cleans up after a conversation that did not end well, before the connection is given to others.
    async fn settle(mut self) {
        let locked = std::mem::take(&mut self.progress.locked);
        if self.progress.open {
            match self.execute(sqlx::raw_sql("ROLLBACK")).await {
                Ok(_) => self.progress = Progress::default(),
                // It was not rolled back, for whatever reason, so nobody else may have it.
                Err(_) => self.progress.broken = true,
            }
        }
        let asks = locked && self.turn.is_some() && !self.progress.broken;
        if asks && self.finds_a_locked_table().await.unwrap_or(false) {
            self.turn.iter().for_each(Ticket::stood_still);
        }
    }

    /// Whether somebody has, or waits for, a lock on a whole table that calls have to wait for.
    async fn finds_a_locked_table(&mut self) -> sqlx::Result<bool> {
        let text = "SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.locktype = 'relation' AND l.pid <> pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
              AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' LIMIT 1";
        Ok(!self.fetch_all(sqlx::raw_sql(text)).await?.is_empty())
    }

    /// Does a part of a transaction, which is undone by itself if it fails.
    pub async fn part<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.in_savepoint(work, Result::is_ok).await
    }

    /// Finds out what some work would come to: does it, and undoes it at once, within the transaction.
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
            // A statement that was left in the middle says nothing about the database.
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
        // If this does not even begin, as when the runtime ends, the connection is closed.
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

/// How long to wait for an answer: until its time is over, or it is known that none will come.
struct Patience<'e> {
    left: Duration,
    trust: &'e Trust,
    proved: u64,
    /// Until the next look; made only when there is a wait.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Patience<'_> {
    /// Ready when the patience is over.
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

/// Runs a statement with one answer, and receives the answer to its end.
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

/// The answer to a statement, row by row.
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

/// An open transaction. If it is dropped before [`commit`](Transaction::commit) is answered, it is undone, unless only
/// the answer was lost.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Transaction {
    pub(super) async fn begin(mut connection: Connection) -> sqlx::Result<Self> {
        // Set before BEGIN is sent: whether it arrived is not known until it is answered.
        connection.progress.open = true;
        connection.execute(sqlx::raw_sql("BEGIN")).await?;
        Ok(Self(connection))
    }

    /// Commits. An error means that nobody knows whether the transaction was committed, unless a statement failed
    /// before: then nothing was.
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

    /// Undoes everything, and waits for that.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        let outcome = self.0.execute(sqlx::raw_sql("ROLLBACK")).await;
        match outcome {
            Ok(_) => self.0.progress = Progress { locked: self.0.progress.locked, ..Progress::default() },
            // It was not rolled back, for whatever reason, so nobody else may have it.
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
