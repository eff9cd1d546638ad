//! [`Event`] and [`Summary`]: what a run reports while it runs, and at its end. Plain data.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::digest::Digest;
use crate::{Error, MessageId};

/// One step of a run. Sizes are in octets.
///
/// ```
/// use postroom::collect::Event;
///
/// fn line(event: &Event) -> Option<String> {
///     match event {
///         Event::Collected { id, octets } => Some(format!("{id}: {octets} octets")),
///         Event::Failed { error, .. } => Some(format!("not collected: {error}")),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server's listing was compared with the ledger.
    Listed {
        /// How many messages are on the server.
        messages: usize,
        /// How many of them are to be downloaded, headers included.
        wanted: usize,
        /// The declared size of those that are to be downloaded whole.
        octets: u64,
    },
    /// This number of lines of the server's listing cannot be read, or contradict each other even in a second listing: there may be
    /// messages that this run does not know.
    ListingFlawed(u64),
    /// The policy leaves messages on the server for longer than the server keeps them, which removes them by itself (POP3: EXPIRE, RFC 2449
    /// §6.7; or Gmail's setting). What was collected is safe; what other devices have not collected by then is not. Reported before
    /// anything is downloaded. If the time is zero and a message fails, the run deletes nothing; drop the session then, since its QUIT may
    /// make the server delete that message.
    MayExpire {
        /// How long the server keeps a message at least; zero if it may remove it as soon as it was downloaded.
        kept_for: Duration,
    },
    /// An earlier run was interrupted after this message, named as in the ledger, was stored; now it is delivered.
    Recovered(String),
    /// Delivered whole, and in the ledger.
    Collected {
        /// Which message.
        id: MessageId,
        /// The octets received.
        octets: u64,
    },
    /// Its header is delivered and in the ledger; the message is over the size that the policy allows.
    HeaderCollected {
        /// Which message.
        id: MessageId,
    },
    /// It was downloaded, and its digest is known under another name: it is not delivered again.
    Recognised {
        /// Which message.
        id: MessageId,
        /// The octets received.
        octets: u64,
    },
    /// The server no longer has it: it was removed after the listing, before it was certainly downloaded. Nothing of it is stored.
    Gone {
        /// Which message.
        id: MessageId,
    },
    /// Its size is not the declared one, but it came twice with the same bytes: it is accepted. [`Collected`](Self::Collected) or
    /// [`Recognised`](Self::Recognised) follows.
    Confirmed {
        /// Which message.
        id: MessageId,
        /// The size that the server declares.
        declared: u64,
        /// The octets received.
        received: u64,
    },
    /// Its size is not the declared one, and it came twice with different bytes. The second reading is delivered
    /// ([`Collected`](Self::Collected) follows), the ledger remembers both, and it is never deleted from the server.
    Differs {
        /// Which message.
        id: MessageId,
        /// The digest of the first reading, which is not stored.
        first: Digest,
        /// The digest of the second reading.
        second: Digest,
    },
    /// The sizes that the server declares are only estimates: eight messages in a row came twice with the same bytes. From now on a message
    /// of another size is accepted at once, unless it has less than half of the declared size. The ledger remembers it; reported once in
    /// each run that depends on it.
    SizesAreEstimates,
    /// It was not downloaded or stored, and stays on the server. Other messages are not affected.
    Failed {
        /// Which message; `None` if the failure is not about one.
        id: Option<MessageId>,
        /// Why.
        error: Error,
    },
    /// It was certainly deleted from the server.
    Deleted {
        /// Which message.
        id: MessageId,
    },
    /// Its deletion was requested, but not confirmed: the next run finds out.
    DeletionUnknown {
        /// Which message.
        id: MessageId,
    },
}

/// What a run has done, in numbers of messages.
///
/// ```
/// let nothing = postroom::collect::Summary::default();
/// assert_eq!(nothing.to_string(), "0 messages on the server, 0 collected (0 octets)");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// On the server when the run began.
    pub listed: usize,
    /// Flaws of that listing; it may lack messages.
    pub flaws: u64,
    /// How long the server keeps messages, if the policy leaves them there for longer.
    pub kept_for: Option<Duration>,
    /// Delivered now, after an earlier run had stored them and was interrupted.
    pub recovered: usize,
    /// Delivered whole.
    pub collected: usize,
    /// The octets of those.
    pub octets: u64,
    /// Whose header was delivered.
    pub headers: usize,
    /// Downloaded, and known by their digest.
    pub recognised: usize,
    /// Removed from the server before they were downloaded.
    pub gone: usize,
    /// Accepted although the server declares another size, because they came twice with the same bytes.
    pub confirmed: usize,
    /// Came twice with different bytes: delivered once, never deleted.
    pub differing: usize,
    /// Whether the server's sizes count as estimates.
    pub sizes_are_estimates: bool,
    /// Left for a later run because the budget was spent.
    pub waiting: usize,
    /// Failures.
    pub failed: usize,
    /// Certainly deleted from the server.
    pub deleted: usize,
    /// Perhaps deleted from the server.
    pub deletions_unknown: usize,
}

impl Summary {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Listed { messages, .. } => self.listed = *messages,
            Event::ListingFlawed(flaws) => self.flaws = *flaws,
            Event::MayExpire { kept_for } => self.kept_for = Some(*kept_for),
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
        if let Some(kept_for) = self.kept_for {
            write!(f, ", the server keeps messages for {} days only", kept_for.as_secs() / (24 * 60 * 60))?;
        }
        if self.sizes_are_estimates { f.write_str(", sizes are estimates") } else { Ok(()) }
    }
}

/// The events and the summary, shared by the run's work and its handle.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue(Arc<Mutex<SharedEvents>>);

#[derive(Debug, Default)]
struct SharedEvents {
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
        tracing::warn!(message = %id, %error, "a message cannot be collected");
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

    fn with<T>(&self, change: impl FnOnce(&mut SharedEvents) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
