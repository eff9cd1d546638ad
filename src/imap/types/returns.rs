//! [`Returns`]: what a search is to say about what it found (RFC 4731). It must not know how a server without ESEARCH is asked.

use super::found::Found;

/// What to tell of the messages that a search finds. By itself it asks for nothing; where only numbers are wanted, the answer is
/// short however many messages match.
///
/// ```
/// use postroom::imap::Returns;
///
/// let wanted = Returns::new().count().max();
/// assert_ne!(wanted, Returns::ALL);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Returns(u8);

const NAMES: [(u8, &str); 4] = [(1, "MIN"), (2, "MAX"), (4, "COUNT"), (8, "ALL")];

impl Returns {
    /// Which ones.
    pub const ALL: Self = Self(8);

    /// Nothing yet.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Also which ones.
    #[must_use]
    pub const fn all(self) -> Self {
        Self(self.0 | 8)
    }

    /// Also how many.
    #[must_use]
    pub const fn count(self) -> Self {
        Self(self.0 | 4)
    }

    /// Also the lowest UID.
    #[must_use]
    pub const fn min(self) -> Self {
        Self(self.0 | 1)
    }

    /// Also the highest UID.
    #[must_use]
    pub const fn max(self) -> Self {
        Self(self.0 | 2)
    }

    pub(crate) const fn has_all(self) -> bool {
        self.asks(8)
    }

    /// What was asked for and not told, counted from the set where that was told.
    pub(crate) fn complete(self, mut found: Found) -> Found {
        if let Some(all) = &found.all {
            let first = || all.ranges().next().map(|range| *range.start());
            let last = || all.ranges().next_back().map(|range| *range.end());
            found.count = self.asks(4).then(|| found.count.unwrap_or(all.len()));
            found.min = found.min.or_else(first).filter(|_| self.asks(1));
            found.max = found.max.or_else(last).filter(|_| self.asks(2));
        }
        found.all = found.all.filter(|_| self.asks(8));
        found
    }

    const fn asks(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(bit, _)| self.asks(*bit)).map(|(_, name)| *name)
    }
}
