//! [`Seen`]: what a comparison has delivered already, so that its repetition delivers only the rest. It must not know a session.

use std::collections::HashMap;

use crate::account::flags_digest::flags_digest;
use crate::error::Result;
use crate::imap::{Fetched, Resumed, SyncPoint, Uid, Uids};

/// What tells one state of a message from another.
type Digest = (u64, Option<u64>);

#[derive(Default)]
pub(super) struct Seen {
    /// Messages that came, with a digest of what was shown of them.
    messages: HashMap<Uid, Digest>,
    /// Those that came as new.
    new: Uids,
    vanished: Uids,
    is_reset: bool,
}

impl Seen {
    /// From where the comparison is repeated.
    pub(super) fn start<'a>(&self, from: &'a SyncPoint, nothing: &'a SyncPoint) -> &'a SyncPoint {
        if self.is_reset { nothing } else { from }
    }

    /// The change, unless it was delivered before.
    pub(super) fn take(&mut self, change: Resumed) -> Result<Option<Resumed>> {
        Ok(match change {
            Resumed::New(message) => {
                let Some(uid) = message.uid() else { return Ok(None) };
                let now = digest(&message);
                match self.messages.insert(uid, now) {
                    None => {
                        self.new.insert(uid);
                        Some(Resumed::New(message))
                    }
                    Some(before) if before == now => None,
                    Some(_) => Some(Resumed::Changed(message)),
                }
            }
            Resumed::Changed(message) => {
                let Some(uid) = message.uid() else { return Ok(None) };
                let now = digest(&message);
                (self.messages.insert(uid, now) != Some(now)).then_some(Resumed::Changed(message))
            }
            Resumed::Vanished(uids) => {
                let left = uids.difference(&self.vanished);
                self.vanished = self.vanished.union(&left)?;
                (!left.is_empty()).then_some(Resumed::Vanished(left))
            }
            other => {
                *self = Self { is_reset: true, ..Self::default() };
                Some(other)
            }
        })
    }

    /// Those delivered as new that are gone at the end, and were not reported.
    pub(super) fn gone(&self, end: &SyncPoint) -> Uids {
        self.new.difference(&end.known).difference(&self.vanished)
    }
}

/// What is shown of a message besides its UID: its flags, and its modification sequence.
fn digest(message: &Fetched) -> Digest {
    (flags_digest(message), message.modseq())
}
