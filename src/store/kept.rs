//! A connection kept for one user, beside the pool: a pool tests each connection that comes back with a round trip of its
//! own, which costs as much as a small statement.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::Mutex;

/// After this much quiet a connection is tested before it is used, so that a database that was restarted meanwhile (which
/// takes longer) fails no request that came after. Busy connections are never tested: it costs a round trip.
pub const QUIET: Duration = Duration::from_millis(50);
/// Time for a connection to be made.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connection, while it is not in use.
pub struct Kept {
    /// Whose database it is.
    pool: PgPool,
    idle: Mutex<Option<(Instant, PgConnection)>>,
}

impl Kept {
    /// None yet; made when it is first needed.
    pub fn new(pool: &PgPool) -> Self {
        Self { pool: pool.clone(), idle: Mutex::new(None) }
    }

    /// Takes the connection out. Who does not [give it back](Kept::give_back) (after an error, or dropped in the middle of
    /// a statement) has ended it.
    pub async fn take(&self) -> sqlx::Result<PgConnection> {
        if let Some((since, mut connection)) = self.idle.lock().await.take()
            && (since.elapsed() < QUIET || connection.ping().await.is_ok())
        {
            return Ok(connection);
        }
        let options = self.pool.connect_options();
        let connect = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            super::set_up(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(PATIENCE, connect).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// Keeps a connection whose last statement succeeded.
    pub async fn give_back(&self, connection: PgConnection) {
        *self.idle.lock().await = Some((Instant::now(), connection));
    }
}
