//! What all connections to one server know about that server.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Keeps track of whether idle connections can be trusted to lead to a primary server that responds.
#[derive(Default)]
pub(super) struct Trust {
    /// How many times trust was lost. This is the number of the present generation of connections: those that were made
    /// or tested since trust was last lost.
    generation: AtomicU64,
    /// One more than the generation of a connection whose test got no response; 0 if there is no such connection. It is
    /// 0 again once a newer connection works.
    suspected: AtomicU64,
    /// Connections of generations before this number lead to a server that no longer responds: the test of one of them
    /// got no response, but newer connections work.
    silent: AtomicU64,
    closers: Mutex<Vec<Closer>>,
}

/// Closes a pool's idle connections that were last seen to work in the given generation or before. Returns `false` if
/// the pool no longer exists.
type Closer = Box<dyn Fn(u64) -> bool + Send>;

impl Trust {
    /// Returns the present generation, for a connection that is made or tested now.
    pub(super) fn now(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Registers a pool's [`Closer`], which is called when trust is lost.
    pub(super) fn covers(&self, close: impl Fn(u64) -> bool + Send + 'static) {
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(close));
    }

    /// Reports the failure of a connection that was last seen to work in generation `proved`. If that is still the
    /// present generation, all idle connections of all pools are closed. If they stayed open, the dead ones would be
    /// detected one by one, each only after its own time limit.
    pub(super) fn lose(&self, proved: u64, why: &str) {
        if self.generation.compare_exchange(proved, proved + 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        tracing::warn!(why, "a connection to the database failed; those that wait are closed, and made anew");
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).retain(|close| close(proved));
    }

    /// Reports that the test of a connection got no response in time. A new connection will show whether the server is
    /// stalled, or whether another server has taken its place.
    pub(super) fn suspect(&self, proved: u64) {
        self.suspected.fetch_max(proved + 1, Ordering::SeqCst);
    }

    /// Reports that a new connection of generation `proved` works. If the test of a connection of an earlier generation
    /// got no response, the connections of that generation and before wait for responses that will not come.
    pub(super) fn made(&self, proved: u64) {
        let suspected = self.suspected.load(Ordering::SeqCst);
        if suspected > 0 && proved >= suspected {
            self.silent.fetch_max(suspected, Ordering::SeqCst);
            self.suspected.store(0, Ordering::SeqCst);
        }
    }

    /// Whether a connection of generation `proved` waits for the server's response in vain.
    pub(super) fn is_silent(&self, proved: u64) -> bool {
        proved < self.silent.load(Ordering::SeqCst)
    }
}
