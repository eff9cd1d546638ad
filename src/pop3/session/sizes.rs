//! [`Sizes`]: the size of each message as LIST reported it, to check what RETR sends. It must not know the wire.

use std::sync::{Mutex, PoisonError};

use crate::judge::Verdict;
use crate::pop3::types::Number;
use crate::pop3::types::RetrievedContent;

/// The sizes that were listed in this session, in the order of numbers.
#[derive(Debug, Default)]
pub(in crate::pop3) struct Sizes(Mutex<Vec<(Number, u64)>>);

impl Sizes {
    /// Records a listing of all messages. A message with two sizes has none.
    pub(in crate::pop3) fn learn(&self, mut sizes: Vec<(Number, u64)>) {
        sizes.sort_unstable();
        sizes.dedup();
        let alone = |at: usize| {
            let number = |at: usize| sizes.get(at).map(|(number, _)| *number);
            number(at) != number(at + 1) && (at == 0 || number(at) != number(at - 1))
        };
        let clear: Vec<_> = (0..sizes.len()).map(alone).collect();
        let mut clear = clear.into_iter();
        sizes.retain(|_| clear.next() == Some(true));
        *self.lock() = sizes;
    }

    /// Records the size of one message.
    pub(super) fn note(&self, number: Number, size: u64) {
        let mut sizes = self.lock();
        match sizes.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => {
                if let Some(known) = sizes.get_mut(at) {
                    known.1 = size;
                }
            }
            Err(at) => sizes.insert(at, (number, size)),
        }
    }

    pub(in crate::pop3) fn of(&self, number: Number) -> Option<u64> {
        let sizes = self.lock();
        let at = sizes.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        sizes.get(at).map(|(_, size)| *size)
    }

    /// Checks a message that was requested as a whole.
    pub(super) fn judge(&self, number: Number, content: RetrievedContent) -> RetrievedContent {
        let RetrievedContent::Whole(bytes) = content else { return content };
        match Verdict::of(Some(bytes.len() as u64), self.of(number)) {
            Verdict::Whole => RetrievedContent::Whole(bytes),
            Verdict::Missing => RetrievedContent::Missing,
            Verdict::Uncertain { declared, received } => RetrievedContent::Uncertain { bytes, declared, received },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Number, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> Number {
        Number::new(number).unwrap()
    }

    #[test]
    fn a_size_is_known_where_it_was_listed_once_or_always_the_same() {
        let sizes = Sizes::default();
        sizes.note(number(2), 1);
        let listed = [(3, 30), (1, 10), (2, 20), (2, 21), (3, 30), (9, 90)];
        sizes.learn(listed.map(|(n, size)| (number(n), size)).to_vec());
        let known = |sizes: &Sizes| [1, 2, 3, 4, 9].map(|n| sizes.of(number(n)));
        assert_eq!(known(&sizes), [Some(10), None, Some(30), None, Some(90)]);
        sizes.note(number(2), 22);
        sizes.note(number(9), 91);
        assert_eq!(known(&sizes), [Some(10), Some(22), Some(30), None, Some(91)]);
    }
}
