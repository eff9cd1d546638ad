//! [`Event`] and [`Summary`]: what a run tells while it goes on, and in the end. Plain data.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::digest::Digest;
use crate::{Error, MessageId};

/// One step of a run. Sizes are in octets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server's listing was compared with the ledger: so many messages are there, and so many of them, with so many octets by
    /// the server's word, are to be brought.
    Listed {
        /// On the server.
        messages: usize,
        /// To be brought, headers included.
        wanted: usize,
        /// The size of those that are to be brought whole.
        octets: u64,
    },
    /// So many lines of the server's listing could not be read, or contradict each other even when they were asked again: there may be
    /// messages that this run does not know of.
    ListingFlawed(u64),
    /// An earlier run was cut off when this message, named as in the ledger, was stored; now it is delivered.
    Recovered(String),
    /// Delivered whole, and noted.
    Collected {
        /// Which message.
        id: MessageId,
        /// How much came.
        octets: u64,
    },
    /// Its header is delivered, and noted; the message is over the size that the policy allows.
    HeaderCollected {
        /// Which message.
        id: MessageId,
    },
    /// It was brought, and known by its digest under another name: not delivered again.
    Recognised {
        /// Which message.
        id: MessageId,
        /// How much came.
        octets: u64,
    },
    /// The server no longer has it: it went after it was listed, and before it was brought for certain. Nothing of it is stored.
    Gone {
        /// Which message.
        id: MessageId,
    },
    /// Its size is another than the server declares, and it came twice alike: it is accepted. [`Collected`](Self::Collected) or
    /// [`Recognised`](Self::Recognised) follows.
    Confirmed {
        /// Which message.
        id: MessageId,
        /// The size that the server declares.
        declared: u64,
        /// How much came.
        received: u64,
    },
    /// Its size is another than the server declares, and it came twice with different bytes. The second reading is delivered
    /// ([`Collected`](Self::Collected) follows), the ledger remembers both, and it is never deleted from the server.
    Differs {
        /// Which message.
        id: MessageId,
        /// The digest of what came first; not stored.
        first: Digest,
        /// The digest of what came then.
        second: Digest,
    },
    /// A quirk of the server: the sizes it declares are only estimates. So many messages in a row came twice alike that from now on
    /// a message of another size is accepted as it comes, unless it has less than half of the size declared. The ledger remembers it; told
    /// once in each run that makes use of it.
    SizesAreEstimates,
    /// It could not be brought or stored; it stays on the server. Other messages are not concerned.
    Failed {
        /// Which message; `None` where the failure is not about one.
        id: Option<MessageId>,
        /// Why.
        error: Error,
    },
    /// It is gone from the server for certain.
    Deleted {
        /// Which message.
        id: MessageId,
    },
    /// Its deletion was asked for, and the reply that would make it certain is missing or negative: the next run finds out.
    DeletionUnknown {
        /// Which message.
        id: MessageId,
    },
}

/// What a run has done, in numbers of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// On the server, when the run began.
    pub listed: usize,
    /// Flaws of that listing: messages may be missing from it.
    pub flaws: u64,
    /// Delivered that an earlier run had stored before it was cut off.
    pub recovered: usize,
    /// Delivered whole.
    pub collected: usize,
    /// The octets of those.
    pub octets: u64,
    /// Of which the header was delivered.
    pub headers: usize,
    /// Brought, and known by their digest.
    pub recognised: usize,
    /// Gone from the server before they were brought.
    pub gone: usize,
    /// Accepted though the server declares another size, since they came twice alike.
    pub confirmed: usize,
    /// That came twice with different bytes: delivered once, never deleted.
    pub differing: usize,
    /// Whether the server's sizes count as estimates.
    pub sizes_are_estimates: bool,
    /// Left for a later run, since the budget was spent.
    pub waiting: usize,
    /// Failures.
    pub failed: usize,
    /// Deleted from the server for certain.
    pub deleted: usize,
    /// Perhaps deleted from the server.
    pub deletions_unknown: usize,
}

impl Summary {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Listed { messages, .. } => self.listed = *messages,
            Event::ListingFlawed(flaws) => self.flaws = *flaws,
            Event::Recovered(_) => self.recovered += 1,
            Event::Collected { octets, .. } => {
                self.collected += 1;
                self.octets += octets;
            }
            Event::HeaderCollected { .. } => self.headers += 1,
            Event::Recognised { .. } => self.recognised += 1,
            Event::Gone { .. } => self.gone += 1,
            Event::Confirmed { .. } => self.confirmed += 1,
            Event::Differs { .. } => self.differing += 1,
            Event::SizesAreEstimates => self.sizes_are_estimates = true,
            Event::Failed { .. } => self.failed += 1,
            Event::Deleted { .. } => self.deleted += 1,
            Event::DeletionUnknown { .. } => self.deletions_unknown += 1,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages on the server, {} collected ({} octets)", self.listed, self.collected, self.octets)?;
        let rest = [
            (self.recovered, "recovered"),
            (self.headers, "headers"),
            (self.recognised, "recognised"),
            (self.gone, "gone meanwhile"),
            (self.confirmed, "confirmed"),
            (self.differing, "differing"),
            (self.waiting, "waiting"),
            (self.failed, "failed"),
            (self.deleted, "deleted"),
            (self.deletions_unknown, "perhaps deleted"),
        ];
        rest.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, what)| write!(f, ", {count} {what}"))?;
        if self.flaws > 0 {
            write!(f, ", {} flaws in the listing", self.flaws)?;
        }
        if self.sizes_are_estimates { f.write_str(", sizes are estimates") } else { Ok(()) }
    }
}

/// What the run's work and its handle share.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    events: VecDeque<Event>,
    summary: Summary,
}

impl EventQueue {
    pub(super) fn push(&self, event: Event) {
        self.with(|inner| {
            inner.summary.count(&event);
            inner.events.push_back(event);
        });
    }

    pub(super) fn failed(&self, id: &MessageId, error: Error) {
        tracing::warn!(message = %id, %error, "a message could not be collected");
        self.push(Event::Failed { id: Some(id.clone()), error });
    }

    /// Once in a run.
    pub(super) fn sizes_are_estimates(&self) {
        if !self.summary().sizes_are_estimates {
            tracing::warn!("the server's sizes are only estimates");
            self.push(Event::SizesAreEstimates);
        }
    }

    pub(super) fn waiting(&self, messages: usize) {
        self.with(|inner| inner.summary.waiting = messages);
    }

    pub(super) fn take(&self) -> Option<Event> {
        self.with(|inner| inner.events.pop_front())
    }

    pub(super) fn summary(&self) -> Summary {
        self.with(|inner| inner.summary)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
