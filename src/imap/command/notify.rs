//! NOTIFY (RFC 5465): of what, and of which mailboxes, the server tells unasked.

use super::extension::Extension;
use super::scope::Scope;
use crate::imap::types::Items;

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

impl NotifyEvent {
    fn write(list: Extension, event: &Self) -> Extension {
        match event {
            Self::MessageNew(None) => list.word("MessageNew"),
            Self::MessageNew(Some(items)) => list.word("MessageNew").items(items.clone()),
            Self::MessageExpunge => list.word("MessageExpunge"),
            Self::FlagChange => list.word("FlagChange"),
            Self::AnnotationChange => list.word("AnnotationChange"),
            Self::MailboxName => list.word("MailboxName"),
            Self::SubscriptionChange => list.word("SubscriptionChange"),
            Self::MailboxMetadataChange => list.word("MailboxMetadataChange"),
            Self::ServerMetadataChange => list.word("ServerMetadataChange"),
            Self::Other(name) => list.word(name.clone()),
        }
    }
}

impl Extension {
    /// NOTIFY SET: from now on the server tells of these events in these mailboxes and of no others. With `status` it first says
    /// how they are. A session refuses to [run](crate::imap::Imap::run) it, since what comes then is nobody's.
    pub fn notify(status: bool, groups: &[(Scope, Vec<NotifyEvent>)]) -> Self {
        let line = Self::new("NOTIFY").word("SET").claim("STATUS");
        let line = if status { line.word("STATUS") } else { line };
        let group = |line: Self, (scope, events): &(Scope, Vec<NotifyEvent>)| {
            line.list(|list| {
                let list = list.scope(scope);
                match &events[..] {
                    [] => list.word("NONE"),
                    events => list.list(|list| list.each(events, NotifyEvent::write)),
                }
            })
        };
        match groups {
            [] => line.invalid("NOTIFY SET names one group of mailboxes at least"),
            groups => line.each(groups, group),
        }
    }

    /// NOTIFY NONE: the server tells nothing unasked.
    pub fn notify_none() -> Self {
        Self::new("NOTIFY").word("NONE")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_a_scope_and_events() {
        let new = NotifyEvent::MessageNew(Some(Items::FLAGS));
        let groups = [
            (Scope::Selected, vec![new, NotifyEvent::MessageExpunge]),
            (Scope::Personal, Vec::new()),
            (Scope::Inboxes, vec![NotifyEvent::MessageNew(None), NotifyEvent::AnnotationChange]),
        ];
        assert_eq!(
            Extension::notify(true, &groups).to_string(),
            "NOTIFY SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (personal NONE) \
             (inboxes (MessageNew AnnotationChange))"
        );
        assert_eq!(Extension::notify_none().to_string(), "NOTIFY NONE");
    }
}
