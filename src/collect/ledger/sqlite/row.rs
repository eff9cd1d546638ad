//! One record as a row of the database, and back, with the sum by which damage to it is noticed. It must not know files.

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Row, params};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::collect::delivery::Ticket;
use crate::collect::digest::Digest;
use crate::collect::ledger::line::{read_extent, write_extent};
use crate::collect::ledger::{Record, State};

/// The columns of [`insert`] and [`read`], in order.
pub(super) const COLUMNS: &str = "account, key, digest, header, size, extent, state, ticket, gone, at, sum";

/// The beginning of a SHA-256. The sums of several rows are combined by exclusive or, so a row can be taken out again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sum(pub(super) [u8; 16]);

impl Sum {
    pub(super) fn of(account: &str, record: &Record) -> Self {
        let Record { key, digest, other, header, size, extent, at, .. } = record;
        let (state, ticket, gone) = state(record);
        let extent = write_extent(*extent, *other);
        let mut hash = Sha256::new();
        for text in [account, key, &extent, state, ticket.unwrap_or_default()] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(digest.as_bytes());
        hash.update(header.as_bytes());
        for number in [size.map(u64::cast_signed), gone, Some(at.unix_timestamp())] {
            hash.update([u8::from(number.is_some())]);
            hash.update(number.unwrap_or_default().to_le_bytes());
        }
        let mut sum = Self::default();
        sum.0.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        sum
    }

    /// Adds a row to the sum, or takes it out.
    pub(super) fn toggle(&mut self, row: Self) {
        self.0.iter_mut().zip(row.0).for_each(|(to, from)| *to ^= from);
    }
}

/// Replaces the record of that key.
pub(super) fn insert(into: &mut CachedStatement<'_>, account: &str, record: &Record, sum: Sum) -> rusqlite::Result<()> {
    let Record { key, digest, other, header, size, extent, at, .. } = record;
    let (state, ticket, gone) = state(record);
    // SQLite's integers are signed: a larger size is stored as a negative number.
    let (size, extent, at) = (size.map(u64::cast_signed), write_extent(*extent, *other), at.unix_timestamp());
    let (digest, header) = (digest.as_bytes(), header.as_bytes());
    into.execute(params![account, key, digest, header, size, extent, state, ticket, gone, at, sum.0])?;
    Ok(())
}

/// The account and the record of a row; an error if the row was changed.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(String, Record, Sum)> {
    let account: String = row.get(0)?;
    let state: String = row.get(6)?;
    let state = match (state.as_str(), row.get::<_, Option<String>>(7)?, row.get(8)?) {
        ("staged", Some(ticket), None) => State::Staged(Ticket::new(ticket).map_err(|_| damaged(7))?),
        ("collected", None, None) => State::Collected,
        ("gone", None, Some(since)) => State::Gone(time(8, since)?),
        ("deleted", None, Some(since)) => State::Deleted(time(8, since)?),
        _ => return Err(damaged(6)),
    };
    let extent: String = row.get(5)?;
    let (extent, other) = read_extent(&extent).ok_or_else(|| damaged(5))?;
    let record = Record {
        key: row.get(1)?,
        digest: Digest::from_bytes(row.get(2)?),
        other,
        header: Digest::from_bytes(row.get(3)?),
        size: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
        extent,
        state,
        at: time(9, row.get(9)?)?,
    };
    let sum = Sum(row.get(10)?);
    match sum == Sum::of(&account, &record) {
        true => Ok((account, record, sum)),
        false => Err(damaged(10)),
    }
}

fn state(record: &Record) -> (&'static str, Option<&str>, Option<i64>) {
    match &record.state {
        State::Staged(ticket) => ("staged", Some(ticket.as_str()), None),
        State::Collected => ("collected", None, None),
        State::Gone(since) => ("gone", None, Some(since.unix_timestamp())),
        State::Deleted(since) => ("deleted", None, Some(since.unix_timestamp())),
    }
}

fn time(column: usize, seconds: i64) -> rusqlite::Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| damaged(column))
}

fn damaged(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, "a row is not the one that was written".into())
}
