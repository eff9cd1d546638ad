//! [`LedgerLine`]: one change of a ledger as a line of text with a checksum, and back. It must not know files.
//!
//! ```text
//! CHECK put =ACCOUNT =KEY DIGEST HEADER SIZE EXTENT STATE AT
//! CHECK remove =ACCOUNT =KEY
//! ```
//!
//! CHECK is the first 16 hexadecimal digits of the SHA-256 of what comes after its space. Text is percent-encoded. SIZE is decimal or `-`.
//! EXTENT is `whole`, `header` or `whole=DIGEST` with the digest of another reading. STATE is
//! `collected`, `staged=TICKET`, `gone=SECONDS` or `deleted=SECONDS`. AT and SECONDS count from 1970.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::{Change, Record, State};
use crate::collect::delivery::{Extent, Ticket};
use crate::collect::digest::Digest;
use crate::store::{LogLine, checksum};

/// The characters that a field must not contain.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// A change of one account's records.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LedgerLine {
    pub(super) account: String,
    pub(super) change: Change,
}

impl LedgerLine {
    fn body(&self) -> String {
        let text = |text: &str| format!("={}", utf8_percent_encode(text, ENCODED));
        match &self.change {
            Change::Remove(key) => format!("remove {} {}", text(&self.account), text(key)),
            Change::Put(Record { key, digest, other, header, size, extent, state, at }) => {
                let size = size.map_or_else(|| "-".to_owned(), |size| size.to_string());
                let extent = write_extent(*extent, *other);
                let state = match state {
                    State::Collected => "collected".to_owned(),
                    State::Staged(ticket) => format!("staged{}", text(ticket.as_str())),
                    State::Gone(since) => format!("gone={}", since.unix_timestamp()),
                    State::Deleted(since) => format!("deleted={}", since.unix_timestamp()),
                };
                let (account, key, at) = (text(&self.account), text(key), at.unix_timestamp());
                format!("put {account} {key} {digest} {header} {size} {extent} {state} {at}")
            }
        }
    }
}

impl LogLine for LedgerLine {
    const KIND: &'static str = "ledger";
    const TITLE: &'static str = "postroom-ledger";
    const VERSION: &'static str = "1";

    fn write(&self) -> String {
        let body = self.body();
        format!("{} {body}\n", checksum(body.as_bytes()))
    }

    fn read(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (sum, body) = line.split_once(' ')?;
        if sum != checksum(body.as_bytes()) {
            return None;
        }
        let fields: Vec<_> = body.split(' ').collect();
        match *fields.as_slice() {
            ["remove", account, key] => Some(Self { account: text(account)?, change: Change::Remove(text(key)?) }),
            ["put", account, key, digest, header, size, extent, state, at] => {
                let size = if size == "-" { None } else { Some(size.parse().ok()?) };
                let (extent, other) = read_extent(extent)?;
                let (digest, header) = (digest.parse().ok()?, header.parse().ok()?);
                let (key, state, at) = (text(key)?, read_state(state)?, time(at)?);
                let record = Record { key, digest, other, header, size, extent, state, at };
                Some(Self { account: text(account)?, change: Change::Put(record) })
            }
            _ => None,
        }
    }

    fn name(&self) -> [u8; 16] {
        let key = match &self.change {
            Change::Put(record) => &record.key,
            Change::Remove(key) => key,
        };
        let mut hash = Sha256::new();
        hash.update((self.account.len() as u64).to_be_bytes());
        hash.update(&self.account);
        hash.update(key);
        let mut name = [0; 16];
        name.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        name
    }

    fn is_removal(&self) -> bool {
        matches!(self.change, Change::Remove(_))
    }
}

/// How much was collected, and the digest of another reading.
pub(super) fn write_extent(extent: Extent, other: Option<Digest>) -> String {
    let extent = match extent {
        Extent::Whole => "whole",
        Extent::Header => "header",
    };
    other.map_or_else(|| extent.to_owned(), |other| format!("{extent}={other}"))
}

pub(super) fn read_extent(field: &str) -> Option<(Extent, Option<Digest>)> {
    let (extent, other) = match field.split_once('=') {
        Some((extent, other)) => (extent, Some(other.parse().ok()?)),
        None => (field, None),
    };
    match extent {
        "whole" => Some((Extent::Whole, other)),
        "header" => Some((Extent::Header, other)),
        _ => None,
    }
}

fn read_state(state: &str) -> Option<State> {
    if state == "collected" {
        return Some(State::Collected);
    }
    match state.strip_prefix("staged") {
        Some(ticket) => Ticket::new(text(ticket)?).ok().map(State::Staged),
        None => match state.split_once('=')? {
            ("gone", since) => time(since).map(State::Gone),
            ("deleted", since) => time(since).map(State::Deleted),
            _ => None,
        },
    }
}

fn text(field: &str) -> Option<String> {
    let decoded = percent_decode_str(field.strip_prefix('=')?).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn time(seconds: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_change_comes_back(account: String, key: String, ticket: String, size: Option<u64>, other: Option<String>, at in 0..4_000_000_000_i64, state in 0..4) {
            let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
            let mut record = Record::new(key.clone(), Digest::of(key.as_bytes()), Digest::of(b""), at);
            record.size = size;
            record.other = other.map(|text| Digest::of(text.as_bytes()));
            record.state = match state {
                0 => State::Collected,
                1 => State::Staged(Ticket::new(ticket).unwrap()),
                2 => State::Gone(at),
                _ => State::Deleted(at),
            };
            for change in [Change::Put(record), Change::Remove(key)] {
                let line = LedgerLine { account: account.clone(), change };
                let text = line.write();
                prop_assert_eq!(text.matches('\n').count(), 1);
                prop_assert_eq!(LedgerLine::read(text.as_bytes()), Some(line));
            }
        }

        #[test]
        fn any_flipped_bit_is_seen(key: String, at: prop::sample::Index, bit in 0..8_u8) {
            let mut text = LedgerLine { account: "me".to_owned(), change: Change::Remove(key) }.write().into_bytes();
            let at = at.index(text.len());
            text[at] ^= 1 << bit;
            prop_assert_eq!(LedgerLine::read(&text), None);
        }
    }
    #[test]
    fn a_line_without_another_reading_is_as_it_always_was() {
        let body = format!("put =me =1 {0} {0} 24 whole collected 1700000000", Digest::of(b"a"));
        let text = format!("{} {body}\n", checksum(body.as_bytes()));
        let mut record = Record::new("1", Digest::of(b"a"), Digest::of(b"a"), time("1700000000").unwrap());
        record.size = Some(24);
        let line = LedgerLine { account: "me".to_owned(), change: Change::Put(record) };
        assert_eq!(line.write(), text);
        assert_eq!(LedgerLine::read(text.as_bytes()), Some(line));
    }
}
