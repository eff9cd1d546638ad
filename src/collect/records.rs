//! [`Records`]: the ledger's records of one account, compared with the server's listing: which message is known, which is new, which
//! only looks like a known one. A pure state machine: changes for the ledger come out, and nothing is read or written here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use time::OffsetDateTime;

use super::delivery::{Extent, Recovered, Ticket};
use super::digest::{Digest, Digests};
use super::ledger::{Change, Record, State};
use crate::Entry;

/// The records, an index of those whose message may come back under another name, and the changes that are not in the ledger yet.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Boxed: a growing table holds its values twice, and half of its slots are empty.
    by_key: HashMap<Arc<str>, Box<KeylessRecord>>,
    /// By digest, the keys of records whose message is not listed under its key. A message of that digest may claim one.
    claimable: HashMap<Digest, Vec<Arc<str>>>,
    /// By digest, how many keys were tried to find an unused one.
    numbers: HashMap<Digest, usize>,
    changes: Vec<Change>,
    /// How many messages in a row came twice with the same bytes although the server declares another size.
    confirmed: u64,
}

/// A record without its key.
#[derive(Clone, Debug, PartialEq)]
struct KeylessRecord {
    digest: Digest,
    /// Of another reading; boxed, because hardly any record has one.
    other: Option<Box<Digest>>,
    header: Digest,
    size: Option<u64>,
    extent: Extent,
    state: State,
    at: OffsetDateTime,
    /// Whether the message is in the listing, or was recognised by its digest in this session.
    listed: bool,
}

/// How a message matches the records by its name alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NameMatch {
    /// It was collected before, at that time.
    Known(OffsetDateTime),
    /// It was collected before, in two readings that differ.
    Differing,
    /// Its header was collected before.
    HeaderKnown,
    /// There is a record of that name, but perhaps of another message: only its digest decides.
    Doubtful,
    /// There is no record of that name.
    New,
}

/// How a message matches the records by its digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum DigestMatch {
    /// It was collected before.
    Known {
        /// Its key now.
        key: Arc<str>,
        /// When it was collected.
        at: OffsetDateTime,
        /// Whether no reading of it differed: only then it is certain that the server has these bytes.
        certain: bool,
    },
    /// It was not.
    New,
}

impl Records {
    pub(super) fn new(records: Vec<Record>) -> Self {
        let mut known = Self::default();
        for record in records {
            let Record { key, digest, other, header, size, extent, state, at } = record;
            let other = other.map(Box::new);
            if key == SIZES {
                known.confirmed = size.unwrap_or_default();
            } else if !key.starts_with(ACCOUNT) {
                let record = KeylessRecord { digest, other, header, size, extent, state, at, listed: false };
                known.by_key.insert(key.into(), Box::new(record));
            }
        }
        known
    }

    /// How many more messages must come twice with the same bytes until the server's sizes count as estimates; 0 once they do.
    pub(super) fn confirmations_needed(&self) -> usize {
        usize::try_from(CONFIRMATIONS.saturating_sub(self.confirmed)).unwrap_or(usize::MAX)
    }

    /// A message of another size than declared came twice, with the same bytes or not.
    pub(super) fn count_comparison(&mut self, alike: bool, now: OffsetDateTime) {
        let confirmed = if alike { (self.confirmed + 1).min(CONFIRMATIONS) } else { 0 };
        if confirmed != self.confirmed {
            self.confirmed = confirmed;
            let digest = Digest::of(&[]);
            let record = Record { size: Some(confirmed), ..Record::new(SIZES, digest, digest, now) };
            self.changes.push(Change::Put(record));
        }
    }

    /// The keys and tickets of the messages that an aborted run had staged.
    pub(super) fn staged_tickets(&self) -> Vec<(Arc<str>, Ticket)> {
        let staged = self.by_key.iter().filter_map(|(key, record)| match &record.state {
            State::Staged(ticket) => Some((key.clone(), ticket.clone())),
            State::Collected | State::Gone(_) | State::Deleted(_) => None,
        });
        staged.collect()
    }

