//! [`Book`]: the ledger's records of one account beside the server's listing: which message is known, which is new, which only
//! looks like a known one. A pure state machine: changes for the ledger come out, nothing is read or written here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use time::OffsetDateTime;

use super::delivery::{Extent, Recovered, Ticket};
use super::digest::{Digest, Digests};
use super::ledger::{Change, Record, State};
use crate::Entry;

/// The records, those of them that may be claimed by a message of another name, and the changes that the ledger has yet to be told.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Boxed: a growing table would hold its values twice, in slots half of which are empty.
    records: HashMap<Arc<str>, Box<Kept>>,
    /// By digest, the keys of records whose message is not listed under its key now.
    free: HashMap<Digest, Vec<Arc<str>>>,
    /// By digest, how many nameless keys were looked at to find an unused one.
    numbers: HashMap<Digest, usize>,
    changes: Vec<Change>,
    /// How many messages in a row came twice alike though their sizes were others than declared.
    confirmed: u64,
}

/// A record but for its key.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    digest: Digest,
    /// Of another reading; boxed, since hardly any record has one.
    other: Option<Box<Digest>>,
    header: Digest,
    size: Option<u64>,
    extent: Extent,
    state: State,
    at: OffsetDateTime,
    /// Whether the message is listed, or was recognised in this session.
    met: bool,
}

/// What a message is to the book, by its name alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Collected before; since then.
    Known(OffsetDateTime),
    /// Collected before, in two readings that differ.
    Differing,
    /// Its header was collected before.
    HeaderKnown,
    /// There is a record of that name, but perhaps of another message: only its digest can tell.
    Doubtful,
    /// There is no record of that name.
    New,
}

/// What a message is to the book, by its digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It was collected before.
    Known {
        /// Its key now.
        key: Arc<str>,
        /// Since when it is at home.
        at: OffsetDateTime,
        /// Whether it is certain that it is what the server has: no reading of it differed.
        certain: bool,
    },
    /// It was not.
    New,
}

impl Book {
    pub(super) fn new(records: Vec<Record>) -> Self {
        let mut book = Self::default();
        for record in records {
            let Record { key, digest, other, header, size, extent, state, at } = record;
            let other = other.map(Box::new);
            if key == SIZES {
                book.confirmed = size.unwrap_or_default();
            } else if !key.starts_with(ACCOUNT) {
                let kept = Kept { digest, other, header, size, extent, state, at, met: false };
                book.records.insert(key.into(), Box::new(kept));
            }
        }
        book
    }

    /// How many more messages must come twice alike until the server's sizes count as estimates; 0 when they do.
    pub(super) fn wanting(&self) -> usize {
        usize::try_from(CONFIRMATIONS.saturating_sub(self.confirmed)).unwrap_or(usize::MAX)
    }

    /// A message whose size is not the declared one came twice alike, or did not.
    pub(super) fn compared(&mut self, alike: bool, now: OffsetDateTime) {
        let confirmed = if alike { (self.confirmed + 1).min(CONFIRMATIONS) } else { 0 };
        if confirmed != self.confirmed {
            self.confirmed = confirmed;
            let digest = Digest::of(&[]);
            let record = Record { size: Some(confirmed), ..Record::new(SIZES, digest, digest, now) };
            self.changes.push(Change::Put(record));
        }
    }

    /// The tickets of what an aborted run had staged, by key.
    pub(super) fn staged(&self) -> Vec<(Arc<str>, Ticket)> {
        let staged = self.records.iter().filter_map(|(key, kept)| match &kept.state {
            State::Staged(ticket) => Some((key.clone(), ticket.clone())),
            State::Collected | State::Gone(_) | State::Deleted(_) => None,
        });
        staged.collect()
    }

    /// What became of one of them.
    pub(super) fn recover(&mut self, key: &str, recovered: Recovered) {
        match recovered {
            Recovered::Delivered => self.collected(key),
            Recovered::Missing => self.remove(key),
        }
    }

    /// Forgets messages that were gone from the server before that time.
    pub(super) fn forget(&mut self, before: OffsetDateTime) {
        let keys =
            self.keys(|_, kept| matches!(kept.state, State::Gone(since) | State::Deleted(since) if since < before));
        keys.iter().for_each(|key| self.remove(key));
    }

    /// Compares the records with the listing: one answer for each entry. Records of messages that are no longer listed are gone
    /// from now on, and free to be claimed by their digest, unless it was a run that deleted them.
    pub(super) fn meet(&mut self, entries: &[Entry], now: OffsetDateTime) -> Vec<Standing> {
        let standings: Vec<_> = entries.iter().map(|entry| self.standing(entry)).collect();
        // Names that may have come to mean other messages: the old ones can be there under others.
        for (entry, _) in entries.iter().zip(&standings).filter(|(_, standing)| **standing == Standing::Doubtful) {
            lasting(entry).iter().for_each(|key| self.free(&key.as_str().into()));
        }
        for key in self.keys(|_, kept| !kept.met) {
            self.free(&key);
            // Of a message without a lasting name, only its digest can say that it is gone.
            if !key.starts_with(NAMELESS) {
                self.gone(&key, now);
            }
        }
        standings
    }

