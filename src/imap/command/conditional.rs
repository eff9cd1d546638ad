//! Conditional FETCH and STORE (RFC 7162 §3.1.3, §3.1.4, §3.2.6) and FETCH of a stretch (RFC 9394 §3.3).

use super::extension::Extension;
use crate::FlagChange;
use crate::imap::types::{Items, PartialRange, Uids};

/// RFC 7162 §7, `mod-sequence-value`.
fn is_modseq(value: u64) -> bool {
    (1..=i64::MAX.unsigned_abs()).contains(&value)
}

impl Extension {
    /// UID FETCH of what has changed since then; with `vanished` the server also says what is gone (QRESYNC has to be enabled). Of a
    /// stretch only, where one is given (`PARTIAL`). Answered by [`Response::Fetch`](crate::imap::Response::Fetch) and
    /// [`Response::Vanished`](crate::imap::Response::Vanished).
    pub fn fetch_if(
        uids: Uids,
        items: Items,
        since: Option<u64>,
        vanished: bool,
        stretch: Option<PartialRange>,
    ) -> Self {
        let line = Self::new("UID FETCH").claim("FETCH").selected().uids(uids).items(items);
        if vanished && since.is_none() {
            return line.invalid("VANISHED goes only with CHANGEDSINCE");
        }
        let mut modifiers = Vec::new();
        modifiers.extend(since.map(|since| format!("CHANGEDSINCE {since}")));
        modifiers.extend(vanished.then(|| "VANISHED".to_owned()));
        modifiers.extend(stretch.map(|stretch| format!("PARTIAL {stretch}")));
        match (since, modifiers.is_empty()) {
            (Some(since), _) if !is_modseq(since) => line.invalid("a modification sequence has 63 bits and is not 0"),
            (_, true) => line,
            _ => line.checked(format!("({})", modifiers.join(" "))),
        }
    }

    /// UID STORE of those that nobody has changed since then; the others are named by the code
    /// [`Modified`](crate::imap::ResponseCode). With 0 only messages whose flags nobody ever set are changed.
    pub fn store_if(uids: Uids, unchanged_since: u64, change: FlagChange) -> Self {
        let line = Self::new("UID STORE").claim("FETCH").selected().changing().uids(uids);
        match unchanged_since == 0 || is_modseq(unchanged_since) {
            true => line.checked(format!("(UNCHANGEDSINCE {unchanged_since})")).flag_change(change, false),
            false => line.invalid("a modification sequence has 63 bits"),
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
        let stretch = PartialRange::first(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(99));
        assert_eq!(
            Extension::fetch_if(all(), Items::FLAGS, Some(9), true, Some(stretch)).to_string(),
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
