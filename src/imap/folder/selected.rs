//! [`Selected`]: the selected mailbox without its handle, for calls that are values and run later. It must not know a command.

use std::borrow::Borrow;
use std::sync::Arc;

use super::asked::Asked;
use super::{Fetch, Folder, check, info};
use crate::error::Result;
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
        info(self.session, self.selection)
    }

    /// Fails for a set that carries another UIDVALIDITY.
    pub(crate) fn check(self, uids: &Uids) -> Result<()> {
        check(self.session, self.selection, uids)
    }

    /// Fetches items of these messages, which exist.
    pub(crate) fn fetch(self, uids: Uids, items: Items) -> Result<Fetch<'a>> {
        let asked = Asked::new(uids, items, self.session.limits().set);
        Fetch::new(self.session.link(), self.session.limits(), self.selection, asked)
    }
}