    fn standing(&mut self, entry: &Entry) -> Standing {
        let Some(kept) = lasting(entry).and_then(|key| self.records.get_mut(&*key)) else { return Standing::New };
        kept.met = true;
        let other_size = kept.size.zip(entry.size).is_some_and(|(then, now)| then != now);
        match (&kept.state, kept.extent) {
            _ if other_size => Standing::Doubtful,
            (State::Collected, Extent::Whole) if kept.other.is_some() => Standing::Differing,
            (State::Collected, Extent::Whole) => Standing::Known(kept.at),
            (State::Collected, Extent::Header) => Standing::HeaderKnown,
            (State::Gone(_) | State::Deleted(_) | State::Staged(_), _) => Standing::Doubtful,
        }
    }

    /// Whether that header is the one of the record of that name.
    pub(super) fn has_header(&self, entry: &Entry, header: Digest) -> bool {
        lasting(entry).and_then(|key| self.records.get(&*key)).is_some_and(|kept| kept.header == header)
    }

    /// The headers of messages that may have lost their names.
    pub(super) fn free_headers(&self) -> HashSet<Digest> {
        let kept = self.free.values().flatten().filter_map(|key| self.records.get(key));
        kept.map(|kept| kept.header).collect()
    }

    /// Judges a message by its bytes; a record of it under another name becomes one under this name. `sized` is whether it has the
    /// size that the server declares: only one that has not can be the other reading of a message that was read twice.
    pub(super) fn recognise(&mut self, entry: &Entry, extent: Extent, digests: &Digests, sized: bool) -> Verdict {
        let key = lasting(entry);
        if let Some(kept) = key.as_ref().and_then(|key| self.records.get(&**key)) {
            let kept = Kept::clone(kept);
            let key: Arc<str> = key.as_deref().unwrap_or_default().into();
            if covers(&kept, extent, digests, sized) {
                self.hold(&key, &kept);
                return self.known(key, Kept { size: entry.size, ..kept });
            }
            self.displace(&key, kept);
        }
        let Some((old, kept)) = self.claim(extent, digests, sized) else { return Verdict::New };
        let kept = Kept { size: entry.size, ..kept };
        match key {
            None if old.starts_with(NAMELESS) => self.known(old, kept),
            key => {
                self.remove(&old);
                let key = key.map_or_else(|| self.nameless(digests.whole), Into::into);
                self.known(key, kept)
            }
        }
    }

    fn known(&mut self, key: Arc<str>, kept: Kept) -> Verdict {
        let (at, certain) = (kept.at, kept.other.is_none());
        let kept = Kept { state: State::Collected, met: true, ..kept };
        let same = self.records.get(&key).is_some_and(|old| Kept { met: true, ..Kept::clone(old) } == kept);
        match self.records.get_mut(&key) {
            Some(old) if same => old.met = true,
            _ => self.put(key.clone(), kept),
        }
        Verdict::Known { key, at, certain }
    }

    /// A record under that name is of another message: it keeps its digest, and loses its name.
    fn displace(&mut self, key: &str, kept: Kept) {
        self.remove(key);
        // The header of a message that can now be had whole is of no more use, nor is a name that was given anew after a deletion.
        if kept.extent == Extent::Whole && !matches!(kept.state, State::Deleted(_)) {
            let key = self.nameless(kept.digest);
            self.put(key.clone(), Kept { met: false, ..kept });
            self.free(&key);
        }
    }

    fn claim(&mut self, extent: Extent, digests: &Digests, sized: bool) -> Option<(Arc<str>, Kept)> {
        let (free, records) = (self.free.get(&digests.whole)?, &self.records);
        let fits = |key: &&Arc<str>| records.get(*key).is_some_and(|kept| covers(kept, extent, digests, sized));
        let key = free.iter().find(fits)?.clone();
        let kept = Kept::clone(self.records.get(&key)?);
        self.hold(&key, &kept);
        Some((key, kept))
    }

    /// Two readings of it differ: this is the digest of the one that is not at home.
    pub(super) fn differs(&mut self, key: &str, other: Digest) {
        if let Some(kept) = self.records.get_mut(key).filter(|kept| kept.other.is_none() && kept.digest != other) {
            kept.other = Some(Box::new(other));
            self.changes.push(Change::Put(kept.record(key)));
        }
    }

