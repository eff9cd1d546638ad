//! What a session asked to be told by NOTIFY, and what it was told of each mailbox. It must not know a session, nor the wire.

use std::collections::BTreeMap;

use crate::testing::store::{Account, Mailbox};

/// What a session wants to be told.
pub(super) struct Watch {
    pub(super) groups: Vec<Group>,
    /// What the client knows of each mailbox.
    pub(super) seen: BTreeMap<String, Seen>,
}

/// Events in some mailboxes.
pub(super) struct Group {
    pub(super) scope: Scope,
    pub(super) events: Vec<String>,
}

pub(super) enum Scope {
    Selected { delayed: bool },
    All,
    Inboxes,
    Subscribed,
    Mailboxes(Vec<String>),
    Subtree(Vec<String>),
}

#[derive(Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) validity: u32,
    pub(super) next_uid: u32,
    pub(super) messages: usize,
    pub(super) change: u64,
    pub(super) subscribed: bool,
}

impl Watch {
    /// Whether expunged messages of the selected mailbox wait for a command; `None` if its changes are not reported.
    pub(super) fn selected(&self) -> Option<bool> {
        self.groups.iter().find_map(|group| match group.scope {
            Scope::Selected { delayed } if !group.events.is_empty() => Some(delayed),
            _ => None,
        })
    }

    pub(super) fn wants(&self, name: &str, subscribed: bool, event: &str) -> bool {
        let mut fitting = self.groups.iter().filter(|group| group.scope.has(name, subscribed));
        fitting.any(|group| group.events.iter().any(|wanted| wanted.eq_ignore_ascii_case(event)))
    }
}

impl Scope {
    fn has(&self, name: &str, subscribed: bool) -> bool {
        match self {
            Self::Selected { .. } => false,
            Self::All => true,
            Self::Inboxes => name == "INBOX",
            Self::Subscribed => subscribed,
            Self::Mailboxes(names) => names.iter().any(|one| one == name),
            Self::Subtree(names) => names.iter().any(|root| {
                name.strip_prefix(root.as_str()).is_some_and(|below| below.is_empty() || below.starts_with('/'))
            }),
        }
    }
}

/// The mailboxes as they are now.
pub(super) fn seen(account: &Account) -> BTreeMap<String, Seen> {
    let one = |(name, mailbox): (&String, &Mailbox)| {
        let seen = Seen {
            validity: mailbox.validity,
            next_uid: mailbox.next_uid,
            messages: mailbox.mails.len(),
            change: mailbox.change,
            subscribed: account.subscribed.contains(name),
        };
        (name.clone(), seen)
    };
    account.mailboxes.iter().filter(|(_, mailbox)| mailbox.selectable).map(one).collect()
}
