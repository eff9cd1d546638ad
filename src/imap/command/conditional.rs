//! Conditional FETCH and STORE (RFC 7162 §3.1.3, §3.1.4, §3.2.6) and FETCH of a part of a set (RFC 9394 §3.3).

use super::extension::Extension;
use crate::FlagChange;
use crate::imap::types::{Items, PartialRange, Uids};

/// RFC 7162 §7, `mod-sequence-value`.
fn is_modseq(value: u64) -> bool {
    (1..=i64::MAX.unsigned_abs()).contains(&value)
}

impl Extension {
    /// UID FETCH. With `since`, only of messages that changed after this modification sequence; with `vanished`, the server also reports
    /// the UIDs of expunged messages (QRESYNC must be enabled). With `range`, only of a part of the set (`PARTIAL`). The answer is
    /// [`Response::Fetch`](crate::imap::Response::Fetch) and [`Response::Vanished`](crate::imap::Response::Vanished).
    pub fn fetch_if(uids: Uids, items: Items, since: Option<u64>, vanished: bool, range: Option<PartialRange>) -> Self {
        let line = Self::new("UID FETCH").claim("FETCH").selected().uids(uids).items(items);
        if vanished && since.is_none() {
            return line.invalid("VANISHED needs CHANGEDSINCE");
        }
        let mut modifiers = Vec::new();
        modifiers.extend(since.map(|since| format!("CHANGEDSINCE {since}")));
        modifiers.extend(vanished.then(|| "VANISHED".to_owned()));
        modifiers.extend(range.map(|range| format!("PARTIAL {range}")));
        match (since, modifiers.is_empty()) {
            (Some(since), _) if !is_modseq(since) => {
                line.invalid("a modification sequence must have at most 63 bits and must not be 0")
            }
            (_, true) => line,
            _ => line.checked(format!("({})", modifiers.join(" "))),
        }
    }

    /// UID STORE that changes only messages whose flags did not change after this modification sequence. The code
    /// [`Modified`](crate::imap::ResponseCode) names the others. With 0, it changes only messages whose flags were never set.
    pub fn store_if(uids: Uids, unchanged_since: u64, change: FlagChange) -> Self {
        let line = Self::new("UID STORE").claim("FETCH").selected().changing().uids(uids);
        match unchanged_since == 0 || is_modseq(unchanged_since) {
            true => line.checked(format!("(UNCHANGEDSINCE {unchanged_since})")).flag_change(change, false),
            false => line.invalid("a modification sequence must have at most 63 bits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::Flag;
    use std::num::NonZeroU32;

    #[test]
    fn conditions_stand_in_parentheses() {
        let all = || Uids::ALL;
        let range = PartialRange::first(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(99));
        assert_eq!(
            Extension::fetch_if(all(), Items::FLAGS, Some(9), true, Some(range)).to_string(),
            "UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 9 VANISHED PARTIAL 1:100)"
        );
        assert!(Extension::fetch_if(all(), Items::FLAGS, None, true, None).segments(false).is_err());
        assert!(Extension::fetch_if(all(), Items::FLAGS, Some(u64::MAX), false, None).segments(false).is_err());
        assert_eq!(
            Extension::store_if(all(), 7, FlagChange::add([Flag::SEEN])).to_string(),
            "UID STORE 1:* (UNCHANGEDSINCE 7) +FLAGS (\\Seen)"
        );
    }
}
