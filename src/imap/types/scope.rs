//! [`Scope`] and [`NotifyEvent`]: sets of mailboxes, and kinds of changes in them (RFC 5465 §5, §6, RFC 7377 §2.2). They must not know
//! which command names them.

use super::items::Items;
use super::mailbox_name::MailboxName;

/// A set of mailboxes, by name or by property (RFC 5465 §6, RFC 7377 §2.2).
///
/// ```
/// use postroom::imap::{MailboxName, Scope};
///
/// let archive = Scope::Subtree(vec![MailboxName::new("Archive")?]);
/// assert_ne!(archive, Scope::Personal);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scope {
    /// The selected mailbox.
    Selected,
    /// The selected mailbox; expunged messages are reported only when the client can handle it (NOTIFY only, RFC 5465 §6.1).
    SelectedDelayed,
    /// The mailboxes into which mail is delivered.
    Inboxes,
    /// The user's own mailboxes.
    Personal,
    /// The subscribed mailboxes.
    Subscribed,
    /// These mailboxes and all below them.
    Subtree(Vec<MailboxName>),
    /// These mailboxes and those directly below them (ESEARCH only).
    SubtreeOne(Vec<MailboxName>),
    /// These mailboxes.
    Mailboxes(Vec<MailboxName>),
}

/// A kind of change in a mailbox or of a mailbox (RFC 5465 §5).
///
/// ```
/// use postroom::imap::{Items, NotifyEvent};
///
/// let events = [NotifyEvent::MessageNew(Some(Items::FLAGS)), NotifyEvent::MessageExpunge];
/// assert!(events.contains(&NotifyEvent::MessageExpunge));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NotifyEvent {
    /// A message arrived. For the selected mailbox, the server also sends these items of it.
    MessageNew(Option<Items>),
    /// A message was expunged. Must be requested together with `MessageNew`.
    MessageExpunge,
    /// Flags changed.
    FlagChange,
    /// An annotation of a message changed.
    AnnotationChange,
    /// A mailbox was created, deleted or renamed.
    MailboxName,
    /// A mailbox was subscribed or unsubscribed.
    SubscriptionChange,
    /// An annotation of a mailbox changed.
    MailboxMetadataChange,
    /// An annotation of the server changed.
    ServerMetadataChange,
    /// A kind that this crate does not know, by its name.
    Other(String),
}

impl NotifyEvent {
    /// The name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::MessageNew(_) => "MessageNew",
            Self::MessageExpunge => "MessageExpunge",
            Self::FlagChange => "FlagChange",
            Self::AnnotationChange => "AnnotationChange",
            Self::MailboxName => "MailboxName",
            Self::SubscriptionChange => "SubscriptionChange",
            Self::MailboxMetadataChange => "MailboxMetadataChange",
            Self::ServerMetadataChange => "ServerMetadataChange",
            Self::Other(name) => name,
        }
    }
}
