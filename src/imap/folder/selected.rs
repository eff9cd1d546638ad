//! [`Selected`]: the selected mailbox without its handle, for calls that are values and run later. It must not know a command.

use std::borrow::Borrow;
use std::sync::Arc;

use super::asked::Asked;
use super::{Fetch, Folder};
use crate::error::{Error, Result};
use crate::imap::session::Imap;
use crate::imap::types::{FolderInfo, Items, Uids};

/// What a call needs of a folder.
#[derive(Clone, Copy)]
pub(crate) struct Selected<'a> {
    pub(crate) session: &'a Imap,
    pub(crate) selection: u64,
}

impl<S: Borrow<Imap>> Folder<S> {
    pub(crate) fn selected(&self) -> Selected<'_> {
        Selected { session: self.session.borrow(), selection: self.selection }
    }
}

impl<'a> Selected<'a> {
    /// What the server has reported about the mailbox.
    pub(crate) fn info(self) -> Result<Arc<FolderInfo>> {
        let state = self.session.link().state();
        let selected = state.selected.clone().filter(|selected| selected.selection == self.selection);
        selected.ok_or_else(|| state.unselected())
    }

    /// Fails for a set that carries another UIDVALIDITY.
    pub(crate) fn check(self, uids: &Uids) -> Result<()> {
        let now = self.info()?.uid_validity;
        match uids.validity() {
            Some(validity) if Some(validity) != now => {
                Err(Error::input("these UIDs have another UIDVALIDITY: they mean other messages in this mailbox"))
            }
            _ => Ok(()),
        }
    }

    /// Dovecot answers OK to a STORE in a read-only mailbox, and ignores it.
    pub(crate) fn check_writable(self) -> Result<()> {
        match self.info()?.read_only {
            true => Err(Error::unsupported("the mailbox is open read-only")),
            false => Ok(()),
        }
    }

    /// Fetches items of these messages, which exist.
    pub(crate) fn fetch(self, uids: Uids, items: Items) -> Result<Fetch<'a>> {
        let asked = Asked::new(uids, items, self.session.limits().set);
        Fetch::new(self.session.link(), self.session.limits(), self.selection, asked)
    }
}
