//! [`SearchReturn`]: what a search returns about the messages it finds (RFC 4731). It must not know how to ask a server without ESEARCH.

use std::fmt;

use super::partial_range::PartialRange;
use super::search_result::{Partial, SearchResult};
use super::uid_list::UidList;

/// What a search returns about the messages it finds (RFC 4731). An empty value asks for nothing. Without
/// [`all`](Self::all), the answer is short no matter how many messages match.
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
    range: Option<PartialRange>,
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
    /// The UIDs of all messages found.
    pub const ALL: Self = Self::only(8);

    /// Nothing. The other methods add to it.
    pub const fn new() -> Self {
        Self::only(0)
    }

    /// Adds the UIDs of all messages found.
    #[must_use]
    pub const fn all(self) -> Self {
        self.and(8)
    }

    /// Adds the number of messages found.
    #[must_use]
    pub const fn count(self) -> Self {
        self.and(4)
    }

    /// Adds the lowest UID.
    #[must_use]
    pub const fn min(self) -> Self {
        self.and(1)
    }

    /// Adds the highest UID.
    #[must_use]
    pub const fn max(self) -> Self {
        self.and(2)
    }

    /// Saves the result on the server for the session, for use as [`Query::saved`](super::Query::saved) (`SEARCHRES`, RFC 5182).
    #[must_use]
    pub const fn save(self) -> Self {
        self.and(16)
    }

    /// Adds how well each message matches (`SEARCH=FUZZY`, RFC 6203).
    #[must_use]
    pub const fn relevancy(self) -> Self {
        self.and(32)
    }

    /// Asks the server to report later changes in the result (`CONTEXT=SEARCH`, RFC 5267). [`Search::live`](crate::imap::Search::live)
    /// does this; a search that ends with its answer refuses it.
    #[must_use]
    pub const fn update(self) -> Self {
        self.and(64)
    }

    /// Hints that the same search will be repeated (`CONTEXT=SEARCH`, RFC 5267).
    #[must_use]
    pub const fn context(self) -> Self {
        self.and(128)
    }

    /// Adds a part of the messages found, by position (`PARTIAL`, RFC 9394; `CONTEXT=SEARCH`, RFC 5267). If the server supports neither,
    /// it returns all messages, and the part is taken here.
    #[must_use]
    pub const fn partial(self, range: PartialRange) -> Self {
        Self { range: Some(range), ..self }
    }

    /// For each option beyond ESEARCH that cannot be made of all messages, the capabilities of which the server must have one; an empty
    /// list for an option that a session does not support.
    pub(crate) fn demands(self) -> impl Iterator<Item = &'static [&'static str]> {
        const DEMANDS: [(u8, &[&str]); 4] =
            [(16, &["SEARCHRES", "IMAP4rev2"]), (32, &["SEARCH=FUZZY"]), (64, &[]), (128, &["CONTEXT=SEARCH"])];
        DEMANDS.into_iter().filter(move |(bit, _)| self.asks(*bit)).map(|(_, names)| names)
    }

    pub(crate) const fn range(self) -> Option<PartialRange> {
        self.range
    }

    /// The same, with all messages instead of those at some positions. One command must not ask for both (RFC 9394 §3.1).
    pub(crate) const fn whole(self) -> Self {
        Self { range: None, ..self }.and(8)
    }

    /// The same, with all messages instead of the first and the last one, if those are asked for.
    pub(crate) const fn without_ends(self) -> Self {
        match self.asked & (1 | 2) {
            0 => self,
            _ => Self { asked: self.asked & !(1 | 2), ..self }.whole(),
        }
    }

    /// Whether the server returns no data: SAVE alone (RFC 5182 §2.1).
    pub(crate) const fn is_silent(self) -> bool {
        self.asked == 16 && self.range.is_none()
    }

    pub(crate) const fn updates(self) -> bool {
        self.asks(64)
    }

    pub(crate) const fn saves(self) -> bool {
        self.asks(16)
    }

    pub(crate) const fn has_all(self) -> bool {
        self.asks(8)
    }

    /// Whether the results for two parts of a mailbox can be joined to the result for both.
    pub(crate) const fn can_be_joined(self) -> bool {
        self.asked & (16 | 32 | 64) == 0 && self.range.is_none()
    }

    /// Whether all of it follows from the messages found.
    pub(crate) const fn can_be_computed(self) -> bool {
        self.asked & (16 | 32 | 64) == 0
    }

    /// Fills in what was asked for and not returned, as far as it follows from all messages, and removes what was not asked for. The
    /// lowest and the highest message are the first and the last one in the order.
    pub(crate) fn complete(self, mut found: SearchResult) -> SearchResult {
        if let Some(all) = &found.all {
            let list = found.order.take().unwrap_or_else(|| UidList::from(all));
            found.count = self.asks(4).then(|| found.count.unwrap_or(list.len()));
            found.min = found.min.or_else(|| list.ranges().next().map(|(first, _)| first)).filter(|_| self.asks(1));
            found.max = found.max.or_else(|| list.ranges().next_back().map(|(_, last)| last)).filter(|_| self.asks(2));
            if let (Some(range), None) = (self.range, &found.partial) {
                let (first, last) = range.bounds();
                found.partial = Some(Partial { first, last, found: list.slice(range) });
            }
            found.order = (self.asks(8) && !list.is_ascending()).then_some(list);
        }
        found.all = found.all.filter(|_| self.asks(8));
        found
    }

    const fn asks(self, bit: u8) -> bool {
        self.asked & bit != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.asked == 0 && self.range.is_none()
    }

    const fn only(asked: u8) -> Self {
        Self { asked, range: None }
    }

    const fn and(self, bit: u8) -> Self {
        Self { asked: self.asked | bit, ..self }
    }
}

/// The wire form, without parentheses.
impl fmt::Display for SearchReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().filter(|(bit, _)| self.asks(*bit)).map(|(_, name)| (*name).to_owned());
        let range = self.range.map(|range| format!("PARTIAL {range}"));
        f.write_str(&names.chain(range).collect::<Vec<_>>().join(" "))
    }
}