    /// Notes what the delivery found of one of them.
    pub(super) fn recover(&mut self, key: &str, recovered: Recovered) {
        match recovered {
            Recovered::Delivered => self.mark_collected(key),
            Recovered::Missing => self.remove(key),
        }
    }

    /// Forgets the messages that were gone from the server before that time.
    pub(super) fn forget(&mut self, before: OffsetDateTime) {
        let keys =
            self.keys(|_, record| matches!(record.state, State::Gone(since) | State::Deleted(since) if since < before));
        keys.iter().for_each(|key| self.remove(key));
    }

    /// Compares the records with the listing: one result for each entry. Records of messages that are no longer listed are marked as gone,
    /// and a message of their digest may claim them, unless a run deleted their message.
    pub(super) fn reconcile(&mut self, entries: &[Entry], now: OffsetDateTime) -> Vec<NameMatch> {
        let matches: Vec<_> = entries.iter().map(|entry| self.match_by_name(entry)).collect();
        // A name that may have come to mean another message: the old message may be listed under another name.
        for (entry, _) in entries.iter().zip(&matches).filter(|(_, name_match)| **name_match == NameMatch::Doubtful) {
            stable_key(entry).iter().for_each(|key| self.make_claimable(&key.as_str().into()));
        }
        for key in self.keys(|_, record| !record.listed) {
            self.make_claimable(&key);
            // Without a stable name only the digests of a whole run show that a message is gone.
            if !key.starts_with(UNNAMED) {
                self.mark_gone(&key, now);
            }
        }
        matches
    }

    fn match_by_name(&mut self, entry: &Entry) -> NameMatch {
        let Some(record) = stable_key(entry).and_then(|key| self.by_key.get_mut(&*key)) else { return NameMatch::New };
        record.listed = true;
        let other_size = record.size.zip(entry.size).is_some_and(|(then, now)| then != now);
        match (&record.state, record.extent) {
            _ if other_size => NameMatch::Doubtful,
            (State::Collected, Extent::Whole) if record.other.is_some() => NameMatch::Differing,
            (State::Collected, Extent::Whole) => NameMatch::Known(record.at),
            (State::Collected, Extent::Header) => NameMatch::HeaderKnown,
            (State::Gone(_) | State::Deleted(_) | State::Staged(_), _) => NameMatch::Doubtful,
        }
    }

    /// Whether the record of that name has that header.
    pub(super) fn has_header(&self, entry: &Entry, header: Digest) -> bool {
        stable_key(entry).and_then(|key| self.by_key.get(&*key)).is_some_and(|record| record.header == header)
    }

    /// The headers of the messages that may be listed under another name.
    pub(super) fn claimable_headers(&self) -> HashSet<Digest> {
        let record = self.claimable.values().flatten().filter_map(|key| self.by_key.get(key));
        record.map(|record| record.header).collect()
    }

    /// Matches a message by its bytes. A record of it under another name is renamed. `sized` is whether it has the size that the server
    /// declares: only a message of another size can be the other reading of one that was read twice.
    pub(super) fn match_by_digest(
        &mut self,
        entry: &Entry,
        extent: Extent,
        digests: &Digests,
        sized: bool,
    ) -> DigestMatch {
        let key = stable_key(entry);
        if let Some(record) = key.as_ref().and_then(|key| self.by_key.get(&**key)) {
            let record = KeylessRecord::clone(record);
            let key: Arc<str> = key.as_deref().unwrap_or_default().into();
            if is_of(&record, extent, digests, sized) {
                self.withdraw_claim(&key, &record);
                return self.keep_as(key, KeylessRecord { size: entry.size, ..record });
            }
            self.unname(&key, record);
        }
        let Some((old, record)) = self.claim(extent, digests, sized) else { return DigestMatch::New };
        let record = KeylessRecord { size: entry.size, ..record };
        match key {
            None if old.starts_with(UNNAMED) => self.keep_as(old, record),
            key => {
                self.remove(&old);
                let key = key.map_or_else(|| self.unnamed_key(digests.whole), Into::into);
                self.keep_as(key, record)
            }
        }
    }

