//! Which mailboxes ESEARCH goes through and NOTIFY speaks of (RFC 5465 §6, RFC 7377 §2.2).

use super::extension::Extension;
use crate::imap::types::MailboxName;

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

impl Extension {
    pub(super) fn scope(self, scope: &Scope) -> Self {
        match scope {
            Scope::Selected => self.word("selected"),
            Scope::SelectedDelayed => self.word("selected-delayed"),
            Scope::Inboxes => self.word("inboxes"),
            Scope::Personal => self.word("personal"),
            Scope::Subscribed => self.word("subscribed"),
            Scope::Subtree(names) => self.word("subtree").mailboxes(names),
            Scope::SubtreeOne(names) => self.word("subtree-one").mailboxes(names),
            Scope::Mailboxes(names) => self.word("mailboxes").mailboxes(names),
        }
    }

    /// In parentheses even where there is one: that is valid for both commands.
    fn mailboxes(self, names: &[MailboxName]) -> Self {
        match names {
            [] => self.invalid("a scope of mailboxes names one at least"),
            names => self.list(|list| list.each(names, Self::mailbox)),
        }
    }
}
