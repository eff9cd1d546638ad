//! The beginning of a sorted list, the newest message first, on a server that does not sort: the messages of the last days, sorted here. It
//! must not know pages.

use time::{Date, Duration};

use crate::error::Result;
use crate::imap::folder::Selected;
use crate::imap::local::SortTable;
use crate::imap::types::{Criterion, Query, SearchReturn, SortKey, UidList, Uids};

/// The days of the first window, and how much larger each one is than the one before.
const FIRST_DAYS: i64 = 16;
const GROWTH: i64 = 8;
/// A window of more days has all messages.
const MOST_DAYS: i64 = 4096;
/// How far a message may be from the days of a window that should have it. Servers don't look at times and zones (RFC 9051 §6.4.4): of
/// two days that a time has in some zones, they choose one.
const DOUBT: Duration = Duration::days(2);
/// In a mailbox with fewer messages, sorting all of them takes fewer round trips.
const FEWEST: u32 = 500;

/// Whether the windows have fewer messages than the mailbox, probably.
pub(super) fn is_worthwhile(exists: u32, keys: &[SortKey], needed: u64) -> bool {
    let is_by_date = keys.first().is_some_and(|key| key.reverse && window(key.by, Date::MIN).is_some());
    is_by_date && exists >= FEWEST && u64::from(exists) / 8 > needed
}

/// At least this many of the messages that match, from the first one in the order; `last` is the day on which the last message of the
/// mailbox arrived. `None` if there may be fewer, or if their days do not show it.
pub(super) async fn newest(
    selected: Selected<'_>,
    keys: &[SortKey],
    query: &Query,
    needed: u64,
    last: Date,
) -> Result<Option<UidList>> {
    let Some(by) = keys.first().map(|key| key.by) else { return Ok(None) };
    let mut table = SortTable::new(keys, selected.session.limits().undelivered)?;
    let (mut known, mut days) = (Uids::new(), FIRST_DAYS);
    while days <= MOST_DAYS {
        let Some(day) = last.checked_sub(Duration::days(days)) else { break };
        let Some(window) = window(by, day) else { break };
        let query = query.clone().and(window);
        let found = selected.find(&query, SearchReturn::ALL).await?.all.unwrap_or_default();
        if found.len() >= needed {
            let mut mail = selected.fetch(found.difference(&known), table.items())?;
            while let Some(message) = mail.try_next().await? {
                table.add(&message)?;
            }
            known = known.union(&found)?;
            let least = (day.midnight().assume_utc() + DOUBT).unix_timestamp();
            if table.count_from(least) as u64 >= needed {
                table.keep_from(least);
                let list = table.sorted();
                // Shorter if the server sent a message twice.
                return Ok(Some(list).filter(|list| list.len() >= needed));
            }
        }
        days *= GROWTH;
    }
    Ok(None)
}

/// The messages of this day and later, and those that have no date that the server can read; `None` for other criteria. A message without
/// a sent date is sorted by its arrival (RFC 5256 §2.2).
fn window(by: Criterion, day: Date) -> Option<Query> {
    match by {
        Criterion::Arrival => Some(Query::since(day)),
        Criterion::Date => Some(Query::sent_before(day).not().or(Query::since(day))),
        _ => None,
    }
}