    /// Notes a message that was just staged; [`collected`](Self::collected) follows.
    pub(super) fn stage(
        &mut self,
        entry: &Entry,
        extent: Extent,
        digests: &Digests,
        other: Option<Digest>,
        ticket: Ticket,
        at: OffsetDateTime,
    ) -> Arc<str> {
        let key = lasting(entry).map_or_else(|| self.nameless(digests.whole), Into::into);
        let (digest, header, size) = (digests.whole, digests.header, entry.size);
        let (state, other) = (State::Staged(ticket), other.map(Box::new));
        self.put(Arc::clone(&key), Kept { digest, other, header, size, extent, state, at, met: true });
        key
    }

    /// It is delivered.
    pub(super) fn collected(&mut self, key: &str) {
        self.turn(key, State::Collected);
    }

    /// It is no longer on the server.
    pub(super) fn gone(&mut self, key: &str, now: OffsetDateTime) {
        if self.records.get(key).is_some_and(|kept| !matches!(kept.state, State::Gone(_) | State::Deleted(_))) {
            self.turn(key, State::Gone(now));
        }
    }

    /// It was deleted, for certain. So another message with the same bytes is another message, whose name nobody knows yet.
    pub(super) fn deleted(&mut self, key: &str, now: OffsetDateTime) {
        match key.starts_with(NAMELESS) {
            true => self.remove(key),
            false => self.turn(key, State::Deleted(now)),
        }
    }

    /// The nameless messages that were not met are no longer on the server; for the end of a run that has seen all there is.
    pub(super) fn nameless_gone(&mut self, now: OffsetDateTime) {
        let unmet = self.keys(|key, kept| key.starts_with(NAMELESS) && !kept.met);
        unmet.iter().for_each(|key| self.gone(key, now));
    }

    fn remove(&mut self, key: &str) {
        if self.records.remove(key).is_some() {
            self.changes.push(Change::Remove(key.to_owned()));
        }
    }

    /// What the ledger has to be told.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn keys(&self, which: impl Fn(&str, &Kept) -> bool) -> Vec<Arc<str>> {
        self.records.iter().filter(|(key, kept)| which(key, kept)).map(|(key, _)| key.clone()).collect()
    }

    fn turn(&mut self, key: &str, state: State) {
        if let Some(kept) = self.records.get_mut(key) {
            kept.state = state;
            self.changes.push(Change::Put(kept.record(key)));
        }
    }

    fn put(&mut self, key: Arc<str>, kept: Kept) {
        self.changes.push(Change::Put(kept.record(&key)));
        self.records.insert(key, Box::new(kept));
    }

    fn free(&mut self, key: &Arc<str>) {
        if let Some(kept) = self.records.get(key)
            && !matches!(kept.state, State::Deleted(_))
        {
            for digest in [Some(kept.digest), kept.other.as_deref().copied()].into_iter().flatten() {
                self.free.entry(digest).or_default().push(key.clone());
            }
        }
    }

    /// It is where its name says: no other message can claim it.
    fn hold(&mut self, key: &str, kept: &Kept) {
        for digest in [Some(kept.digest), kept.other.as_deref().copied()].into_iter().flatten() {
            if let Some(free) = self.free.get_mut(&digest)
                && let Some(at) = free.iter().position(|other| **other == *key)
            {
                free.swap_remove(at);
            }
        }
    }

    /// A key for a message that the server gives no lasting name.
    fn nameless(&mut self, digest: Digest) -> Arc<str> {
        let number = self.numbers.entry(digest).or_default();
        loop {
            *number += 1;
            let key = format!("{NAMELESS}{digest}-{number}");
            if !self.records.contains_key(&*key) {
                return key.into();
            }
        }
    }
}

impl Kept {
    fn record(&self, key: &str) -> Record {
        let Self { digest, other, header, size, extent, state, at, .. } = self.clone();
        let other = other.map(|other| *other);
        Record { key: key.to_owned(), digest, other, header, size, extent, state, at }
    }
}

/// Begins the key of a record without a lasting name; no id's text form begins so.
const NAMELESS: &str = "digest:";

/// Begins the key of a record that is of no message; no id's text form begins so.
const ACCOUNT: &str = "account:";
/// The key of the record that has as its size how many messages in a row came twice alike.
const SIZES: &str = "account:sizes";
/// So many make the server's sizes estimates.
const CONFIRMATIONS: u64 = 8;

/// The key of an entry whose id lasts.
pub(super) fn lasting(entry: &Entry) -> Option<String> {
    entry.id.is_lasting().then(|| entry.id.to_string())
}

/// Whether the record is of that message, and as much of it.
fn covers(kept: &Kept, extent: Extent, digests: &Digests, sized: bool) -> bool {
    match (kept.extent, extent) {
        (Extent::Whole, Extent::Whole) if !sized && kept.other.as_deref() == Some(&digests.whole) => true,
        (Extent::Whole, Extent::Whole) | (Extent::Header, Extent::Header) => kept.digest == digests.whole,
        (Extent::Whole, Extent::Header) => kept.header == digests.header,
        (Extent::Header, Extent::Whole) => false,
    }
}
