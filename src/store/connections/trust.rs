//! What the connections of a server know of it together.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Whether the connections that wait can be believed to lead to a primary that answers.
#[derive(Default)]
pub(super) struct Trust {
    /// Counts the times that it was lost.
    generation: AtomicU64,
    /// The generation of a connection whose test was not answered, plus one, until another could be made.
    suspected: AtomicU64,
    /// Connections proved in earlier generations lead to a server that fell silent: others were made meanwhile, and work.
    silent: AtomicU64,
    closers: Mutex<Vec<Closer>>,
}

/// Closes the connections of a pool that wait and were proved in this generation at the latest; `false`: there is no such pool
/// any more.
type Closer = Box<dyn Fn(u64) -> bool + Send>;

impl Trust {
    /// The state in which a connection that is made or tested now is proved.
    pub(super) fn now(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Has this called, too, when trust is lost.
    pub(super) fn covers(&self, close: impl Fn(u64) -> bool + Send + 'static) {
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(close));
    }

    /// A connection that was proved in this generation failed. What waits is closed, everywhere: a server that fell silent
    /// would otherwise be found out connection by connection, each after a time limit of its own.
    pub(super) fn lose(&self, proved: u64, why: &str) {
        if self.generation.compare_exchange(proved, proved + 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        tracing::warn!(why, "a connection to the database failed; those that wait are closed, and made anew");
        self.closers.lock().unwrap_or_else(PoisonError::into_inner).retain(|close| close(proved));
    }

    /// A test was not answered in time. Whether the server stands still or is another one's by now, a new connection will show.
    pub(super) fn suspect(&self, proved: u64) {
        self.suspected.fetch_max(proved + 1, Ordering::SeqCst);
    }

    /// A new connection works. Those from before a suspicion wait for answers that will not come.
    pub(super) fn made(&self, proved: u64) {
        let suspected = self.suspected.load(Ordering::SeqCst);
        if suspected > 0 && proved >= suspected {
            self.silent.fetch_max(suspected, Ordering::SeqCst);
            self.suspected.store(0, Ordering::SeqCst);
        }
    }

    /// Whether a connection is waited for in vain.
    pub(super) fn is_silent(&self, proved: u64) -> bool {
        proved < self.silent.load(Ordering::SeqCst)
    }
}