    fn keep_as(&mut self, key: Arc<str>, record: KeylessRecord) -> DigestMatch {
        let (at, certain) = (record.at, record.other.is_none());
        let record = KeylessRecord { state: State::Collected, listed: true, ..record };
        let same = self
            .by_key
            .get(&key)
            .is_some_and(|old| KeylessRecord { listed: true, ..KeylessRecord::clone(old) } == record);
        match self.by_key.get_mut(&key) {
            Some(old) if same => old.listed = true,
            _ => self.put(key.clone(), record),
        }
        DigestMatch::Known { key, at, certain }
    }

    /// The record of that name is of another message: it keeps its digest and loses its name.
    fn unname(&mut self, key: &str, record: KeylessRecord) {
        self.remove(key);
        // A record of a header is useless once the whole message can be collected, and so is one whose message a run deleted.
        if record.extent == Extent::Whole && !matches!(record.state, State::Deleted(_)) {
            let key = self.unnamed_key(record.digest);
            self.put(key.clone(), KeylessRecord { listed: false, ..record });
            self.make_claimable(&key);
        }
    }

    fn claim(&mut self, extent: Extent, digests: &Digests, sized: bool) -> Option<(Arc<str>, KeylessRecord)> {
        let (free, records) = (self.claimable.get(&digests.whole)?, &self.by_key);
        let fits = |key: &&Arc<str>| records.get(*key).is_some_and(|record| is_of(record, extent, digests, sized));
        let key = free.iter().find(fits)?.clone();
        let record = KeylessRecord::clone(self.by_key.get(&key)?);
        self.withdraw_claim(&key, &record);
        Some((key, record))
    }

    /// Two readings of it differ: adds the digest of the one that is not stored.
    pub(super) fn note_other_reading(&mut self, key: &str, other: Digest) {
        if let Some(record) = self.by_key.get_mut(key).filter(|record| record.other.is_none() && record.digest != other)
        {
            record.other = Some(Box::new(other));
            self.changes.push(Change::Put(record.with_key(key)));
        }
    }

    /// Adds a message that was just staged; [`mark_collected`](Self::mark_collected) follows.
    pub(super) fn stage(
        &mut self,
        entry: &Entry,
        extent: Extent,
        digests: &Digests,
        other: Option<Digest>,
        ticket: Ticket,
        at: OffsetDateTime,
    ) -> Arc<str> {
        let key = stable_key(entry).map_or_else(|| self.unnamed_key(digests.whole), Into::into);
        let (digest, header, size) = (digests.whole, digests.header, entry.size);
        let (state, other) = (State::Staged(ticket), other.map(Box::new));
        self.put(Arc::clone(&key), KeylessRecord { digest, other, header, size, extent, state, at, listed: true });
        key
    }

    /// The message is delivered.
    pub(super) fn mark_collected(&mut self, key: &str) {
        self.set_state(key, State::Collected);
    }

    /// The message is no longer on the server.
    pub(super) fn mark_gone(&mut self, key: &str, now: OffsetDateTime) {
        if self.by_key.get(key).is_some_and(|record| !matches!(record.state, State::Gone(_) | State::Deleted(_))) {
            self.set_state(key, State::Gone(now));
        }
    }

    /// The message was certainly deleted. So a message with the same bytes that comes later is a new one.
    pub(super) fn mark_deleted(&mut self, key: &str, now: OffsetDateTime) {
        match key.starts_with(UNNAMED) {
            true => self.remove(key),
            false => self.set_state(key, State::Deleted(now)),
        }
    }

