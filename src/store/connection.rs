//! Connections to PostgreSQL that are never handed on in the middle of a conversation.
//!
//! A future may be dropped at any await: a time limit, a hung-up client, a panic, a shutdown. What the server was told by
//! then and what it goes on to do, nobody knows; least of all sqlx, which notes a transaction only once `BEGIN` was
//! answered. So a [`Connection`] keeps its own account: it is in the middle of something from the first byte of a
//! statement to the last byte of its answer, and from before `BEGIN` until `COMMIT` or `ROLLBACK` was answered. Dropped in
//! the middle of a statement, its socket is closed; dropped in a transaction, it is rolled back first, or closed.
//!
//! The connections of a server share their `Trust`: when one fails, none that waits is believed any more.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use deadpool::managed::{self, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, WeakPool};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection as _, Either, Execute, Executor, PgConnection, Postgres, Row, SqlStr,
    postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::Sleep;

use crate::fair::{Line, Path, Ticket};

/// After this much quiet a connection is tested before it is used, so that a database that was restarted meanwhile (which
/// takes longer) fails no request that came after. Busy connections are not tested: it costs a round trip.
const QUIET: Duration = Duration::from_millis(50);
/// Time for that test.
const TEST: Duration = Duration::from_secs(1);
/// Time for a connection to be made, and for one to become free.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time for one attempt to connect.
const ATTEMPT: Duration = Duration::from_millis(1500);
/// Time for a transaction that was given up to be rolled back.
const ROLLBACK: Duration = Duration::from_secs(2);
/// Between two attempts to connect to a server that is starting.
const RETRY: Duration = Duration::from_millis(100);
/// What an answer may take beyond the time after which the server itself gives a statement up.
const MARGIN: Duration = Duration::from_secs(2);
/// Those who may wait for a connection; places among the requests bound them before.
const WAITING: usize = 2_048;
/// Unused connections are closed after this time.
const UNUSED: Duration = Duration::from_secs(600);

/// What the database is told about time, for every connection alike: behind PgBouncer they are mixed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest statement, and the longest pause within a transaction.
    pub statement: Duration,
    /// The longest wait for another's lock.
    pub lock: Duration,
    /// How long a peer that is not heard of any more is waited for.
    pub silence: Duration,
}

/// Connections that are shared, at most so many.
#[derive(Clone)]
pub struct Connections {
    pool: Pool<Maker>,
    order: Option<Order>,
}

/// Who is next when more are asked for than there are.
#[derive(Clone)]
struct Order {
    line: Arc<Line>,
    /// Whom the asking task works for.
    whose: fn() -> Path,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("status", &self.pool.status()).finish()
    }
}

/// Makes connections, and tests those that waited.
struct Maker {
    options: PgConnectOptions,
    limits: Limits,
    trust: Arc<Trust>,
}

/// A connection and what is known of it.
struct Link {
    db: PgConnection,
    /// The state of trust in which it was last seen to work.
    proved: u64,
    idle_since: Instant,
}

/// Whether the connections that wait can be believed to lead to a primary that answers.
#[derive(Default)]
struct Trust {
    /// Counts the times that it was lost.
    generation: AtomicU64,
    /// The generation of a connection whose test was not answered, plus one, until another could be made.
    suspected: AtomicU64,
    /// Connections proved in earlier generations lead to a server that fell silent: others were made meanwhile, and work.
    silent: AtomicU64,
    pools: Mutex<Vec<WeakPool<Maker>>>,
}

impl Trust {
    /// A connection that was proved in this generation failed. What waits is closed, everywhere: a server that fell silent
    /// would otherwise be found out connection by connection, each after a time limit of its own.
    fn lose(&self, proved: u64, why: &str) {
        if self.generation.compare_exchange(proved, proved + 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        tracing::warn!(why, "a connection to the database failed; those that wait are closed, and made anew");
        for pool in self.pools() {
            drop(pool.retain(|link, _| link.proved > proved));
        }
    }

    /// A test was not answered in time. Whether the server stands still or is another one's by now, a new connection will show.
    fn suspect(&self, proved: u64) {
        self.suspected.fetch_max(proved + 1, Ordering::SeqCst);
    }

    /// A new connection works. Those from before a suspicion wait for answers that will not come.
    fn made(&self, proved: u64) {
        let suspected = self.suspected.load(Ordering::SeqCst);
        if suspected > 0 && proved >= suspected {
            self.silent.fetch_max(suspected, Ordering::SeqCst);
            self.suspected.store(0, Ordering::SeqCst);
        }
    }

    /// Whether a connection is waited for in vain.
    fn is_silent(&self, proved: u64) -> bool {
        proved < self.silent.load(Ordering::SeqCst)
    }

    /// The pools that there still are.
    fn pools(&self) -> Vec<Pool<Maker>> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.upgrade().is_some());
        pools.iter().filter_map(WeakPool::upgrade).collect()
    }
}

