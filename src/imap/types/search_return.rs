//! [`SearchReturn`]: what a search is to say about what it found (RFC 4731). It must not know how a server without ESEARCH is asked.

use std::fmt;

use super::partial_range::PartialRange;
use super::search_result::SearchResult;

/// What to tell of the messages that a search finds. By itself it asks for nothing; where only numbers are wanted, the answer is
/// short however many messages match.
///
/// ```
/// use postroom::imap::SearchReturn;
///
/// let wanted = SearchReturn::new().count().max();
/// assert_ne!(wanted, SearchReturn::ALL);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct SearchReturn {
    asked: u8,
    stretch: Option<PartialRange>,
}

const NAMES: [(u8, &str); 8] = [
    (1, "MIN"),
    (2, "MAX"),
    (4, "COUNT"),
    (8, "ALL"),
    (16, "SAVE"),
    (32, "RELEVANCY"),
    (64, "UPDATE"),
    (128, "CONTEXT"),
];

impl SearchReturn {
    /// Which ones.
    pub const ALL: Self = Self::only(8);

    /// Nothing yet.
    pub const fn new() -> Self {
        Self::only(0)
    }

    /// Also which ones.
    #[must_use]
    pub const fn all(self) -> Self {
        self.and(8)
    }

    /// Also how many.
    #[must_use]
    pub const fn count(self) -> Self {
        self.and(4)
    }

    /// Also the lowest UID.
    #[must_use]
    pub const fn min(self) -> Self {
        self.and(1)
    }

    /// Also the highest UID.
    #[must_use]
    pub const fn max(self) -> Self {
        self.and(2)
    }

    /// Also keeps what was found in the session, to be named by [`Query::saved`](super::Query::saved) (SEARCHRES, RFC 5182).
    #[must_use]
    pub const fn save(self) -> Self {
        self.and(16)
    }

    /// Also how well each matches (`SEARCH=FUZZY`, RFC 6203).
    #[must_use]
    pub const fn relevancy(self) -> Self {
        self.and(32)
    }

    /// Also tells later what changes in the result (`CONTEXT=SEARCH`, RFC 5267), which a session does not follow: for commands
    /// that are [values](crate::imap::Extension) only.
    #[must_use]
    pub const fn update(self) -> Self {
        self.and(64)
    }

    /// Says that the same will be asked again (`CONTEXT=SEARCH`, RFC 5267).
    #[must_use]
    pub const fn context(self) -> Self {
        self.and(128)
    }

    /// Also a stretch of what was found (`PARTIAL`, RFC 9394; `CONTEXT=SEARCH`, RFC 5267).
    #[must_use]
    pub const fn partial(self, stretch: PartialRange) -> Self {
        Self { stretch: Some(stretch), ..self }
    }

    /// The capabilities of which a server must have one, for each option beyond ESEARCH; none where a session cannot ask.
    pub(crate) fn demands(self) -> impl Iterator<Item = &'static [&'static str]> {
        const DEMANDS: [(u8, &[&str]); 4] =
            [(16, &["SEARCHRES", "IMAP4rev2"]), (32, &["SEARCH=FUZZY"]), (64, &[]), (128, &["CONTEXT=SEARCH"])];
        let stretch: Option<&[&str]> = self.stretch.map(|_| &["PARTIAL", "CONTEXT=SEARCH"][..]);
        DEMANDS.into_iter().filter(move |(bit, _)| self.asks(*bit)).map(|(_, names)| names).chain(stretch)
    }

    /// Whether the server says nothing of what it found (RFC 5182 §2.1).
    pub(crate) const fn is_silent(self) -> bool {
        self.asked == 16 && self.stretch.is_none()
    }

    pub(crate) const fn has_all(self) -> bool {
        self.asks(8)
    }

    /// Whether the answers about two parts of a mailbox make up the one about both.
    pub(crate) const fn can_be_joined(self) -> bool {
        self.asked & (16 | 32 | 64) == 0 && self.stretch.is_none()
    }

    /// What was asked for and not told, counted from the set where that was told.
    pub(crate) fn complete(self, mut found: SearchResult) -> SearchResult {
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
        self.asked & bit != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.asked == 0 && self.stretch.is_none()
    }

    const fn only(asked: u8) -> Self {
        Self { asked, stretch: None }
    }

    const fn and(self, bit: u8) -> Self {
        Self { asked: self.asked | bit, ..self }
    }
}

/// The wire form, without its parentheses.
impl fmt::Display for SearchReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().filter(|(bit, _)| self.asks(*bit)).map(|(_, name)| (*name).to_owned());
        let stretch = self.stretch.map(|stretch| format!("PARTIAL {stretch}"));
        f.write_str(&names.chain(stretch).collect::<Vec<_>>().join(" "))
    }
}
