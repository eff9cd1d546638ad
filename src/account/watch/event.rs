//! [`Watched`]: what a watch reports, and [`WatchMethod`]: how it learns of it. They must not know how either is done.

use crate::error::Error;
use crate::imap::{MailboxName, MailboxStatus, Uids};

/// One thing that a [`Watch`](super::Watch) reports.
///
/// Messages are named by mailbox and UIDs, not one by one: a thousand deleted messages are one range. The UIDs are stamped with the
/// UIDVALIDITY under which they were found, so a later call refuses them if they have come to mean other messages.
///
/// ```
/// use postroom::account::Watched;
///
/// fn show(watched: &Watched) {
///     match watched {
///         Watched::New { mailbox, uids } => println!("{mailbox}: {} new", uids.len()),
///         Watched::Vanished { mailbox, uids } => println!("{mailbox}: {} gone", uids.len()),
///         Watched::Resync(mailbox) => println!("read {mailbox} again"),
///         _ => {}
///     }
/// }
/// # show(&Watched::Online);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Watched {
    /// Messages arrived.
    New {
        /// The mailbox.
        mailbox: MailboxName,
        /// The messages.
        uids: Uids,
    },
    /// The flags of messages changed.
    Changed {
        /// The mailbox.
        mailbox: MailboxName,
        /// The messages.
        uids: Uids,
    },
    /// Messages are gone.
    Vanished {
        /// The mailbox.
        mailbox: MailboxName,
        /// The messages.
        uids: Uids,
    },
    /// A mailbox was created, or appeared. Its messages follow as [`New`](Self::New).
    Created(MailboxName),
    /// A mailbox was renamed. Its messages and their UIDs are the same.
    Renamed {
        /// Its former name.
        from: MailboxName,
        /// Its name.
        to: MailboxName,
    },
    /// A mailbox was deleted, or cannot be opened any more.
    Deleted(MailboxName),
    /// The counts of a mailbox, when they have changed, as far as the server reports them.
    Counts(MailboxStatus),
    /// What changed before in this mailbox is not known: read what you need of it. All later changes are reported. It comes first for each
    /// mailbox of a watch that does not [continue](super::Watch::continue_from) an earlier one, when the UIDVALIDITY changes, and after a
    /// pause if the server cannot report which flags changed meanwhile.
    Resync(MailboxName),
    /// No session can be opened at the moment. The watch goes on trying, and reports later what it missed.
    Offline(Error),
    /// The watch has a session again, after [`Offline`](Self::Offline).
    Online,
}

/// How a [`Watch`](super::Watch) learns of changes, from the best method down.
///
/// ```
/// use postroom::account::WatchMethod;
///
/// assert!(WatchMethod::Notify < WatchMethod::Status);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum WatchMethod {
    /// The server pushes changes of all mailboxes (NOTIFY, RFC 5465).
    Notify,
    /// The server pushes changes of some mailboxes (IDLE, RFC 2177); the others are polled.
    Idle,
    /// All mailboxes are polled (STATUS, RFC 9051 §6.3.11).
    Status,
}

impl WatchMethod {
    /// The next one down.
    pub(super) const fn lower(self) -> Self {
        match self {
            Self::Notify => Self::Idle,
            Self::Idle | Self::Status => Self::Status,
        }
    }
}
