//! [`Event`]: what happened in the selected mailbox without being asked for. It must not know how events are kept.

use super::{Fetched, Uid, UidValidity, Uids};

/// Something that happened in the selected mailbox: by another session, by new mail, or as a side effect of a command.
///
/// Events are differences of state, not lines of a log: several EXISTS become one, the last FETCH of a message replaces its
/// former ones, and messages that went are told together, first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Messages are gone.
    Expunged {
        /// Those whose UIDs are known.
        uids: Uids,
        /// How many more went whose UIDs this session has never been shown, by a search or a FETCH: they came and went while it
        /// watched.
        unknown: u32,
    },
    /// The mailbox has this many messages now.
    Exists(u32),
    /// Data of a message, mostly its new flags.
    Fetched {
        /// Its UID, where the server said it or it is known from before.
        uid: Option<Uid>,
        /// What the server sent.
        data: Fetched,
    },
    /// The mailbox has got another UIDVALIDITY: UIDs from before mean other messages now, or none. The folder has ended with it, and
    /// this is the last event; the mailbox can be selected again, and has to be synchronised anew.
    UidValidity {
        /// The one under which the mailbox was selected.
        before: Option<UidValidity>,
        /// The new one; `None` where the server says that its UIDs do not last.
        now: Option<UidValidity>,
    },
    /// More happened than [`Limits::events`](crate::Limits::events) and [`Limits::undelivered`](crate::Limits::undelivered) allow to
    /// keep, or what came takes far more memory than its bytes: whatever was remembered of this mailbox has to be synchronised anew.
    Lagged,
}
