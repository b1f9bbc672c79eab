//! Connections to PostgreSQL that are never handed on in the middle of a conversation.
//!
//! A future may be dropped at any await: a time limit, a hung-up client, a panic, a shutdown. What the server was told by
//! then and what it goes on to do, nobody knows; least of all sqlx, which notes a transaction only once `BEGIN` was
//! answered. So a [`Connection`] keeps its own account: it is in the middle of something from the first byte of a
//! statement to the last byte of its answer, and from before `BEGIN` until `COMMIT` or `ROLLBACK` was answered. Dropped in
//! the middle of a statement, its socket is closed; dropped in a transaction, it is rolled back first, or closed.
//!
//! The connections of a server share their `Trust`: when one fails, none that waits is believed any more.

mod connection;
mod link;
mod trust;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool::managed::{Pool, PoolError, QueueMode, WeakPool};
use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Either, Execute, Executor, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

pub use connection::{Connection, Transaction};
use link::Maker;
pub use link::{is_read_only, may_pass};
use trust::Trust;

use crate::{
    config::DatabaseLimits,
    error::table_is_locked,
    fair::{Line, Path, Ticket, TurnedAway},
};

/// Time for a turn, and as much for a connection to be made.
const PATIENCE: Duration = Duration::from_secs(5);
/// Those who may wait for a connection; places among the requests bound them before.
const WAITING: usize = 2_048;
/// Unused connections are closed after this time.
const UNUSED: Duration = Duration::from_secs(600);

/// Connections that are shared, at most so many.
#[derive(Clone)]
pub struct Connections {
    pool: Pool<Maker>,
    /// These and all that are apart from them.
    siblings: Siblings,
    order: Option<Order>,
}

type Siblings = Arc<Mutex<Vec<WeakPool<Maker>>>>;

/// Who is next when more are asked for than there are.
#[derive(Clone)]
struct Order {
    line: Arc<Line>,
    /// Whom the asking task works for, and at what.
    whose: fn() -> Path,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("status", &self.pool.status()).finish()
    }
}

impl Connections {
    /// At most `size` connections, none of them made yet.
    pub fn new(options: PgConnectOptions, limits: DatabaseLimits, size: u32) -> Self {
        Self::sharing(options, limits, size, (Arc::default(), Siblings::default()))
    }

    /// Further ones to the same database, that neither wait for these nor keep them waiting.
    pub fn apart(&self, size: u32) -> Self {
        let maker = self.pool.manager();
        Self::sharing(maker.options.clone(), maker.limits, size, (maker.trust.clone(), self.siblings.clone()))
    }

    fn sharing(
        options: PgConnectOptions,
        limits: DatabaseLimits,
        size: u32,
        (trust, siblings): (Arc<Trust>, Siblings),
    ) -> Self {
        let pool = Pool::builder(Maker { options, limits, trust: trust.clone() })
            .max_size(usize::try_from(size).unwrap_or(1))
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("a runtime is named");
        let weak = pool.weak();
        trust.covers(move |proved| {
            let Some(pool) = weak.upgrade() else { return false };
            drop(pool.retain(|link, _| link.proved > proved));
            true
        });
        siblings.lock().unwrap_or_else(PoisonError::into_inner).push(pool.weak());
        Self { pool, siblings, order: None }
    }

    /// The same ones, given to those who wait in the order that [`crate::fair`] says: nobody is kept waiting by one who asks
    /// for many, or by calls of one operation that all wait for a table which an operator locks: those have two thirds of the
    /// connections at most. `whose`: whom the asking task works for, and at what.
    pub fn fairly(mut self, whose: fn() -> Path) -> Self {
        let size = self.pool.status().max_size;
        let line = Line::bounding((2 * size).div_ceil(3), size, WAITING);
        self.order = Some(Order { line, whose });
        self
    }

    /// A connection; waits for a turn, `PoolTimedOut` after five seconds, and as long for one that has to be made.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        let turn = match &self.order {
            Some(order) => Some(order.turn().await?),
            None => None,
        };
        let link = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(cause) => cause,
            PoolError::Closed => sqlx::Error::PoolClosed,
            _ => sqlx::Error::PoolTimedOut,
        })?;
        Ok(Connection::new(link, turn, self.pool.manager()))
    }

    /// A transaction. Dropped without [`commit`](Transaction::commit), it is undone.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        Transaction::begin(self.acquire().await?).await
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

    /// The pools that there still are, these and all that are apart from them.
    fn all(&self) -> Vec<Pool<Maker>> {
        let mut pools = self.siblings.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.upgrade().is_some());
        pools.iter().filter_map(WeakPool::upgrade).collect()
    }

    /// Closes what was not used for long, of these and of all that are apart from them.
    pub fn close_unused(&self) {
        for pool in self.all() {
            drop(pool.retain(|link, _| link.idle_since.elapsed() < UNUSED));
        }
    }

    /// Closes these and all that are apart from them: gives out no more, and waits a while for those in use.
    pub async fn close_all(&self) {
        let pools = self.all();
        pools.iter().for_each(Pool::close);
        let started = Instant::now();
        while pools.iter().any(|pool| pool.status().size > 0) && started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Order {
    /// Waits for a turn; `PoolTimedOut` after a while. Who needs a table that is known to be locked does not wait.
    async fn turn(&self) -> sqlx::Result<Ticket> {
        let path = (self.whose)();
        if self.line.is_still(&path) && self.line.has_its_share_of_still() {
            return Err(table_is_locked());
        }
        let mut ticket = self.line.join(&path).map_err(|TurnedAway| sqlx::Error::PoolTimedOut)?;
        if !ticket.is_held() {
            let given = tokio::time::timeout(PATIENCE, ticket.held()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
            let refusal = |TurnedAway| match self.line.is_still(&path) {
                true => table_is_locked(),
                false => sqlx::Error::PoolTimedOut,
            };
            given.map_err(refusal)?;
        }
        Ok(ticket)
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
