//! The queue of authentication events on their way to the database.

use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use crate::store::auth_events::AuthEvent;

/// An event on its way to the database.
pub struct Noted {
    pub pool_id: String,
    pub who: Who,
    pub event: AuthEvent,
}

/// The user that an event belongs to.
pub enum Who {
    User(Uuid),
    /// The name in the form in which it is compared. Perhaps no user has it.
    Name(String),
}

/// Events that wait to be written.
///
/// A call never waits for them, so its duration does not reveal whether the user exists. Events beyond the limit are
/// lost, and so are those that wait when a replica dies.
pub struct AuthEventQueue {
    sender: mpsc::Sender<Noted>,
    receiver: Mutex<mpsc::Receiver<Noted>>,
}

/// The most events that may wait.
const WAITING: usize = 4_096;

impl Default for AuthEventQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl AuthEventQueue {
    /// Adds an event. Returns `false` if too many wait already; the event is then lost.
    pub fn push(&self, noted: Noted) -> bool {
        self.sender.try_send(noted).is_ok()
    }

    /// The next event. Only one writer works at a time.
    pub async fn next(&self) -> Option<Noted> {
        self.receiver.lock().await.recv().await
    }
}