    /// Marks messages without a stable name that did not come as gone; for the end of a run that has seen every message.
    pub(super) fn mark_unnamed_gone(&mut self, now: OffsetDateTime) {
        let unlisted = self.keys(|key, record| key.starts_with(UNNAMED) && !record.listed);
        unlisted.iter().for_each(|key| self.mark_gone(key, now));
    }

    fn remove(&mut self, key: &str) {
        if self.by_key.remove(key).is_some() {
            self.changes.push(Change::Remove(key.to_owned()));
        }
    }

    /// The changes that are not in the ledger yet.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn keys(&self, which: impl Fn(&str, &KeylessRecord) -> bool) -> Vec<Arc<str>> {
        self.by_key.iter().filter(|(key, record)| which(key, record)).map(|(key, _)| key.clone()).collect()
    }

    fn set_state(&mut self, key: &str, state: State) {
        if let Some(record) = self.by_key.get_mut(key) {
            record.state = state;
            self.changes.push(Change::Put(record.with_key(key)));
        }
    }

    fn put(&mut self, key: Arc<str>, record: KeylessRecord) {
        self.changes.push(Change::Put(record.with_key(&key)));
        self.by_key.insert(key, Box::new(record));
    }

    fn make_claimable(&mut self, key: &Arc<str>) {
        if let Some(record) = self.by_key.get(key)
            && !matches!(record.state, State::Deleted(_))
        {
            for digest in [Some(record.digest), record.other.as_deref().copied()].into_iter().flatten() {
                self.claimable.entry(digest).or_default().push(key.clone());
            }
        }
    }

    /// The message is listed under its name: no other one may claim the record.
    fn withdraw_claim(&mut self, key: &str, record: &KeylessRecord) {
        for digest in [Some(record.digest), record.other.as_deref().copied()].into_iter().flatten() {
            if let Some(free) = self.claimable.get_mut(&digest)
                && let Some(at) = free.iter().position(|other| **other == *key)
            {
                free.swap_remove(at);
            }
        }
    }

    /// A new key for a message without a stable name.
    fn unnamed_key(&mut self, digest: Digest) -> Arc<str> {
        let number = self.numbers.entry(digest).or_default();
        loop {
            *number += 1;
            let key = format!("{UNNAMED}{digest}-{number}");
            if !self.by_key.contains_key(&*key) {
                return key.into();
            }
        }
    }
}

impl KeylessRecord {
    fn with_key(&self, key: &str) -> Record {
        let Self { digest, other, header, size, extent, state, at, .. } = self.clone();
        let other = other.map(|other| *other);
        Record { key: key.to_owned(), digest, other, header, size, extent, state, at }
    }
}

/// Begins the key of a record without a stable name; no id's text form begins so.
const UNNAMED: &str = "digest:";

/// Begins the key of a record that is not of a message; no id's text form begins so.
const ACCOUNT: &str = "account:";
/// The key of the record whose size is the number of messages in a row that came twice with the same bytes.
const SIZES: &str = "account:sizes";
/// This number makes the server's sizes estimates.
const CONFIRMATIONS: u64 = 8;

/// The key of an entry whose id is stable.
pub(super) fn stable_key(entry: &Entry) -> Option<String> {
    entry.id.is_lasting().then(|| entry.id.to_string())
}

/// Whether the record is of that message, and of at least that extent.
fn is_of(record: &KeylessRecord, extent: Extent, digests: &Digests, sized: bool) -> bool {
    match (record.extent, extent) {
        (Extent::Whole, Extent::Whole) if !sized && record.other.as_deref() == Some(&digests.whole) => true,
        (Extent::Whole, Extent::Whole) | (Extent::Header, Extent::Header) => record.digest == digests.whole,
        (Extent::Whole, Extent::Header) => record.header == digests.header,
        (Extent::Header, Extent::Whole) => false,
    }
}
