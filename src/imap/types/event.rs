//! [`Event`]: a change in the selected mailbox that no call asked for. It must not know how events are kept.

use super::{Fetched, Uid, UidValidity, Uids};

/// A change in the selected mailbox: made by another session, by new mail, or as a side effect of a command.
///
/// Events are differences of state, not lines of a log. Several EXISTS become one event, the last FETCH of a message replaces the
/// earlier ones, and all expunged messages are reported together and first. [`Folder::idle`](crate::imap::Folder::idle) returns them.
///
/// ```
/// use postroom::imap::Event;
///
/// fn describe(event: &Event) -> String {
///     match event {
///         Event::Exists(count) => format!("{count} messages"),
///         Event::Expunged { uids, unknown } => format!("{} messages are gone", uids.len() + u64::from(*unknown)),
///         Event::Fetched { data, .. } => format!("flags: {:?}", data.flags()),
///         Event::Lagged | Event::UidValidity { .. } => "synchronise again".to_owned(),
///         _ => "something else".to_owned(),
///     }
/// }
/// assert_eq!(describe(&Event::Exists(3)), "3 messages");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Messages were expunged.
    Expunged {
        /// The UIDs of the messages whose UIDs are known.
        uids: Uids,
        /// How many more messages were expunged whose UIDs the server never sent in this session: no search and no FETCH showed them.
        unknown: u32,
    },
    /// The mailbox has this many messages now.
    Exists(u32),
    /// Data of a message, mostly its new flags.
    Fetched {
        /// The message's UID, if the server sent it or the session knows it from an earlier answer.
        uid: Option<Uid>,
        /// What the server sent.
        data: Fetched,
    },
    /// The UIDVALIDITY of the mailbox changed: earlier UIDs now name other messages or none. This is the last event, since the change
    /// ends the folder. Select the mailbox again and synchronise from scratch.
    UidValidity {
        /// The UIDVALIDITY under which the mailbox was selected.
        before: Option<UidValidity>,
        /// The new UIDVALIDITY; `None` if the server reports that its UIDs do not last.
        now: Option<UidValidity>,
    },
    /// Events were lost, because there were more than [`Limits::events`](crate::Limits::events) and
    /// [`Limits::undelivered`](crate::Limits::undelivered) allow, or because they take far more memory than their bytes. Synchronise this
    /// mailbox from scratch.
    Lagged,
}
