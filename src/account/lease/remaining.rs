//! [`Remaining`]: what a fetch of a lease has still to deliver, in which pieces it is asked for, and which message is to blame if sessions
//! end. It must not know a session.

use crate::imap::{Spans, Uid, Uids};

/// Sessions that may end at the same message.
const MOST_DEATHS: u32 = 2;
/// Messages in a row that may be set aside. If there are more, it is not the messages that end sessions.
const MOST_ASIDE: u32 = 3;
/// If a session ends within this number of messages after the one before it, the cause is looked for more closely.
const NEAR: u64 = 128;

pub(super) struct Remaining {
    /// What was not answered yet. It may have an open end until the messages that exist are known.
    rest: Uids,
    is_exact: bool,
    /// What is asked for now.
    piece: Uids,
    /// What has come of it.
    came: Spans,
    /// The number of messages that are asked for one at a time.
    alone: u32,
    /// How many they were the last time; 0 before the first death.
    level: u32,
    /// Messages that came since the last death.
    since: u64,
    /// The first message that had not come when the last session ended, and how many sessions have ended there.
    suspect: Option<(Uid, u32)>,
    aside: u32,
}

/// Why a session has ended.
#[derive(Debug, PartialEq)]
pub(super) enum Blame {
    Nobody,
    /// This message is left out from now on.
    Message(Uid),
    /// Whatever is asked for ends sessions.
    Everything,
}

impl Remaining {
    pub(super) fn new(rest: Uids) -> Self {
        Self {
            rest,
            is_exact: false,
            piece: Uids::new(),
            came: Spans::default(),
            alone: 0,
            level: 0,
            since: 0,
            suspect: None,
            aside: 0,
        }
    }

    /// What was not answered yet.
    pub(super) fn rest(&self) -> &Uids {
        &self.rest
    }

    /// Whether only messages are left that have existed.
    pub(super) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Whether there is more than this number of messages, or it is not known.
    pub(super) fn is_more_than(&self, most: u64) -> bool {
        self.rest.open_from().is_some() || self.rest.len() > most
    }

    /// These messages of the rest exist.
    pub(super) fn narrow(&mut self, existing: &Uids) {
        // RFC 9051 §6.4.9: `*` is the last message.
        let last = existing.ranges().next_back().map(|range| *range.end());
        let last = last.filter(|_| self.rest.open_from() == Some(Uid::MAX));
        self.rest = self.rest.intersection(existing);
        last.into_iter().for_each(|last| self.rest.insert(last));
        self.is_exact = true;
    }

    /// The next piece, of at most this number of messages, if they are known; `None` at the end.
    pub(super) fn next(&mut self, most: Option<u64>) -> Option<Uids> {
        if self.rest.is_empty() {
            return None;
        }
        let most = if self.alone > 0 { Some(1) } else { most };
        self.piece = match most.filter(|_| self.rest.open_from().is_none()) {
            Some(most) => first(&self.rest, most),
            None => self.rest.clone(),
        };
        self.came = Spans::default();
        Some(self.piece.clone())
    }

    /// A message has come; `false` if it has come before.
    #[inline]
    pub(super) fn deliver(&mut self, uid: Uid) -> bool {
        self.came.insert(uid)
    }

    /// Whether a message of the piece has come.
    pub(super) fn has_come(&self) -> bool {
        self.came.len() > 0
    }

    /// The piece was answered: what did not come does not exist.
    pub(super) fn answered(&mut self) {
        self.rest = self.rest.difference(&self.piece);
        self.alone = self.alone.saturating_sub(1);
        self.count();
    }

    /// The answer has ended early, but not because of a message.
    pub(super) fn interrupted(&mut self) {
        self.rest = self.rest.difference(&self.came.to_uids());
        self.count();
    }

    /// The session has ended before the piece was answered.
    pub(super) fn died(&mut self) -> Blame {
        let has_come = self.has_come();
        let was_alone = self.piece.open_from().is_none() && self.piece.len() == 1;
        self.interrupted();
        let Some(first) = self.rest.iter().next() else { return Blame::Nobody };
        let deaths = match self.suspect {
            Some((suspect, deaths)) if suspect == first && !has_come => deaths + 1,
            _ => 1,
        };
        self.suspect = Some((first, deaths));
        if deaths >= MOST_DEATHS && was_alone {
            return self.set_aside(first);
        }
        // What a dying session had sent may be lost with it, so the cause can be a little further on.
        self.level = if self.level > 0 && self.since < NEAR { (self.level * 8).min(NEAR as u32) } else { 1 };
        (self.alone, self.since) = (self.level, 0);
        Blame::Nobody
    }

