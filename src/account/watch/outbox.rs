//! [`Outbox`]: what was found and waits for the reader. It must not know how it was found.

use std::collections::VecDeque;
use std::future::pending;

use tokio::sync::mpsc;

use super::event::Watched;
use crate::imap::{MailboxName, SyncPoint};

/// What was found in one step.
pub(super) struct Batch {
    pub(super) events: VecDeque<Watched>,
    /// The position after the events.
    pub(super) moved: Vec<Moved>,
}

/// A change of the position.
pub(super) enum Moved {
    To(MailboxName, SyncPoint),
    Renamed(MailboxName, MailboxName),
    Gone(MailboxName),
}

pub(super) struct Outbox {
    sender: mpsc::Sender<Batch>,
    waiting: VecDeque<Batch>,
}

impl Outbox {
    pub(super) fn new(sender: mpsc::Sender<Batch>) -> Self {
        Self { sender, waiting: VecDeque::new() }
    }

    pub(super) fn push(&mut self, batch: Batch) {
        self.waiting.push_back(batch);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Hands over one step. `false` if nobody reads any more. Waits if there is nothing to hand over. Cancel-safe.
    pub(super) async fn pass(&mut self) -> bool {
        if self.waiting.is_empty() {
            self.sender.closed().await;
            return false;
        }
        let Ok(permit) = self.sender.reserve().await else { return false };
        match self.waiting.pop_front() {
            Some(batch) => permit.send(batch),
            None => pending().await,
        }
        true
    }

    /// Hands over what waits, until nobody reads any more.
    pub(super) async fn unread(&mut self) {
        while self.pass().await {}
    }
}
