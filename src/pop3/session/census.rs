//! Decides which messages exist, from STAT, LIST and UIDL together. If they disagree even when sent again, each message
//! that any of them names exists. It must not know how they are sent.

use std::collections::BTreeMap;

use super::listing::Listing;
use super::names::key_of;
use crate::error::{Error, Result};
use crate::message_id::Key;
use crate::pop3::engine::DeletionMarks;
use crate::pop3::types::{Number, Uidl};

/// The server's answers in one round trip; `None` for a command that it does not support or refused.
#[derive(Debug, Default)]
pub(super) struct ListingReplies {
    /// The number of messages that STAT reports.
    pub(super) counted: Option<u64>,
    pub(super) sizes: Option<Listing<u64>>,
    pub(super) names: Option<Listing<Uidl>>,
}

/// The messages that exist.
pub(super) struct Census {
    /// In the server's order.
    pub(super) numbers: Vec<Number>,
    pub(super) sizes: Vec<(Number, u64)>,
    pub(super) names: Vec<(Number, Key)>,
    /// The number of messages about which the server contradicts itself.
    pub(super) disputed: u64,
}

/// What was reported for one property of one message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Report<T> {
    #[default]
    Unreported,
    Value(T),
    Contradicted,
}

/// What was reported about one message.
#[derive(Debug, Default)]
struct Reports {
    size: Report<u64>,
    name: Report<Uidl>,
    /// The number of the last listings that named it.
    listed: usize,
}

impl ListingReplies {
    /// The messages that are not marked, if STAT, LIST and UIDL agree on them. Marked messages must not be listed or
    /// counted (RFC 1939 §5), but some servers do so.
    pub(super) fn agreed(&self, marks: &DeletionMarks) -> Option<Census> {
        let sizes = numbers(self.sizes.as_ref(), marks);
        let names = numbers(self.names.as_ref(), marks);
        let alike = match (&sizes, &names) {
            (Some(sizes), Some(names)) => sizes == names,
            _ => true,
        };
        let (mut numbers, names) = match sizes {
            Some(sizes) => (sizes, names),
            None => (names.unwrap_or_default(), None),
        };
        drop(names);
        let twice = numbers.windows(2).any(|pair| pair.first() == pair.last());
        if !alike || twice || self.is_unsized(marks) || !self.counts(numbers.len() as u64, marks) {
            return None;
        }
        // In the server's order again.
        numbers.clear();
        let mut sizes = Vec::with_capacity(if self.sizes.is_some() { numbers.capacity() } else { 0 });
        for (number, size) in self.sizes.iter().flat_map(|sizes| unmarked(sizes, marks)) {
            numbers.push(number);
            sizes.extend(size.map(|size| (number, size)));
        }
        let mut names = Vec::with_capacity(if self.names.is_some() { numbers.capacity() } else { 0 });
        for (number, name) in self.names.iter().flat_map(|names| unmarked(names, marks)) {
            if self.sizes.is_none() {
                numbers.push(number);
            }
            names.extend(name.map(|name| (number, key_of(&name))));
        }
        Some(Census { numbers, sizes, names, disputed: 0 })
    }

    /// Whether LIST has lines but no size in any of them: they may be the answer to another command.
    fn is_unsized(&self, marks: &DeletionMarks) -> bool {
        let mut sizes = self.sizes.iter().flat_map(|sizes| unmarked(sizes, marks)).map(|(_, size)| size).peekable();
        sizes.peek().is_some() && sizes.all(|size| size.is_none())
    }

    /// Whether STAT counts this number of messages that are not marked, or reports nothing.
    fn counts(&self, messages: u64, marks: &DeletionMarks) -> bool {
        self.counted.is_none_or(|counted| counted == messages || counted == messages + marks.iter().count() as u64)
    }

    fn listings(&self) -> usize {
        usize::from(self.sizes.is_some()) + usize::from(self.names.is_some())
    }
}

