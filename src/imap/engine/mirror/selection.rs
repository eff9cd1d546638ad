//! How a selection begins, changes and ends: SELECT's data, messages that arrive or are expunged, and a UIDVALIDITY
//! that changes while the mailbox is selected. Then its UIDs mean other messages (RFC 9051 §2.3.1.1), so the selection
//! ends. It must not know what commands ask.

use std::sync::Arc;

use super::{Ended, Mirror};
use crate::error::{Code, Error};
use crate::imap::types::{Event, FolderInfo, MailboxName, SeqNum, UidValidity, Uids, Vanished};

impl Mirror {
    /// A SELECT was sent.
    pub(crate) fn open(&mut self, name: MailboxName, read_only: bool, selection: u64) {
        self.opening = Some(FolderInfo::new(name, read_only, selection));
        // They are about the mailbox before.
        self.numbers.clear();
    }

    /// CLOSED: what was said before is about the mailbox that was selected before, also while the next one is being
    /// opened (RFC 7162 §3.2.11).
    pub(super) fn apply_closed(&mut self) {
        if let Some(opening) = &mut self.opening {
            *opening = FolderInfo::new(opening.name.clone(), opening.read_only, opening.selection);
        }
        self.deselect();
    }

    pub(crate) fn is_selected(&self) -> bool {
        self.state.selected.is_some()
    }

    pub(crate) fn selected(&self) -> Option<Arc<FolderInfo>> {
        self.state.selected.clone()
    }

    /// A SELECT was answered. After a failed one, nothing is selected (RFC 9051 §6.3.2).
    pub(crate) fn select(&mut self, done: bool, read_only: bool) {
        let opening = self.opening.take();
        self.deselect();
        self.state.change().left = None;
        if let Some(mut selected) = opening.filter(|_| done) {
            selected.read_only |= read_only;
            self.state.change().selected = Some(selected.into());
        }
    }

    /// A search found this number of messages in a mailbox for which the server did not report EXISTS. It counts unless
    /// the server has reported it since, or a message was expunged.
    pub(crate) fn apply_counted(&mut self, selection: u64, exists: u32, expunged: u64) {
        if self.opening.is_some() || self.state.expunged != expunged {
            return;
        }
        self.update_selected(|selected| {
            if selected.selection == selection && !selected.counted {
                (selected.exists, selected.counted) = (exists, true);
            }
        });
    }

    pub(crate) fn deselect(&mut self) {
        let state = self.state.change();
        (state.selected, state.saved) = (None, None);
        self.saving = None;
        self.numbers.clear();
        self.journal.clear();
    }

    pub(crate) fn apply_exists(&mut self, count: u32) {
        self.numbers.count(count);
        let opening = self.opening.is_some();
        // RFC 9051 §7.4.1: EXISTS never falls without EXPUNGE; `count` drops the map if it does.
        let before = self.state.selected.as_ref().map(|selected| selected.exists);
        self.update_selected(|selected| (selected.exists, selected.counted) = (count, true));
        if !opening && before.is_some_and(|before| before != count) {
            self.journal.counted();
        }
    }

    pub(crate) fn apply_expunge(&mut self, number: u32) {
        let Some(number) = SeqNum::nonzero(number).filter(|_| self.opening.is_none()) else { return };
        // A number beyond EXISTS names no message.
        if self.state.selected.as_ref().is_none_or(|selected| selected.counted && number.as_u32() > selected.exists) {
            return;
        }
        self.update_selected(|selected| selected.exists = selected.exists.saturating_sub(1));
        self.state.change().expunged += 1;
        let uid = self.numbers.expunge(number);
        self.numbering.spoil();
        self.journal.expunged(uid);
    }

    /// RFC 7162 §3.2.10: all these messages are gone, and without EARLIER the count falls. VANISHED does not give
    /// numbers, so the map is dropped; it can be built again.
    pub(crate) fn apply_vanished(&mut self, gone: &Vanished) {
        if self.state.selected.is_none() || self.opening.is_some() {
            return;
        }
        // VANISHED (EARLIER) reports messages that were gone before the mailbox was opened (RFC 7162 §3.2.10.1).
        if !gone.earlier {
            // Each UID must be of a message that was counted, so there are no more than those.
            let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
            let count = u32::try_from(gone.uids.len()).unwrap_or(u32::MAX).min(exists);
            self.update_selected(|selected| selected.exists = selected.exists.saturating_sub(count));
            self.state.change().expunged += u64::from(count);
            self.numbers.clear();
            self.numbering.spoil();
        }
        self.journal.vanished(&gone.uids);
    }

    /// VANISHED without EARLIER from the mailbox that is being opened: these were counted, and are gone already.
    pub(crate) fn apply_vanished_early(&mut self, gone: &Uids) {
        let count = u32::try_from(gone.len()).unwrap_or(u32::MAX);
        if let Some(opening) = &mut self.opening {
            opening.exists = opening.exists.saturating_sub(count);
        }
    }

    /// Applies UIDVALIDITY to the mailbox that is being opened, or to the selected one.
    pub(super) fn apply_validity(&mut self, now: Option<UidValidity>) -> Option<Ended> {
        if let Some(opening) = &mut self.opening {
            opening.uid_validity = now;
            return None;
        }
        let before = self.state.selected.as_ref()?.uid_validity;
        if before.is_some() && before != now {
            return Some(self.end_selection(before, now));
        }
        self.update_selected(|selected| selected.uid_validity = now);
        None
    }

    fn end_selection(&mut self, before: Option<UidValidity>, now: Option<UidValidity>) -> Ended {
        let error = changed(now);
        let mut events = self.take_events();
        // The last event of the selection; after it the journal is cleared.
        events.push(Event::UidValidity { before, now });
        self.deselect();
        self.state.change().left = Some(error.clone());
        Ended { events, error }
    }
}

fn changed(now: Option<UidValidity>) -> Error {
    let data = now.map_or(0, u32::from).to_string();
    let text = format!("the mailbox's UIDVALIDITY changed to {data}: earlier UIDs mean other messages, or none");
    Error::closed(text).with_code(Some(Code::new("UIDVALIDITY", data)))
}
