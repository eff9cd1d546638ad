//! [`Selected`]: the selected mailbox without its handle, for calls that are values and run later. It must not know a command.

use std::borrow::Borrow;
use std::sync::Arc;

use super::asked::Asked;
use super::ids::uids_in;
use super::message_set::{Given, MessageSet};
use super::saved::Resolved;
use super::{Fetch, Folder};
use crate::error::{Error, Result};
use crate::imap::session::Imap;
use crate::imap::types::{FolderInfo, Items, Query, SavedMark, Uids};

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

impl<S: Borrow<Imap>> Folder<S> {
    /// The UIDs of these messages, for a call that must not depend on one session.
    pub(crate) fn named(&self, messages: &MessageSet) -> Result<Uids> {
        match self.selected().resolve(messages.clone())? {
            Resolved::Uids(uids) => Ok(uids),
            Resolved::Saved(_) => Err(Error::unsupported("a result that the server keeps belongs to one session")),
        }
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

    /// The messages, unless their set carries another UIDVALIDITY, an id is of another mailbox, or their result is gone.
    pub(super) fn resolve(self, messages: MessageSet) -> Result<Resolved> {
        let named = match messages.0 {
            Given::Resolved(named) => named,
            Given::Ids(ids) => Resolved::Uids(uids_in(&self.session.place_of(&*self.info()?), &ids)?),
        };
        match &named {
            Resolved::Uids(uids) => self.check(uids)?,
            Resolved::Saved(saved) => self.check_kept(saved.mark)?,
        }
        Ok(named)
    }

    /// Fails if the query names a saved result that is not there.
    pub(super) fn check_saved(self, query: &Query) -> Result<()> {
        if query.names_last_saved() && self.session.link().state().saved.is_none() {
            return Err(Error::input("no result of a search is saved in this mailbox"));
        }
        query.saved_marks().into_iter().try_for_each(|mark| self.check_kept(mark))
    }

    fn check_kept(self, mark: SavedMark) -> Result<()> {
        self.info()?;
        match self.session.link().state().saved == Some(mark) {
            true => Ok(()),
            false => Err(Error::input("the saved result of the search is gone")),
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
