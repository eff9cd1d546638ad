//! [`SearchResult`]: the answer to a search (RFC 9051 §7.3.4, RFC 4731 and its extensions). It must not know what was asked for.

use std::fmt::Write;

use super::mailbox_name::MailboxName;
use super::uid::{Uid, UidValidity};
use super::uid_list::UidList;
use super::uids::Uids;
use crate::error::Result;

/// The result of a search (RFC 9051 §7.3.4, RFC 4731). It contains the values that were asked for with
/// [`SearchReturn`](super::SearchReturn). The numbers are UIDs if the command was a UID command, as all searches of this crate are.
///
/// ```
/// use postroom::imap::codec::search;
///
/// let found = search::parse(b"* ESEARCH (TAG \"A1\") UID COUNT 3 ALL 4,7:8\r\n")?;
/// assert_eq!(found.count, Some(3));
/// assert_eq!(found.all.unwrap().to_string(), "4,7:8");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SearchResult {
    /// The tag of the command that this answers; only ESEARCH has it.
    pub tag: Option<String>,
    /// The mailbox that was searched, if the search covers several (RFC 7377).
    pub mailbox: Option<MailboxName>,
    /// The generation of that mailbox's UIDs (RFC 7377).
    pub uid_validity: Option<UidValidity>,
    /// Whether the server marks the numbers as UIDs; only ESEARCH does.
    pub is_uid: bool,
    /// All messages found; SEARCH always returns them, ESEARCH only on request.
    pub all: Option<Uids>,
    /// The messages of `all` in the server's order, if that is not ascending: the answer to an extended SORT (RFC 5267 §3). In the
    /// answer to a plain search the order has no meaning.
    pub order: Option<UidList>,
    /// The lowest number found.
    pub min: Option<Uid>,
    /// The highest number found.
    pub max: Option<Uid>,
    /// How many messages were found.
    pub count: Option<u64>,
    /// The highest modification sequence of the messages found (RFC 4731 §3.2).
    pub modseq: Option<u64>,
    /// A part of the result, by position (RFC 5267 §4.4, RFC 9394).
    pub partial: Option<Partial>,
    /// How well each message matches, from 1 to 100, in the order of `all` or `order` (RFC 6203 §4).
    pub relevancy: Vec<u8>,
    /// Changes in the result of an earlier search, step by step (RFC 5267 §4.3).
    pub updates: SearchUpdates,
    /// All other return data, by name and as received.
    pub other: Vec<u8>,
}

impl SearchResult {
    /// Joins the results for two parts of a mailbox; `lower` is about the lower UIDs. The highest modification sequence is kept only
    /// with ALL or COUNT: with MIN or MAX alone it is about those messages only (RFC 4731 §3.2).
    pub(crate) fn joined(self, lower: Self) -> Result<Self> {
        let all = match (self.all, lower.all) {
            (Some(mine), Some(more)) => Some(mine.union(&more)?),
            (mine, more) => mine.or(more),
        };
        let count = self.count.zip(lower.count).map(|(mine, more)| mine.saturating_add(more));
        let modseq = self.modseq.max(lower.modseq).filter(|_| all.is_some() || count.is_some());
        let (min, max) = (lower.min.or(self.min), self.max.or(lower.max));
        Ok(Self { all, order: None, min, max, count, modseq, ..lower })
    }
}

/// A part of a search's result, by position (RFC 9394).
///
/// ```
/// use postroom::imap::codec::search;
///
/// let found = search::parse(b"* ESEARCH (TAG \"A1\") UID PARTIAL (-1:-3 7,12:13)\r\n")?;
/// let newest = found.partial.unwrap();
/// assert_eq!((newest.first, newest.last, newest.found.len()), (-1, -3, 3));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Partial {
    /// The first position, from 1. Negative numbers count from the end; -1 is the last message (RFC 9394).
    pub first: i64,
    /// The last position.
    pub last: i64,
    /// The messages at these positions, in the server's order.
    pub found: UidList,
}

/// One change in the result of a search (RFC 5267 §4.3).
///
/// ```
/// use postroom::imap::{SearchChange, codec::search};
///
/// let found = search::parse(b"* ESEARCH (TAG \"A1\") UID ADDTO (1 2733)\r\n")?;
/// let update = found.updates.iter().next().unwrap();
/// assert_eq!((update.change, update.position), (SearchChange::Added, 1));
/// assert_eq!(update.uids.to_string(), "2733");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SearchUpdate {
    /// Whether messages were added or removed.
    pub change: SearchChange,
    /// The position in the result, from 1; 0 if the result has the mailbox's order.
    pub position: u32,
    /// The messages that were added or removed, in this order.
    pub uids: UidList,
}

/// The changes in the result of a search, in their order (RFC 5267 §4.3). They take up about as much memory as their text, and are parsed
/// while iterating.
///
/// ```
/// use postroom::imap::codec::search;
///
/// let found = search::parse(b"* ESEARCH (TAG \"A1\") UID ADDTO (1 2733 1 2731:2732)\r\n")?;
/// assert_eq!(found.updates.len(), 2);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SearchUpdates {
    /// For each change: the position, a space, the UIDs, and `+` or `-`.
    text: String,
}

const SIGNS: [char; 2] = ['+', '-'];

impl SearchUpdates {
    /// The changes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = SearchUpdate> + '_ {
        self.text.split_inclusive(SIGNS).filter_map(|step| {
            let change = if step.ends_with('+') { SearchChange::Added } else { SearchChange::Removed };
            let (position, uids) = step.trim_end_matches(SIGNS).split_once(' ')?;
            Some(SearchUpdate { change, position: position.parse().ok()?, uids: UidList::from_wire(uids.as_bytes())? })
        })
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.text.split_inclusive(SIGNS).count()
    }

    /// Whether there are no changes.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Reserves memory for changes that take this number of bytes on the wire.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.text.reserve_exact(bytes);
    }

    pub(crate) fn push(&mut self, change: SearchChange, position: u32, uids: &UidList) {
        let sign = if change == SearchChange::Added { '+' } else { '-' };
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "{position} {uids}{sign}");
    }
}

/// The kind of a change in a search's result (RFC 5267 §4.3.3, §4.3.4).
///
/// ```
/// use postroom::imap::{SearchChange, codec::search};
///
/// let found = search::parse(b"* ESEARCH (TAG \"A1\") UID REMOVEFROM (0 32768)\r\n")?;
/// assert!(found.updates.iter().all(|update| update.change == SearchChange::Removed));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SearchChange {
    /// `ADDTO`: messages were inserted at the position.
    Added,
    /// `REMOVEFROM`: messages were removed from the position on.
    Removed,
}

/// The answer to SORT (RFC 5256 §4).
///
/// ```
/// use postroom::imap::codec::sort;
///
/// let sorted = sort::parse(b"* SORT 882 2 84\r\n")?;
/// assert!(sorted.list.iter().map(u32::from).eq([882, 2, 84]));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sorted {
    /// The messages found, in the requested order.
    pub list: UidList,
    /// The highest modification sequence of the messages found (RFC 7162 §3.1.6).
    pub modseq: Option<u64>,
}
