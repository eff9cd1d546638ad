//! The selected mailbox as one session knows it: the meaning of its message numbers. The store may change at any time; a view follows
//! only when its session may report the changes. It must not know a command.

use std::collections::{BTreeSet, btree_map};
use std::sync::Arc;

use time::OffsetDateTime;

use super::{Enabled, print};
use crate::testing::store::{Content, Flags, Mail, Mailbox};

pub(super) struct View {
    pub(super) validity: u32,
    pub(super) read_only: bool,
    /// In the order of message numbers; entry 0 is message 1.
    pub(super) entries: Vec<Entry>,
    /// The UIDs that the last search with SAVE found (RFC 5182).
    pub(super) saved: BTreeSet<u32>,
    /// Whether messages are `\Recent` here.
    recents: bool,
    /// Messages with lower UIDs were reported.
    next_uid: u32,
    seen_change: u64,
    /// Whether messages were removed from the store that are still in this view.
    behind: bool,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) uid: u32,
    pub(super) content: Arc<Content>,
    pub(super) flags: Flags,
    pub(super) recent: bool,
    /// When it was saved in this mailbox (RFC 8514).
    pub(super) save_date: OffsetDateTime,
    change: u64,
}

impl Entry {
    /// Adopts the message's flags. The caller reports them to the client.
    pub(super) fn refresh(&mut self, mail: &Mail) {
        if mail.change != self.change {
            self.flags.clone_from(&mail.flags);
            self.change = mail.change;
        }
    }

    /// Whether the reported state is the one after this change.
    pub(super) fn is_current(&self, change: u64) -> bool {
        self.change == change
    }

    /// The mod-sequence of the last reported change.
    pub(super) fn modseq(&self) -> u64 {
        self.change
    }

    /// An unsolicited FETCH response.
    pub(super) fn print_change(&self, index: usize, enabled: Enabled, out: &mut Vec<u8>) {
        out.extend_from_slice(enabled.fetch_head(index, self.uid).as_bytes());
        if enabled.qresync || enabled.rev2 && !enabled.uidonly {
            out.extend_from_slice(format!("UID {} ", self.uid).as_bytes());
        }
        out.extend_from_slice(b"FLAGS ");
        self.print_flags(out);
        if enabled.condstore {
            out.extend_from_slice(format!(" MODSEQ ({})", self.change).as_bytes());
        }
        out.extend_from_slice(b")\r\n");
    }

    pub(super) fn print_flags(&self, out: &mut Vec<u8>) {
        print::flags(self.flags.iter().map(String::as_str).chain(self.recent.then_some("\\Recent")), out);
    }
}

impl View {
    pub(super) fn new(mailbox: &mut Mailbox, read_only: bool, enabled: Enabled) -> Self {
        let mut view = Self {
            validity: mailbox.validity,
            read_only,
            entries: Vec::with_capacity(mailbox.mails.len()),
            saved: BTreeSet::new(),
            recents: !enabled.rev2,
            next_uid: 1,
            seen_change: mailbox.change,
            behind: false,
        };
        view.take_new(mailbox);
        view
    }

    pub(super) fn last_uid(&self) -> u32 {
        self.entries.last().map_or(0, |entry| entry.uid)
    }

    pub(super) fn recent(&self) -> usize {
        self.entries.iter().filter(|entry| entry.recent).count()
    }

    /// The index of the first message whose UID is at least `uid`.
    pub(super) fn position_from(&self, uid: u32) -> usize {
        self.entries.partition_point(|entry| entry.uid < uid)
    }

    /// Updates the view to the mailbox and writes the responses that report the changes.
    pub(super) fn catch_up(&mut self, mailbox: &mut Mailbox, may_expunge: bool, enabled: Enabled, out: &mut Vec<u8>) {
        let moved = mailbox.change != self.seen_change;
        let late = self.behind && may_expunge;
        if !moved && !late {
            return;
        }
        self.seen_change = mailbox.change;
        self.behind = !may_expunge;
        if may_expunge {
            self.drop_gone(mailbox, enabled, out);
        }
        self.tell_flags(mailbox, enabled, out);
        let before = self.entries.len();
        self.take_new(mailbox);
        if self.entries.len() != before {
            out.extend_from_slice(format!("* {} EXISTS\r\n", self.entries.len()).as_bytes());
            if self.recents {
                out.extend_from_slice(format!("* {} RECENT\r\n", self.recent()).as_bytes());
            }
        }
    }

    fn drop_gone(&mut self, mailbox: &Mailbox, enabled: Enabled, out: &mut Vec<u8>) {
        let (mut number, mut vanished) = (0_usize, Vec::new());
        self.entries.retain(|entry| {
            let stays = mailbox.mails.contains_key(&entry.uid);
            if stays {
                number += 1;
            } else if enabled.names_vanished() {
                vanished.push(entry.uid);
            } else {
                out.extend_from_slice(format!("* {} EXPUNGE\r\n", number + 1).as_bytes());
            }
            stays
        });
        if !vanished.is_empty() {
            out.extend_from_slice(format!("* VANISHED {}\r\n", print::set(&vanished)).as_bytes());
        }
    }

    fn tell_flags(&mut self, mailbox: &Mailbox, enabled: Enabled, out: &mut Vec<u8>) {
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let Some(mail) = mailbox.mails.get(&entry.uid) else {
                continue;
            };
            if mail.change != entry.change {
                entry.refresh(mail);
                entry.print_change(index, enabled, out);
            }
        }
    }

    fn take_new(&mut self, mailbox: &mut Mailbox) {
        let recents = self.recents;
        let fresh: btree_map::Range<'_, u32, Mail> = mailbox.mails.range(self.next_uid..);
        self.entries.extend(fresh.map(|(&uid, mail)| Entry {
            uid,
            content: Arc::clone(&mail.content),
            flags: mail.flags.clone(),
            recent: recents && uid >= mailbox.first_recent,
            save_date: mail.saved,
            change: mail.change,
        }));
        self.next_uid = mailbox.next_uid;
        if !self.read_only {
            mailbox.first_recent = mailbox.next_uid;
        }
    }
}
