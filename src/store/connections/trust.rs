//! What the connections to a server know about it together.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Whether idle connections can be trusted to lead to a primary that answers.
#[derive(Default)]
pub(super) struct Trust {
    /// How many times trust was lost.
    generation: AtomicU64,
    /// The generation of a connection whose test was not answered, plus one, until another connection could be made.
    suspected: AtomicU64,
    /// Connections proved in earlier generations lead to a server that fell silent: others were made since, and work.
    silent: AtomicU64,
    closers: Mutex<Vec<Closer>>,
}

/// Closes the idle connections of a pool that were proved in this generation or before; `false` when the pool no longer
/// exists.
type Closer = Box<dyn Fn(u64) -> bool + Send>;

impl Trust {
    /// The generation in which a connection that is made or tested now is proved.
    pub(super) fn now(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Registers a further function that is called when trust is lost.
    pub(super) fn covers(&self, close: impl Fn(u64) -> bool + Send + 'static) {
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(close));
    }

    /// Reports that a connection that was proved in this generation failed. All idle connections are closed, in every
    /// pool. Otherwise a server that fell silent would be discovered connection by connection, each after a time limit
    /// of its own.
    pub(super) fn lose(&self, proved: u64, why: &str) {
        if self.generation.compare_exchange(proved, proved + 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        tracing::warn!(why, "a connection to the database failed; those that wait are closed, and made anew");
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).retain(|close| close(proved));
    }

    /// Reports that a test was not answered in time. A new connection will show whether the server stands still or
    /// another has taken its place.
    pub(super) fn suspect(&self, proved: u64) {
        self.suspected.fetch_max(proved + 1, Ordering::SeqCst);
    }

    /// Reports that a new connection works. Connections from before a suspicion wait for answers that will not come.
    pub(super) fn made(&self, proved: u64) {
        let suspected = self.suspected.load(Ordering::SeqCst);
        if suspected > 0 && proved >= suspected {
            self.silent.fetch_max(suspected, Ordering::SeqCst);
            self.suspected.store(0, Ordering::SeqCst);
        }
    }

    /// Whether waiting for a connection's answer is in vain.
    pub(super) fn is_silent(&self, proved: u64) -> bool {
        proved < self.silent.load(Ordering::SeqCst)
    }
}
