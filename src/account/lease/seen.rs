//! [`Seen`]: what a comparison has delivered already, so that its repetition delivers only the rest. It must not know a session.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::error::Result;
use crate::imap::{Fetched, Resumed, SyncPoint, Uid, Uids};

#[derive(Default)]
pub(super) struct Seen {
    /// Messages that came, with a digest of what was shown of them.
    messages: HashMap<Uid, u64>,
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
                match self.messages.insert(uid, digest(&message)) {
                    None => {
                        self.new.insert(uid);
                        Some(Resumed::New(message))
                    }
                    Some(before) if before == digest(&message) => None,
                    Some(_) => Some(Resumed::Changed(message)),
                }
            }
            Resumed::Changed(message) => {
                let Some(uid) = message.uid() else { return Ok(None) };
                let before = self.messages.insert(uid, digest(&message));
                (before != Some(digest(&message))).then_some(Resumed::Changed(message))
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

/// A digest of the flags and the modification sequence. `\\Recent` is of one session.
fn digest(message: &Fetched) -> u64 {
    let mut flags: Vec<String> =
        message.flags().map(|flags| flags.iter().map(|flag| flag.to_string()).collect()).unwrap_or_default();
    flags.retain(|flag| !flag.eq_ignore_ascii_case("\\Recent"));
    flags.sort_unstable();
    let mut hasher = DefaultHasher::new();
    (flags, message.modseq()).hash(&mut hasher);
    hasher.finish()
}
