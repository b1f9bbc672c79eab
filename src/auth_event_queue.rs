//! What users did, on its way to the database.

use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use crate::store::auth_events::AuthEvent;

/// An event on its way to the database.
pub struct Noted {
    pub pool_id: String,
    pub who: Who,
    pub event: AuthEvent,
}

/// Whose an event is.
pub enum Who {
    User(Uuid),
    /// As it is compared; perhaps nobody's.
    Name(String),
}

/// Events that wait to be written. A call never waits for them, so that its time does not tell whether there is a user to
/// write of; what is over the bound is lost, and so is what waits when a replica dies.
pub struct AuthEventQueue {
    sender: mpsc::Sender<Noted>,
    receiver: Mutex<mpsc::Receiver<Noted>>,
}

/// Events that wait, at most.
const WAITING: usize = 4_096;

impl Default for AuthEventQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl AuthEventQueue {
    /// Puts an event at the end; `false` when too many wait, and it is lost.
    pub fn push(&self, noted: Noted) -> bool {
        self.sender.try_send(noted).is_ok()
    }

    /// The next event. One writer at a time.
    pub async fn next(&self) -> Option<Noted> {
        self.receiver.lock().await.recv().await
    }
}
