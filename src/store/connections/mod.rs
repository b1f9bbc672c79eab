//! Connections to PostgreSQL that are never passed on in the middle of a conversation.
//!
//! A future may be dropped at any await: because of a time limit, a client that hangs up, a panic or a shutdown. Then
//! nobody knows what the server has received and what it is still doing. Even sqlx does not, because it notes a
//! transaction only when the server has responded to `BEGIN`. So a [`Connection`] keeps its own record. A connection
//! counts as busy from the first byte of a statement to the last byte of the result. It counts as in a transaction from
//! before `BEGIN` is sent until the server has responded to `COMMIT` or `ROLLBACK`. If a connection is dropped while it
//! is busy, its socket is closed. If it is dropped in a transaction, the transaction is rolled back before others get
//! the connection; if that fails, the socket is closed.
//!
//! The connections to a server share their `Trust`: when one of them fails, the idle ones are closed.

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
use tokio::runtime::Handle;

pub use connection::{Connection, Transaction};
use link::Maker;
pub use link::{is_read_only, may_pass};
use trust::Trust;

use crate::{
    config::DatabaseLimits,
    error::table_is_locked,
    fair::{Line, Path, Ticket, TurnedAway},
};

/// How long to wait for a turn, and then as long again for a connection to be made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many tasks may wait for a connection. By default, admission control (`crate::admission`) lets fewer requests
/// run.
const WAITING: usize = 2_048;
/// Connections that were unused for this time are closed.
const UNUSED: Duration = Duration::from_secs(600);

/// A connection pool: a bounded number of shared connections.
#[derive(Clone)]
pub struct Connections {
    pool: Pool<Maker>,
    /// All connection pools to the same database, including this one. [`Connections::apart`] adds another.
    siblings: Siblings,
    order: Option<Order>,
}

type Siblings = Arc<Mutex<Vec<WeakPool<Maker>>>>;

/// The order in which tasks get connections when there are not enough.
#[derive(Clone)]
struct Order {
    line: Arc<Line>,
    /// Returns whom the current task works for, and what it does.
    whose: fn() -> Path,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("status", &self.pool.status()).finish()
    }
}

impl Connections {
    /// Creates a pool of at most `size` connections. None of them is made yet.
    pub fn new(options: PgConnectOptions, limits: DatabaseLimits, size: u32) -> Self {
        Self::sharing(options, limits, size, Handle::current(), (Arc::default(), Siblings::default()))
    }

    /// Creates another pool of connections to the same database. Neither pool ever waits for connections of the other.
    pub fn apart(&self, size: u32) -> Self {
        let maker = self.pool.manager();
        let shared = (maker.trust.clone(), self.siblings.clone());
        Self::sharing(maker.options.clone(), maker.limits, size, maker.runtime.clone(), shared)
    }

    fn sharing(
        options: PgConnectOptions,
        limits: DatabaseLimits,
        size: u32,
        runtime: Handle,
        (trust, siblings): (Arc<Trust>, Siblings),
    ) -> Self {
        let pool = Pool::builder(Maker { options, limits, runtime, trust: trust.clone() })
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

    /// Makes waiting tasks get their connections in the order that [`crate::fair`] decides.
    ///
    /// So a caller with many requests does not keep others waiting. Nor do the calls of one operation, if all of them
    /// wait for a table that an operator has locked, because one operation has at most two thirds of the connections.
    /// `whose` returns whom the current task works for, and what it does.
    pub fn fairly(mut self, whose: fn() -> Path) -> Self {
        let size = self.pool.status().max_size;
        let line = Line::bounding((2 * size).div_ceil(3), size, WAITING);
        self.order = Some(Order { line, whose });
        self
    }

    /// Acquires a connection. Waits for a turn, and then for a connection if one has to be made. Fails with
    /// `PoolTimedOut` if either wait takes five seconds.
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

    /// Begins a transaction. If the transaction is dropped without [`commit`](Transaction::commit), it is undone.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        Transaction::begin(self.acquire().await?).await
    }

    /// The options with which connections are made, such as the server's address.
    pub fn connect_options(&self) -> &PgConnectOptions {
        &self.pool.manager().options
    }

    /// The number of open connections.
    pub fn size(&self) -> usize {
        self.pool.status().size
    }

    /// The number of open connections that are idle.
    pub fn idle(&self) -> usize {
        self.pool.status().available.min(self.size())
    }

    /// Returns the pools to the same database that still exist, including this one.
    fn all(&self) -> Vec<Pool<Maker>> {
        let mut pools = self.siblings.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.upgrade().is_some());
        pools.iter().filter_map(WeakPool::upgrade).collect()
    }

    /// Closes connections that have long been unused, in all pools to the same database.
    pub fn close_unused(&self) {
        for pool in self.all() {
            drop(pool.retain(|link, _| link.idle_since.elapsed() < UNUSED));
        }
    }

    /// Closes all pools to the same database. They give out no more connections. Waits up to five seconds for the
    /// connections in use.
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
    /// Waits for a turn. Fails with `PoolTimedOut` if there is no room to wait, or no turn within five seconds.
    ///
    /// Work of a kind that is known to be stalled by a locked table fails at once if such kinds already hold their
    /// share of the connections.
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

/// Runs a single statement on a connection of its own, which goes back to the pool before the caller reads the result.
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

#[cfg(test)]
mod tests {
    use sqlx::{
        Connection, PgConnection,
        postgres::{PgConnectOptions, PgSslMode},
    };

    /// Cargo.toml asks for TLS by a feature of a crate behind sqlx. Without it, a connection that must use TLS fails as
    /// soon as the server is reached.
    #[tokio::test]
    async fn connections_may_use_tls() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let hangs_up = std::thread::spawn(move || drop(server.accept()));
        let options = PgConnectOptions::new().host("127.0.0.1").port(port).username("ada").ssl_mode(PgSslMode::Require);
        let failed = PgConnection::connect_with(&options).await.unwrap_err();
        assert!(matches!(failed, sqlx::Error::Io(_)), "{failed}");
        hangs_up.join().unwrap();
    }
}
