//! [`Scope`] and [`NotifyEvent`]: which mailboxes, and what happens in them (RFC 5465 §5, §6, RFC 7377 §2.2). They must not know which
//! command names them.

use super::items::Items;
use super::mailbox_name::MailboxName;

/// Mailboxes, by name or by what they are.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scope {
    /// The selected one.
    Selected,
    /// The selected one, with new and expunged messages told only where the client can take it (NOTIFY only).
    SelectedDelayed,
    /// Those into which mail is delivered.
    Inboxes,
    /// The user's own.
    Personal,
    /// The subscribed ones.
    Subscribed,
    /// These and all below them.
    Subtree(Vec<MailboxName>),
    /// These and those directly below them (ESEARCH only).
    SubtreeOne(Vec<MailboxName>),
    /// These.
    Mailboxes(Vec<MailboxName>),
}

/// Something that happens to a mailbox or in it (RFC 5465 §5).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NotifyEvent {
    /// A message has come; of the selected mailbox with what a FETCH of these would say.
    MessageNew(Option<Items>),
    /// A message is gone. Only together with `MessageNew`.
    MessageExpunge,
    /// Flags have changed.
    FlagChange,
    /// An annotation of a message has changed.
    AnnotationChange,
    /// A mailbox was made, removed or renamed.
    MailboxName,
    /// A mailbox was subscribed or unsubscribed.
    SubscriptionChange,
    /// An annotation of a mailbox has changed.
    MailboxMetadataChange,
    /// An annotation of the server has changed.
    ServerMetadataChange,
    /// One that this crate does not know, by its name.
    Other(String),
}
