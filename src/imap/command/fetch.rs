//! UID FETCH (RFC 9051 §6.4.5, §6.4.9): data of messages, as a stream, with the modifiers of RFC 7162 §3.1.4.1, §3.2.6 and RFC 9394 §3.3.
//! The task that consumes the stream parses the responses.

use super::Target;
use crate::error::{Error, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState, Wanted};
use crate::imap::types::{Items, PartialRange, SavedMark, Uid, Uids, is_modseq};

/// What a FETCH asks for in addition to its set and its items.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Modifiers {
    /// Only messages that changed after this modification sequence.
    pub(crate) changed_since: Option<u64>,
    /// Also the UIDs of those that were expunged after it.
    pub(crate) vanished: bool,
    /// Only a part of the messages, by position.
    pub(crate) partial: Option<PartialRange>,
}

pub(crate) fn plan(selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    plan_answered_by(uids.clone(), selection, uids, items, Modifiers::default())
}

/// The same for a set that ends in `*`, which includes the last message even if its UID is not in the set: any message in `meant` is an
/// answer.
pub(crate) fn plan_answered_by(
    meant: Uids,
    selection: u64,
    uids: &Uids,
    items: &Items,
    modifiers: Modifiers,
) -> Result<Plan> {
    let line = match bounded(uids).filter(|_| modifiers.vanished) {
        Some(bounded) => Line::new("UID FETCH").uids(&bounded)?,
        None => Line::new("UID FETCH").uids(uids)?,
    };
    let line = modifiers.write(line.items(items))?.finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH));
    let plan = plan.needs(RequiredState::Selection(selection)).streaming().wanting(Wanted::new(meant, items));
    Ok(if modifiers.vanished { plan.taking_vanished() } else { plan })
}

/// The same for a saved result of at most `most` messages.
pub(crate) fn plan_saved(
    mark: SavedMark,
    most: u64,
    selection: u64,
    items: &Items,
    modifiers: Modifiers,
) -> Result<Plan> {
    let target = Target::Saved(mark);
    let line = modifiers.write(target.write(Line::new("UID FETCH"))?.items(items))?.finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH)).needs(target.needs(selection));
    Ok(plan.streaming().wanting(Wanted::new(Uids::ALL, items).at_most(most)))
}

/// The set with its highest UID instead of `*`. Cyrus takes `*` for the last message that exists, and does not report those that were
/// expunged after it (cyrus-imapd#6071).
fn bounded(uids: &Uids) -> Option<Uids> {
    let from = uids.open_from().filter(|&from| from < Uid::MAX)?;
    Some(uids.intersection(&Uids::range(from.min(Uid::nonzero(1)?), Uid::MAX)))
}

impl Modifiers {
    fn write(self, line: Line) -> Result<Line> {
        let mut modifiers = Vec::new();
        match self.changed_since {
            Some(since) if !is_modseq(since) => {
                return Err(Error::input("a modification sequence must have at most 63 bits and must not be 0"));
            }
            since => modifiers.extend(since.map(|since| format!("CHANGEDSINCE {since}"))),
        }
        modifiers.extend(self.vanished.then(|| "VANISHED".to_owned()));
        modifiers.extend(self.partial.map(|range| format!("PARTIAL {range}")));
        Ok(if modifiers.is_empty() { line } else { line.checked(&format!("({})", modifiers.join(" "))) })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::imap::codec::Segment;

    fn line(uids: &str, modifiers: Modifiers) -> Result<String> {
        let uids: Uids = uids.parse().unwrap();
        let plan = plan_answered_by(uids.clone(), 1, &uids, &Items::FLAGS, modifiers)?;
        match &plan.line[..] {
            [Segment::Text(text)] => Ok(String::from_utf8(text.to_vec()).unwrap()),
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn modifiers_are_in_parentheses_after_the_items() {
        let partial = Some(PartialRange::first(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(99)));
        let all = Modifiers { changed_since: Some(9), vanished: true, partial };
        assert_eq!(line("1:9", all).unwrap(), "UID FETCH 1:9 (UID FLAGS) (CHANGEDSINCE 9 VANISHED PARTIAL 1:100)\r\n");
        assert_eq!(line("1:*", Modifiers::default()).unwrap(), "UID FETCH 1:* (UID FLAGS)\r\n");
        let partial = Modifiers { partial, ..Modifiers::default() };
        assert_eq!(line("1:*", partial).unwrap(), "UID FETCH 1:* (UID FLAGS) (PARTIAL 1:100)\r\n");
    }

    #[test]
    fn an_open_end_reaches_beyond_the_last_message_that_exists() {
        let modifiers = Modifiers { changed_since: Some(9), vanished: true, partial: None };
        for (given, written) in [("1:*", "1:4294967295"), ("2,7:*", "2,7:4294967295"), ("*", "*"), ("3", "3")] {
            let line = line(given, modifiers).unwrap();
            assert_eq!(line, format!("UID FETCH {written} (UID FLAGS) (CHANGEDSINCE 9 VANISHED)\r\n"));
        }
    }

    #[test]
    fn a_modification_sequence_has_63_bits() {
        let since = |since| Modifiers { changed_since: Some(since), ..Modifiers::default() };
        let most = i64::MAX.unsigned_abs();
        assert!(line("1", since(most)).unwrap().contains("(CHANGEDSINCE 9223372036854775807)"));
        assert!(line("1", since(most + 1)).is_err() && line("1", since(0)).is_err());
    }
}
