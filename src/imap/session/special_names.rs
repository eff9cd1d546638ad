//! [`SpecialNames`]: the mailboxes with a role that a session has found. It must not know how they are found.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imap::types::{MailboxName, Role};

/// The mailbox of each role that was looked for. It may have been renamed or deleted since.
#[derive(Default)]
pub(crate) struct SpecialNames(Mutex<BTreeMap<Role, MailboxName>>);

impl SpecialNames {
    pub(crate) fn of(&self, role: Role) -> Option<MailboxName> {
        self.known().get(&role).cloned()
    }

    pub(crate) fn learn(&self, role: Role, name: &MailboxName) {
        self.known().insert(role, name.clone());
    }

    pub(crate) fn forget(&self, role: Role) {
        self.known().remove(&role);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Role, MailboxName>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