impl managed::Manager for Maker {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Link> {
        loop {
            let proved = self.trust.generation.load(Ordering::SeqCst);
            let connected = async {
                let mut db = PgConnection::connect_with(&self.options).await?;
                set_up(&mut db, self.limits).await?;
                sqlx::Result::Ok(Link { db, proved, idle_since: Instant::now() })
            };
            match tokio::time::timeout(ATTEMPT, connected).await {
                // The pool's own time limit ends this. (A server that does not answer may be another one's in a moment.)
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
        let now = self.trust.generation.load(Ordering::SeqCst);
        if link.proved == now && link.idle_since.elapsed() < QUIET {
            return Ok(());
        }
        let cause = match tokio::time::timeout(TEST, test(&mut link.db)).await {
            Ok(Ok(())) => {
                link.proved = now;
                return Ok(());
            }
            Ok(Err(cause)) => cause,
            Err(_) => {
                self.trust.suspect(link.proved);
                silent()
            }
        };
        self.trust.lose(link.proved, &cause.to_string());
        Err(RecycleError::Backend(cause))
    }
}

/// Tells a new connection what all are told, and that it must lead to a server that writes. One round trip.
///
/// - Rows are found by index. Every query names its rows by key, but while a table is small the planner likes to read all
///   of it, keeps that plan, and goes on reading what deleted rows leave behind: a table of a thousand challenges that
///   come and go had hundreds of pages. Without JIT, which takes the forbidden plan's made-up cost for a reason to compile.
/// - A machine of ours that vanishes before COMMIT must not hold a user's rows for hours: the server gives up a transaction
///   in which nothing is said, and a peer that is not heard of. (Over a Unix socket there is no such peer.)
async fn set_up(db: &mut PgConnection, limits: Limits) -> sqlx::Result<()> {
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

/// Whether a connection that waited still leads to a server that writes.
async fn test(db: &mut PgConnection) -> sqlx::Result<()> {
    writes(db.fetch_all(sqlx::raw_sql("SHOW transaction_read_only")).await?)
}

fn writes(answer: Vec<PgRow>) -> sqlx::Result<()> {
    match answer.last().map(|row| row.try_get_unchecked::<String, _>(0)).transpose()?.as_deref() {
        Some("off") => Ok(()),
        // What it says may be old, too: who was signed out or deleted meanwhile is not known there.
        _ => Err(std::io::Error::new(
            std::io::ErrorKind::ReadOnlyFilesystem,
            "the database is read-only: it is a standby, or told to be",
        )
        .into()),
    }
}

/// Whether a connection could not be had because the database there only reads.
pub fn is_read_only(cause: &sqlx::Error) -> bool {
    matches!(cause, sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ReadOnlyFilesystem)
}

fn silent() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer").into()
}

/// Whether a server that cannot be connected to may take a connection soon: it is starting or stopping, or full.
fn may_pass(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(cause) => {
            matches!(cause.kind(), std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound)
        }
        sqlx::Error::Database(cause) => matches!(cause.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}

impl Connections {
    /// At most `size` connections, none of them made yet.
    pub fn new(options: PgConnectOptions, limits: Limits, size: u32) -> Self {
        Self::sharing(options, limits, size, Arc::default())
    }

    /// Further ones to the same database, that neither wait for these nor keep them waiting.
    pub fn apart(&self, size: u32) -> Self {
        let maker = self.pool.manager();
        Self::sharing(maker.options.clone(), maker.limits, size, maker.trust.clone())
    }

    fn sharing(options: PgConnectOptions, limits: Limits, size: u32, trust: Arc<Trust>) -> Self {
        let pool = Pool::builder(Maker { options, limits, trust: trust.clone() })
            .max_size(usize::try_from(size).unwrap_or(1))
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("a runtime is named");
        trust.pools.lock().unwrap_or_else(PoisonError::into_inner).push(pool.weak());
        Self { pool, order: None }
    }

    /// The same ones, given to those who wait in the order that [`crate::fair`] says: nobody is kept waiting by one who asks
    /// for many. `whose`: whom the asking task works for.
    pub fn fairly(mut self, whose: fn() -> Path) -> Self {
        let line = Line::new(self.pool.status().max_size, WAITING);
        self.order = Some(Order { line, whose });
        self
    }

    /// A connection; waits for one that is free, `PoolTimedOut` after five seconds.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        let turn = match &self.order {
            Some(order) => Some(order.turn().await.ok_or(sqlx::Error::PoolTimedOut)?),
            None => None,
        };
        let link = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(cause) => cause,
            PoolError::Closed => sqlx::Error::PoolClosed,
            _ => sqlx::Error::PoolTimedOut,
        })?;
        let maker = self.pool.manager();
        Ok(Connection {
            link: Some(link),
            turn,
            trust: maker.trust.clone(),
            patience: maker.limits.statement + MARGIN,
            progress: Progress::default(),
        })
    }

    /// A transaction. Dropped without [`commit`](Transaction::commit), it is undone.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        let mut connection = self.acquire().await?;
        // Said before it is asked: whether BEGIN arrived is not known until it is answered.
        connection.progress.open = true;
        connection.execute(sqlx::raw_sql("BEGIN")).await?;
        Ok(Transaction(connection))
    }

    /// Where they lead.
    pub fn connect_options(&self) -> &PgConnectOptions {
        &self.pool.manager().options
    }

    /// Connections that are open.
    pub fn size(&self) -> usize {
        self.pool.status().size
    }

    /// Those of them that wait.
    pub fn idle(&self) -> usize {
        self.pool.status().available.min(self.size())
    }

    /// Closes what was not used for long, of these and of all that are apart from them.
    pub fn close_unused(&self) {
        for pool in self.pool.manager().trust.pools() {
            drop(pool.retain(|link, _| link.idle_since.elapsed() < UNUSED));
        }
    }

    /// Closes these and all that are apart from them: gives out no more, and waits a while for those in use.
    pub async fn close_all(&self) {
        let pools = self.pool.manager().trust.pools();
        pools.iter().for_each(Pool::close);
        let started = Instant::now();
        while pools.iter().any(|pool| pool.status().size > 0) && started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Order {
    /// Waits for a turn; `None` after a while.
    async fn turn(&self) -> Option<Ticket> {
        let mut ticket = self.line.join(&(self.whose)()).ok()?;
        if !ticket.is_held() {
            tokio::time::timeout(PATIENCE, ticket.held()).await.ok()?.ok()?;
        }
        Some(ticket)
    }
}

/// A connection in use. Given back when it is dropped, if its conversation has ended; closed otherwise.
pub struct Connection {
    /// `None` only while it is being dropped.
    link: Option<Object<Maker>>,
    /// Given back after the connection: whoever is next finds it there.
    turn: Option<Ticket>,
    trust: Arc<Trust>,
    patience: Duration,
    progress: Progress,
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// Since when a statement is at work whose answer has not ended.
    busy: Option<Instant>,
    /// A transaction is open, or may be.
    open: bool,
    /// A statement failed in that transaction: its COMMIT would be answered by a rollback, without an error.
    failed: bool,
    /// The connection is of no more use.
    broken: bool,
}

impl Progress {
    fn failed(&mut self, cause: &sqlx::Error) {
        match cause {
            sqlx::Error::Database(cause) => {
                self.busy = None;
                self.failed |= self.open;
                self.broken |= cause.code().is_some_and(|code| ends_connection(&code));
            }
            // Nothing was said yet, or all was heard.
            sqlx::Error::RowNotFound | sqlx::Error::Encode(_) => self.busy = None,
            _ => self.broken = true,
        }
    }
}

/// Whether an error of this code tells of its server rather than of its statement: it reads only (25006), shuts down or is
/// starting (57P01 to 57P05), ended a session that was quiet for too long (25P03, 25P04), or the connection failed (08).
fn ends_connection(code: &str) -> bool {
    matches!(code, "25006" | "25P03" | "25P04") || code.starts_with("57P0") || code.starts_with("08")
}

impl Connection {
    fn parts(&mut self) -> (&mut PgConnection, &mut Progress, Patience<'_>) {
        let link: &mut Link = self.link.as_mut().expect("it is taken out only when dropped");
        let patience = Patience { left: self.patience, trust: &self.trust, proved: link.proved, sleep: None };
        (&mut link.db, &mut self.progress, patience)
    }

    /// Does a part of a transaction that is undone by itself when it fails.
    pub async fn part<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.execute(sqlx::raw_sql("SAVEPOINT part")).await?;
        let failed = self.progress.failed;
        let outcome = work(self).await;
        let end = if outcome.is_ok() { "RELEASE part" } else { "ROLLBACK TO part; RELEASE part" };
        self.execute(sqlx::raw_sql(end)).await?;
        self.progress.failed = failed;
        outcome
    }

    /// Finds out what something would come to: it is done, and undone at once, within the transaction.
    pub async fn undone<T>(&mut self, work: impl AsyncFnOnce(&mut Self) -> sqlx::Result<T>) -> sqlx::Result<T> {
        self.execute(sqlx::raw_sql("SAVEPOINT undone")).await?;
        let outcome = work(self).await?;
        self.execute(sqlx::raw_sql("ROLLBACK TO undone; RELEASE undone")).await?;
        Ok(outcome)
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
        if super::broken::is("keeps-dirty") {
            return;
        }
        let Progress { busy, open, broken, .. } = self.progress;
        if busy.is_some() || broken {
            let proved = link.proved;
            drop(Object::take(link));
            // Who leaves a statement in the middle says nothing about the database.
            if broken {
                self.trust.lose(proved, "it broke");
            }
            return;
        }
        if !open {
            return;
        }
        let mut connection = Self {
            link: Some(link),
            turn: self.turn.take(),
            trust: self.trust.clone(),
            patience: ROLLBACK,
            progress: self.progress,
        };
        // Where the rollback does not even begin, as when its runtime ends, the connection is closed.
        connection.progress.busy = Some(Instant::now());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(Transaction(connection).rollback());
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

/// How long an answer is waited for: until its time is over, or it is known that none will come.
struct Patience<'e> {
    left: Duration,
    trust: &'e Trust,
    proved: u64,
    /// Until the next look; made when there is a wait.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Patience<'_> {
    /// Ready when it is over.
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

/// A statement with one answer, heard to its end.
async fn in_time<T>(
    mut statement: BoxFuture<'_, sqlx::Result<T>>,
    progress: &mut Progress,
    mut patience: Patience<'_>,
) -> sqlx::Result<T> {
    progress.busy = Some(Instant::now());
    let outcome = std::future::poll_fn(|context| match statement.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(outcome),
        Poll::Pending => patience.poll(context).map(|()| Err(silent())),
    })
    .await;
    match &outcome {
        Ok(_) => progress.busy = None,
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
        self.progress.busy.get_or_insert_with(Instant::now);
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
            None => self.progress.busy = None,
        }
        Poll::Ready(next)
    }
}

/// A single statement, on a connection of its own that is given back before the answer is read.
impl<'c> Executor<'c> for &'c Connections {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        let heard = async move {
            let mut connection = connections.acquire().await?;
            connection.fetch_many(query).try_collect::<Vec<_>>().await
        };
        stream::once(heard).map_ok(|answer| stream::iter(answer).map(Ok)).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.prepare_with(sql, parameters).await })
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<Postgres>>>
    where
        'c: 'e,
    {
        let connections = self.clone();
        Box::pin(async move { connections.acquire().await?.describe(sql).await })
    }
}

/// A transaction in work. Dropped before [`commit`](Transaction::commit) was answered, it is undone, unless it was the
/// answer alone that was lost.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Transaction {
    /// Commits. An error means that nobody knows whether it was, but for one: where a statement failed before, nothing was.
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
            Ok(_) => self.0.progress = Progress::default(),
            // Not rolled back, for whatever reason: nobody else's.
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
