//! Which messages there are, by what STAT, LIST and UIDL say together. They are compared, and where they differ even when asked again,
//! each message that any of them names is there. It must not know how they are asked.

use std::collections::BTreeMap;

use super::listing::Listing;
use super::names::key_of;
use crate::error::{Error, Result};
use crate::message_id::Key;
use crate::pop3::engine::Marks;
use crate::pop3::types::{Number, Uidl};

/// What the server said in one flight; `None` for what it has not got, or refused.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// How many messages STAT counts.
    pub(super) counted: Option<u64>,
    pub(super) sizes: Option<Listing<u64>>,
    pub(super) names: Option<Listing<Uidl>>,
}

/// The messages that are there.
pub(super) struct Census {
    /// In the server's order.
    pub(super) numbers: Vec<Number>,
    pub(super) sizes: Vec<(Number, u64)>,
    pub(super) names: Vec<(Number, Key)>,
    /// About how many of them the server contradicts itself.
    pub(super) disputed: u64,
}

/// What was said of one thing about one message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Word<T> {
    #[default]
    Unsaid,
    Said(T),
    Contradicted,
}

/// What was said of one message.
#[derive(Debug, Default)]
struct Told {
    size: Word<u64>,
    name: Word<Uidl>,
    /// In how many of the last listings it was.
    listed: usize,
}

impl Said {
    /// The messages that are not marked, if STAT, LIST and UIDL agree which those are. Marked messages are not to be listed or counted
    /// (RFC 1939 §5), and some servers do.
    pub(super) fn agreed(&self, marks: &Marks) -> Option<Census> {
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

    /// Whether LIST has lines and no size in any of them: they may be the answer to another command.
    fn is_unsized(&self, marks: &Marks) -> bool {
        let mut sizes = self.sizes.iter().flat_map(|sizes| unmarked(sizes, marks)).map(|(_, size)| size).peekable();
        sizes.peek().is_some() && sizes.all(|size| size.is_none())
    }

    /// Whether STAT counts so many messages that are not marked, or does not say.
    fn counts(&self, messages: u64, marks: &Marks) -> bool {
        self.counted.is_none_or(|counted| counted == messages || counted == messages + marks.iter().count() as u64)
    }

    fn listings(&self) -> usize {
        usize::from(self.sizes.is_some()) + usize::from(self.names.is_some())
    }
}

impl Census {
    /// What follows from two answers, neither of which agrees with itself: every message that was named, in the order of numbers,
    /// and so many more as STAT counts. Of two sizes or names of one message none counts.
    pub(super) fn of(first: Said, second: Said, marks: &Marks, most: usize) -> Result<Self> {
        let (listings, counted) = (second.listings(), second.counted.or(first.counted));
        // No message comes or goes within a session (RFC 1939 §3): of two counts the greater may be of messages that no listing names.
        let recounted = first.counted.zip(second.counted).map_or(0, |(first, second)| first.saturating_sub(second));
        let mut told = BTreeMap::<Number, Told>::new();
        for said in [first, second] {
            told.values_mut().for_each(|told| told.listed = 0);
            for (number, word) in words(said.sizes, marks) {
                let told = told.entry(number).or_default();
                (told.size, told.listed) = (std::mem::take(&mut told.size).then(word), told.listed + 1);
            }
            for (number, word) in words(said.names, marks) {
                let told = told.entry(number).or_default();
                (told.name, told.listed) = (std::mem::take(&mut told.name).then(word), told.listed + 1);
            }
        }
        let known = told.len() as u64;
        let doubtful =
            |told: &&Told| told.listed < listings || told.size == Word::Contradicted || told.name == Word::Contradicted;
        let mut disputed = (told.values().filter(doubtful).count() as u64).max(recounted);
        let marked = marks.iter().count() as u64;
        if let Some(counted) = counted.filter(|counted| *counted != known && *counted != known + marked) {
            disputed += counted.abs_diff(known);
            let nameless = counted.saturating_sub(known);
            if nameless > (most as u64).saturating_sub(known) {
                return Err(Error::limit("STAT counts more messages than the limit"));
            }
            let unnamed = (1..).filter_map(|number| Number::new(number).ok());
            let unnamed = unnamed.filter(|number| !told.contains_key(number) && !marks.has(*number));
            let unnamed: Vec<_> = unnamed.take(usize::try_from(nameless).unwrap_or(most)).collect();
            told.extend(unnamed.into_iter().map(|number| (number, Told::default())));
        }
        let (mut numbers, mut sizes) = (Vec::with_capacity(told.len()), Vec::with_capacity(told.len()));
        let mut names = Vec::with_capacity(told.len());
        for (number, told) in told {
            numbers.push(number);
            sizes.extend(told.size.value().map(|size| (number, *size)));
            names.extend(told.name.value().map(|name| (number, key_of(name))));
        }
        Ok(Self { numbers, sizes, names, disputed })
    }
}

impl<T: Eq> Word<T> {
    /// What it is after another word about the same: a clear one settles what was contradictory before.
    fn then(self, later: Self) -> Self {
        match (self, later) {
            (earlier, Self::Unsaid) => earlier,
            (Self::Said(earlier), Self::Said(later)) if earlier != later => Self::Contradicted,
            (_, later) => later,
        }
    }

    fn value(&self) -> Option<&T> {
        match self {
            Self::Said(value) => Some(value),
            Self::Unsaid | Self::Contradicted => None,
        }
    }
}

/// What a listing says of messages that are not marked.
fn unmarked<T>(listing: &Listing<T>, marks: &Marks) -> impl Iterator<Item = (Number, Option<T>)> {
    listing.rows().filter(|(number, _)| !marks.has(*number))
}

/// The numbers of a listing in their order, each as often as it was named.
fn numbers<T>(listing: Option<&Listing<T>>, marks: &Marks) -> Option<Vec<Number>> {
    let listing = listing?;
    let mut numbers = Vec::with_capacity(listing.named);
    numbers.extend(unmarked(listing, marks).map(|(number, _)| number));
    numbers.sort_unstable();
    Some(numbers)
}

/// What one listing says of each message, once.
fn words<T: Eq>(listing: Option<Listing<T>>, marks: &Marks) -> BTreeMap<Number, Word<T>> {
    let mut words = BTreeMap::new();
    for (number, value) in listing.iter().flat_map(|listing| unmarked(listing, marks)) {
        let word = words.entry(number).or_insert(Word::Unsaid);
        *word = match (std::mem::take(word), value) {
            (word, None) => word,
            (Word::Unsaid, Some(value)) => Word::Said(value),
            (Word::Said(one), Some(value)) if one == value => Word::Said(one),
            _ => Word::Contradicted,
        };
    }
    words
}
