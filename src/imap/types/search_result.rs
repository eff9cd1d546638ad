//! [`SearchResult`]: what a search says that it found (RFC 9051 §7.3.4, RFC 4731 and what extends it). It must not know what was asked.

use std::fmt::Write;

use super::mailbox_name::MailboxName;
use super::uid::{Uid, UidValidity};
use super::uid_list::UidList;
use super::uids::Uids;
use crate::error::Result;

/// What a search found. The numbers are UIDs where the command was a UID command, as all of this crate are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SearchResult {
    /// The tag of the command this answers; only ESEARCH says it.
    pub tag: Option<String>,
    /// The mailbox that was searched, where a search goes through several (RFC 7377).
    pub mailbox: Option<MailboxName>,
    /// The generation of that mailbox's UIDs (RFC 7377).
    pub uid_validity: Option<UidValidity>,
    /// Whether the server says that the numbers are UIDs; only ESEARCH does.
    pub is_uid: bool,
    /// Everything found, where that was asked for; SEARCH always tells it.
    pub all: Option<Uids>,
    /// The same in the server's order, where that is not the ascending one: the answer to an extended SORT (RFC 5267 §3). Of a plain
    /// search the order means nothing.
    pub order: Option<UidList>,
    /// The lowest number found.
    pub min: Option<Uid>,
    /// The highest number found.
    pub max: Option<Uid>,
    /// How many were found.
    pub count: Option<u64>,
    /// The highest modification sequence among what was found.
    pub modseq: Option<u64>,
    /// A stretch of what was found (RFC 5267 §4.4, RFC 9394).
    pub partial: Option<Partial>,
    /// How well each matches, from 1 to 100, in the order of `all` or `order` (RFC 6203 §4).
    pub relevancy: Vec<u8>,
    /// How the result of an earlier search has changed, step by step (RFC 5267 §4.3).
    pub updates: SearchUpdates,
    /// What else was said, by name and as it came.
    pub other: Vec<u8>,
}

impl SearchResult {
    /// What was found in one part of a mailbox, and in the part with the lower UIDs. Which modification sequence is the highest is told
    /// only if it was asked among all that was found.
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

/// A stretch of a search's result.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Partial {
    /// Where in the result it begins, from 1; from the end where negative, -1 being the last (RFC 9394).
    pub first: i64,
    /// Where it ends.
    pub last: i64,
    /// What stands there, in the server's order.
    pub found: UidList,
}

/// One step in which the result of a search changed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SearchUpdate {
    /// Whether something came or went.
    pub change: SearchChange,
    /// Where in the result, from 1; 0 where the order is that of the mailbox.
    pub position: u32,
    /// What came or went, in this order.
    pub uids: UidList,
}

/// The steps in which the result of a search changed, in their order. They take up about as much memory as their text, and are read when
/// they are looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SearchUpdates {
    /// Of each the position, a space, the UIDs, `+` or `-`.
    text: String,
}

const SIGNS: [char; 2] = ['+', '-'];

impl SearchUpdates {
    /// Each step.
    pub fn iter(&self) -> impl Iterator<Item = SearchUpdate> + '_ {
        self.text.split_inclusive(SIGNS).filter_map(|step| {
            let change = if step.ends_with('+') { SearchChange::Added } else { SearchChange::Removed };
            let (position, uids) = step.trim_end_matches(SIGNS).split_once(' ')?;
            Some(SearchUpdate { change, position: position.parse().ok()?, uids: UidList::from_wire(uids.as_bytes())? })
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.text.split_inclusive(SIGNS).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Room for steps that take that many bytes on the wire.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.text.reserve_exact(bytes);
    }

    pub(crate) fn push(&mut self, change: SearchChange, position: u32, uids: &UidList) {
        let sign = if change == SearchChange::Added { '+' } else { '-' };
        // Writing to a text cannot fail.
        let _ = write!(self.text, "{position} {uids}{sign}");
    }
}

/// What happened to a search's result (RFC 5267 §4.3.2, §4.3.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SearchChange {
    /// `ADDTO`: inserted there.
    Added,
    /// `REMOVEFROM`: taken away from there on.
    Removed,
}

/// The answer to SORT (RFC 5256 §4).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sorted {
    /// What was found, in the order asked for.
    pub list: UidList,
    /// The highest modification sequence among it (RFC 7162 §3.1.6).
    pub modseq: Option<u64>,
}
