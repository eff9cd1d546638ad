//! Messages of which the server sends the items in several FETCH responses: they are kept until all are there. It must not
//! know what was asked for, nor when the rest comes.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::defect::Defect;
use crate::imap::codec;
use crate::imap::types::{Fetched, Items, Uid};
use crate::limits::Limits;

/// Messages of which only some items have arrived.
#[derive(Default)]
pub(super) struct PartialMessages {
    pub(super) messages: BTreeMap<Uid, Fetched>,
    pub(super) bytes: usize,
}

impl PartialMessages {
    pub(super) fn keep(&mut self, uid: Uid, fetched: Fetched) {
        self.bytes += fetched.weight();
        self.messages.insert(uid, fetched);
    }

    pub(super) fn take(&mut self, uid: Uid) -> Option<Fetched> {
        let fetched = self.messages.remove(&uid)?;
        self.bytes -= fetched.weight();
        Some(fetched)
    }
}

/// Marks a message that arrived without the text that was asked for.
pub(super) fn without_text(fetched: Fetched, items: &Items) -> Fetched {
    let has_text = fetched.body().is_some() || fetched.defects().next().is_some();
    if !has_text && items.has_whole() { codec::lacking(&fetched) } else { fetched }
}

/// Joins two responses about one message. If a literal was left out of either, the first one is all there is.
pub(super) fn join(first: Fetched, second: &Fetched, limits: &Limits) -> Fetched {
    let too_large = |fetched: &Fetched| fetched.defects().any(|defect| matches!(defect, Defect::TooLarge { .. }));
    if too_large(&first) || too_large(second) {
        return first;
    }
    let joined: Bytes = codec::joined(&first.raw(), &second.raw());
    codec::fetched(joined, limits).unwrap_or(first)
}
