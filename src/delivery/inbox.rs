//! The development inbox: messages that a developer reads at `GET /dev/inbox` instead of in a mailbox.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

use super::Message;

/// How many messages are kept. When there are more, the oldest is dropped.
const KEPT: usize = 200;

/// The latest messages that this process put into the development inbox.
#[derive(Default)]
pub struct Inbox(Mutex<BTreeMap<Uuid, Message>>);

impl Inbox {
    /// Adds a message. IDs sort by the time at which their messages were written.
    pub(super) fn put(&self, id: Uuid, message: Message) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(id, message);
        if kept.len() > KEPT {
            kept.pop_first();
        }
    }

    /// Returns the messages to this address (or all messages, if `to` is `None`), newest first.
    pub fn read(&self, to: Option<&str>) -> Vec<Message> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().rev().filter(|message| to.is_none_or(|to| to == message.to)).cloned().collect()
    }
}
