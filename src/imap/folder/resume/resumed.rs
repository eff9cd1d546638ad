//! [`Resumed`]: one change since a point, in the same terms whatever the server has. It must not know how it was found.

use crate::imap::types::{Fetched, Uids};

/// What happened in a mailbox, from [`Resume`](crate::imap::Resume).
///
/// ```
/// use postroom::imap::Resumed;
///
/// fn describe(change: &Resumed) -> String {
///     match change {
///         Resumed::Reset => "forget everything".to_owned(),
///         Resumed::Vanished(uids) => format!("{uids} are gone"),
///         Resumed::Changed(message) => format!("{:?} has {:?}", message.uid(), message.flags()),
///         Resumed::New(message) => format!("{:?} is new", message.uid()),
///         _ => "something else".to_owned(),
///     }
/// }
/// assert_eq!(describe(&Resumed::Reset), "forget everything");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Resumed {
    /// The UIDs that the program knows name other messages now, or none: forget all that is known about the mailbox,
    /// also what this stream delivered before. Every message follows as [`New`](Self::New).
    Reset,
    /// These messages are gone. They are messages of [`SyncPoint::known`](crate::imap::SyncPoint::known), or were [`New`](Self::New) in this stream.
    Vanished(Uids),
    /// The flags of a message that the program knows. It has a [`uid`](Fetched::uid), [`flags`](Fetched::flags), and a
    /// [`modseq`](Fetched::modseq) if the server has them.
    Changed(Fetched),
    /// A message that the program does not know, with the same items; if the server does not send it even when asked
    /// twice, with [`Defect::Missing`](crate::Defect::Missing) instead.
    New(Fetched),
}