impl Census {
    /// Combines two sets of answers, each of which contradicts itself: every message that was named, in the order of
    /// numbers, and as many more as STAT counts. If two sizes or names were reported for a message, neither is used.
    pub(super) fn of(
        first: ListingReplies,
        second: ListingReplies,
        marks: &DeletionMarks,
        most: usize,
    ) -> Result<Self> {
        let (listings, counted) = (second.listings(), second.counted.or(first.counted));
        // No message arrives or disappears during a session (RFC 1939 §3): the greater of two counts may include
        // messages that no listing names.
        let recounted = first.counted.zip(second.counted).map_or(0, |(first, second)| first.saturating_sub(second));
        let mut reports = BTreeMap::<Number, Reports>::new();
        for replies in [first, second] {
            reports.values_mut().for_each(|reports| reports.listed = 0);
            for (number, report) in reports_of(replies.sizes, marks) {
                let reports = reports.entry(number).or_default();
                (reports.size, reports.listed) = (std::mem::take(&mut reports.size).then(report), reports.listed + 1);
            }
            for (number, report) in reports_of(replies.names, marks) {
                let reports = reports.entry(number).or_default();
                (reports.name, reports.listed) = (std::mem::take(&mut reports.name).then(report), reports.listed + 1);
            }
        }
        let known = reports.len() as u64;
        let doubtful = |reports: &&Reports| {
            reports.listed < listings || reports.size == Report::Contradicted || reports.name == Report::Contradicted
        };
        let mut disputed = (reports.values().filter(doubtful).count() as u64).max(recounted);
        let marked = marks.iter().count() as u64;
        if let Some(counted) = counted.filter(|counted| *counted != known && *counted != known + marked) {
            disputed += counted.abs_diff(known);
            let nameless = counted.saturating_sub(known);
            if nameless > (most as u64).saturating_sub(known) {
                return Err(Error::limit("STAT reports more messages than the limit"));
            }
            let unnamed = (1..).filter_map(|number| Number::new(number).ok());
            let unnamed = unnamed.filter(|number| !reports.contains_key(number) && !marks.has(*number));
            let unnamed: Vec<_> = unnamed.take(usize::try_from(nameless).unwrap_or(most)).collect();
            reports.extend(unnamed.into_iter().map(|number| (number, Reports::default())));
        }
        let (mut numbers, mut sizes) = (Vec::with_capacity(reports.len()), Vec::with_capacity(reports.len()));
        let mut names = Vec::with_capacity(reports.len());
        for (number, reports) in reports {
            numbers.push(number);
            sizes.extend(reports.size.value().map(|size| (number, *size)));
            names.extend(reports.name.value().map(|name| (number, key_of(name))));
        }
        Ok(Self { numbers, sizes, names, disputed })
    }
}

impl<T: Eq> Report<T> {
    /// Combines it with a later report about the same: a clear one settles an earlier contradiction.
    fn then(self, later: Self) -> Self {
        match (self, later) {
            (earlier, Self::Unreported) => earlier,
            (Self::Value(earlier), Self::Value(later)) if earlier != later => Self::Contradicted,
            (_, later) => later,
        }
    }

    fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unreported | Self::Contradicted => None,
        }
    }
}

/// The rows of a listing for messages that are not marked.
fn unmarked<T>(listing: &Listing<T>, marks: &DeletionMarks) -> impl Iterator<Item = (Number, Option<T>)> {
    listing.rows().filter(|(number, _)| !marks.has(*number))
}

/// The numbers of a listing in ascending order, each as often as it was named.
fn numbers<T>(listing: Option<&Listing<T>>, marks: &DeletionMarks) -> Option<Vec<Number>> {
    let listing = listing?;
    let mut numbers = Vec::with_capacity(listing.named);
    numbers.extend(unmarked(listing, marks).map(|(number, _)| number));
    numbers.sort_unstable();
    Some(numbers)
}

/// What one listing reports about each message.
fn reports_of<T: Eq>(listing: Option<Listing<T>>, marks: &DeletionMarks) -> BTreeMap<Number, Report<T>> {
    let mut words = BTreeMap::new();
    for (number, value) in listing.iter().flat_map(|listing| unmarked(listing, marks)) {
        let report = words.entry(number).or_insert(Report::Unreported);
        *report = match (std::mem::take(report), value) {
            (report, None) => report,
            (Report::Unreported, Some(value)) => Report::Value(value),
            (Report::Value(one), Some(value)) if one == value => Report::Value(one),
            _ => Report::Contradicted,
        };
    }
    words
}
