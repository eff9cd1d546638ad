//! [`Known`]: what a watch knows of one mailbox, and what a comparison with the server adds: a change is reported once, however often it
//! is found. It must not know how the comparison is made.

use std::collections::BTreeMap;

use super::event::Watched;
use crate::account::flags_digest::flags_digest;
use crate::imap::{Fetched, MailboxName, MailboxStatus, Spans, SyncPoint, Uid, Uids};

/// The most messages of a mailbox whose flags are remembered on a server without modification sequences: 16 bytes each.
const MOST_REMEMBERED: usize = 500_000;

/// What is known of one mailbox.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) point: SyncPoint,
    /// The flags of the messages, as hashes; only for a mailbox without modification sequences.
    flags: Option<BTreeMap<Uid, u64>>,
    /// Whether the point is a place from which to report.
    is_begun: bool,
}

/// What a comparison comes across.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    is_reset: bool,
    new: Spans,
    /// Messages that were known, and whose flags came.
    came: Spans,
    /// Comes once, as the last.
    vanished: Uids,
    flags: BTreeMap<Uid, u64>,
    /// Whether there are more flags than are remembered.
    has_more: bool,
}

impl Known {
    /// Continues from there.
    pub(super) fn from(point: SyncPoint) -> Self {
        Self { point, flags: None, is_begun: true }
    }

    /// A mailbox that did not exist before: all its messages are new.
    pub(super) fn created() -> Self {
        Self::from(SyncPoint::default())
    }

    /// Whether the mailbox has not been read yet.
    pub(super) fn is_unread(&self) -> bool {
        !self.is_begun
    }

    /// Whether the numbers of the mailbox do not show changed flags: it has no modification sequences.
    pub(super) fn is_blind(&self) -> bool {
        self.point.highest_modseq.is_none()
    }

    /// Whether the server reports something else than what is known.
    pub(super) fn differs(&self, status: &MailboxStatus) -> bool {
        let modseq = status.highest_modseq.filter(|&modseq| modseq > 0);
        let changed = modseq.zip(self.point.highest_modseq).is_some_and(|(now, before)| now != before);
        let counted = status.messages.is_some_and(|messages| u64::from(messages) != self.point.known.len());
        let numbered = status.uid_next.is_some_and(|next| self.point.uid_next.is_none_or(|before| next > before));
        let renumbered = status.uid_validity.is_some() && status.uid_validity != self.point.validity;
        // Of flags nothing is known yet.
        let unclear = self.is_blind() && self.flags.is_none();
        !self.is_begun || changed || counted || numbered || renumbered || unclear
    }

    /// Begins to report from here, and reports that.
    pub(super) fn begin(&mut self, mailbox: &MailboxName, point: SyncPoint) -> Vec<Watched> {
        *self = Self::from(point);
        vec![Watched::Resync(mailbox.clone())]
    }

    /// Takes over what a comparison up to this point has found, and returns what is to be reported. `is_exact`: only messages that have
    /// changed came.
    pub(super) fn take(
        &mut self,
        mailbox: &MailboxName,
        comparison: Comparison,
        is_exact: bool,
        point: SyncPoint,
    ) -> Vec<Watched> {
        let Comparison { is_reset, new, came, vanished, flags, has_more } = comparison;
        let before = std::mem::take(self);
        let came = came.to_uids();
        let changed = match (&before.flags, is_exact) {
            (_, true) => Some(came),
            (Some(before), false) => Some(came.iter().filter(|uid| flags.get(uid) != before.get(uid)).collect()),
            // Which flags changed cannot be known. If there are too many to remember, that is always so.
            (None, false) => Some(Uids::new()).filter(|_| came.is_empty() || has_more),
        };
        // Without modification sequences all messages came.
        let is_blind = point.highest_modseq.is_none();
        *self = Self { flags: (is_blind && !has_more).then_some(flags), ..Self::from(point) };
        if is_reset || !before.is_begun {
            return vec![Watched::Resync(mailbox.clone())];
        }
        let validity = self.point.validity;
        let named = |uids: Uids| Some(uids.under(validity)).filter(|uids| !uids.is_empty());
        let gone = before.point.known.intersection(&vanished);
        let (there, mailbox) = (new.to_uids().difference(&vanished), || mailbox.clone());
        let unclear = changed.is_none();
        [
            named(gone).map(|uids| Watched::Vanished { mailbox: mailbox(), uids }),
            changed.and_then(named).map(|uids| Watched::Changed { mailbox: mailbox(), uids }),
            named(there).map(|uids| Watched::New { mailbox: mailbox(), uids }),
            unclear.then(|| Watched::Resync(mailbox())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Comparison {
    /// The UIDs name other messages now.
    pub(super) fn reset(&mut self) {
        *self = Self { is_reset: true, ..Self::default() };
    }

    pub(super) fn is_new(&mut self, message: &Fetched) {
        self.add(message, true);
    }

    pub(super) fn is_known(&mut self, message: &Fetched) {
        self.add(message, false);
    }

    pub(super) fn are_gone(&mut self, uids: &Uids) {
        self.vanished = uids.clone();
        self.flags.retain(|uid, _| !uids.contains(*uid));
    }

    fn add(&mut self, message: &Fetched, is_new: bool) {
        let Some(uid) = message.uid() else { return };
        (if is_new { &mut self.new } else { &mut self.came }).insert(uid);
        if self.flags.len() >= MOST_REMEMBERED {
            self.has_more = true;
            return;
        }
        self.flags.insert(uid, flags_digest(message));
    }
}
