//! The selected mailbox as the client sees it: the server's messages, and ghosts among them, which another client has removed
//! without a report to this one. It translates message numbers between the two sides, and knows no wire.

use std::collections::{BTreeSet, VecDeque};

/// The ghosts of one mailbox, by UIDs that no message has any more.
#[derive(Clone, Default)]
pub(crate) struct Ghosts {
    pub(crate) mailbox: &'static str,
    /// The messages that are really there when it is opened.
    pub(crate) real: Vec<u32>,
    /// Those that are among them from the beginning.
    pub(crate) there: Vec<u32>,
    /// Those that arrive later: above all others, and below the messages that really arrive.
    pub(crate) coming: VecDeque<u32>,
}

/// A message in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Slot {
    Real,
    Ghost(u32),
}

pub(crate) struct View {
    slots: Vec<Slot>,
    coming: VecDeque<u32>,
}

impl View {
    /// A mailbox of this number of messages without ghosts.
    pub(crate) fn plain(count: u32) -> Self {
        Self { slots: vec![Slot::Real; count as usize], coming: VecDeque::new() }
    }

    pub(crate) fn haunted(ghosts: Ghosts) -> Self {
        let uids: BTreeSet<_> = ghosts.real.iter().chain(&ghosts.there).copied().collect();
        let slot = |uid: &u32| if ghosts.real.contains(uid) { Slot::Real } else { Slot::Ghost(*uid) };
        Self { slots: uids.iter().map(slot).collect(), coming: ghosts.coming }
    }

    /// How many messages the client sees.
    pub(crate) fn exists(&self) -> usize {
        self.slots.len()
    }

    /// The client's number of the server's message.
    pub(crate) fn seen_as(&self, number: u32) -> Option<usize> {
        let mut left = number;
        let at = self.slots.iter().position(|slot| {
            left -= u32::from(*slot == Slot::Real && left > 0);
            *slot == Slot::Real && left == 0
        })?;
        Some(at + 1)
    }

    /// The server's number of the first of its messages from the client's number on.
    pub(crate) fn meant_from(&self, number: usize) -> Option<usize> {
        let (before, behind) = self.slots.split_at(self.slots.len().min(number - 1));
        let real = |slots: &[Slot]| slots.iter().filter(|slot| **slot == Slot::Real).count();
        (real(behind) > 0).then(|| real(before) + 1)
    }

    /// The ghosts from the client's number on: where they are, and their UIDs.
    pub(crate) fn ghosts_from(&self, number: usize) -> Vec<(usize, u32)> {
        let ghost = |(at, slot): (usize, &Slot)| match slot {
            Slot::Ghost(uid) if at + 1 >= number => Some((at + 1, *uid)),
            _ => None,
        };
        self.slots.iter().enumerate().filter_map(ghost).collect()
    }

    /// The server has this number of messages now: more than before, or the same.
    pub(crate) fn really_exist(&mut self, count: u32) {
        let before = self.slots.iter().filter(|slot| **slot == Slot::Real).count();
        let more = (count as usize).checked_sub(before).expect("EXISTS counts no message down");
        self.slots.extend(vec![Slot::Real; more]);
        // UIDs ascend: after a message has really come, none with a lower UID may come.
        if more > 0 {
            self.coming.clear();
        }
    }

    /// The UID of the next ghost, which would be the next message's.
    pub(crate) fn next_uid(&self) -> Option<u32> {
        self.coming.front().copied()
    }

    pub(crate) fn let_come(&mut self) -> bool {
        let uid = self.coming.pop_front();
        self.slots.extend(uid.map(Slot::Ghost));
        uid.is_some()
    }

    /// The message at the client's number is gone.
    pub(crate) fn remove(&mut self, number: usize) {
        self.slots.remove(number - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn haunted() -> View {
        let coming = [21, 22].into();
        View::haunted(Ghosts { mailbox: "INBOX", real: vec![2, 5, 9], there: vec![1, 6, 7, 12], coming })
    }

    #[test]
    fn numbers_are_translated_both_ways() {
        // 1 ghost, 2, 5, 6 and 7 ghosts, 9, 12 ghost
        let view = haunted();
        assert_eq!([1, 2, 3, 4].map(|number| view.seen_as(number)), [Some(2), Some(3), Some(6), None]);
        let meant = [1, 2, 3, 4, 6, 7].map(|number| view.meant_from(number));
        assert_eq!(meant, [Some(1), Some(1), Some(2), Some(3), Some(3), None]);
        assert_eq!(view.ghosts_from(4), [(4, 6), (5, 7), (7, 12)]);
    }

    #[test]
    fn what_comes_and_goes_shifts_the_others() {
        let mut view = haunted();
        assert!(view.next_uid() == Some(21) && view.let_come());
        view.really_exist(4);
        assert!(!view.let_come(), "22 would come after a higher UID");
        assert_eq!((view.exists(), view.seen_as(4)), (9, Some(9)));
        view.remove(1);
        view.remove(2);
        assert_eq!((view.exists(), view.seen_as(3), view.seen_as(1)), (7, Some(7), Some(1)));
        assert_eq!(view.ghosts_from(1), [(2, 6), (3, 7), (5, 12), (6, 21)]);
    }
}