    fn set_aside(&mut self, uid: Uid) -> Blame {
        self.aside += 1;
        if self.aside > MOST_ASIDE {
            return Blame::Everything;
        }
        self.rest = self.rest.difference(&uid.into());
        (self.suspect, self.alone, self.level) = (None, 0, 0);
        Blame::Message(uid)
    }

    fn count(&mut self) {
        let came = std::mem::take(&mut self.came).len();
        self.since = self.since.saturating_add(came);
        if came > 0 {
            self.aside = 0;
        }
    }
}

/// The first messages of the set, at most this number.
fn first(uids: &Uids, most: u64) -> Uids {
    let (mut taken, mut left) = (Uids::new().under(uids.validity()), most);
    for range in uids.ranges() {
        let (first, last) = (range.start().as_u32(), range.end().as_u32());
        let Some(more) = u32::try_from(left.min(u64::from(last - first) + 1)).ok().and_then(|more| more.checked_sub(1))
        else {
            break;
        };
        let end = Uid::nonzero(first.saturating_add(more)).unwrap_or_else(|| *range.end());
        taken.insert_range(*range.start(), end);
        left = left.saturating_sub(u64::from(more) + 1);
    }
    taken
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A server whose sessions end at some messages, and may lose what they had sent just before.
    struct Dying {
        poison: BTreeSet<u32>,
        lost: usize,
    }

    /// What came, what was set aside, and how many sessions it took; `None` if it was given up.
    fn fetch(server: &Dying, messages: &Uids, most: Option<u64>) -> Option<(Vec<u32>, BTreeSet<u32>, u32)> {
        let (mut delivered, mut aside, mut sessions) = (Vec::new(), BTreeSet::new(), 1);
        let mut remaining = Remaining::new(messages.clone());
        while let Some(piece) = remaining.next(most) {
            let wanted: Vec<u32> = piece.iter().map(Uid::as_u32).collect();
            let death = wanted.iter().position(|uid| server.poison.contains(uid));
            let sent = death.map_or(wanted.len(), |death| death.saturating_sub(server.lost));
            for &uid in &wanted[..sent] {
                assert!(remaining.deliver(Uid::new(uid).unwrap()));
                delivered.push(uid);
            }
            if death.is_none() {
                remaining.answered();
                continue;
            }
            sessions += 1;
            match remaining.died() {
                Blame::Nobody => {}
                Blame::Message(uid) => drop(aside.insert(uid.as_u32())),
                Blame::Everything => return None,
            }
        }
        Some((delivered, aside, sessions))
    }

    #[test]
    fn one_bad_message_costs_three_sessions() {
        for (uid, most) in [(1, None), (500, None), (1000, None), (77, Some(10))] {
            let server = Dying { poison: BTreeSet::from([uid]), lost: 0 };
            let all = Uids::range(Uid::MIN, Uid::new(1000).unwrap());
            let (delivered, aside, sessions) = fetch(&server, &all, most).unwrap();
            assert_eq!((delivered.len(), aside, sessions), (999, BTreeSet::from([uid]), 3));
        }
    }

    #[test]
    fn a_server_that_cannot_fetch_at_all_is_given_up() {
        let all = Uids::range(Uid::MIN, Uid::new(1000).unwrap());
        assert!(fetch(&Dying { poison: (1..=1000).collect(), lost: 0 }, &all, None).is_none());
    }

    #[test]
    fn what_exists_replaces_an_open_end() {
        let existing: Uids = "2:4,9".parse().unwrap();
        for (asked, left) in [("1:*", "2:4,9"), ("3:*", "3:4,9"), ("*", "9"), ("4,9:12", "4,9"), ("20:*", "")] {
            let mut remaining = Remaining::new(asked.parse().unwrap());
            remaining.narrow(&existing);
            assert_eq!(remaining.rest().to_string(), left, "{asked}");
        }
    }

    proptest! {
        #[test]
        fn everything_comes_once_except_what_ends_sessions(
            messages in proptest::collection::btree_set(1u32..2000, 1..300),
            poison in proptest::collection::btree_set(1u32..2000, 0..8),
            lost in 0usize..20,
            most in proptest::option::of(1u64..50),
        ) {
            let uids: Uids = messages.iter().filter_map(|&uid| Uid::new(uid).ok()).collect();
            let poison: BTreeSet<u32> = messages.intersection(&poison).copied().collect();
            let server = Dying { poison: poison.clone(), lost };
            // More than three in a row look like a server that fails.
            if let Some((delivered, aside, sessions)) = fetch(&server, &uids, most) {
                let good: Vec<u32> = messages.difference(&poison).copied().collect();
                prop_assert_eq!(delivered, good);
                prop_assert_eq!(&aside, &poison);
                prop_assert!(sessions <= 1 + 6 * u32::try_from(poison.len()).unwrap(), "{} sessions", sessions);
            } else {
                prop_assert!(poison.len() > 3);
            }
        }
    }
}
