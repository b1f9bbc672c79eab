//! The queue of authentication events that wait to be written to the database.

use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use crate::store::auth_events::AuthEvent;

/// An event that waits to be written.
pub struct Noted {
    pub pool_id: String,
    pub who: Who,
    pub event: AuthEvent,
}

/// The user that an event belongs to.
pub enum Who {
    User(Uuid),
    /// A name, as `Pool::username_key` returns it. Possibly no user has this name.
    Name(String),
}

/// Events that wait to be written.
///
/// Calls do not wait until their events are written, so their duration does not reveal whether a user exists. Events
/// beyond the limit are lost, and so are events that still wait when the replica stops.
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

    /// Waits for the next event. If several tasks call this, each event goes to one of them.
    pub async fn next(&self) -> Option<Noted> {
        self.receiver.lock().await.recv().await
    }
}
