//! The replies to LIST, UIDL and LANG as values. A line that cannot be read hides no other, and is counted. It must not compare one
//! listing with another.

use super::answer;
use crate::conn::link::Inbox;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pop3::codec::{Lines, language_line, line_number, scan_line, stat, uidl_line};
use crate::pop3::engine::Engine;
use crate::pop3::types::{Language, Number, Uidl};

/// What LIST or UIDL said, in the server's order.
#[derive(Clone, Debug, Default)]
pub(in crate::pop3) struct Listing<T> {
    /// Every message that a line names, with what that says of it; `None` where it says nothing that can be read.
    pub(in crate::pop3) rows: Vec<(Number, Option<T>)>,
    /// How many lines do not say all that they should.
    pub(in crate::pop3) unreadable: u64,
}

/// How many messages STAT counts; `None` where it does not say so in two numbers.
pub(in crate::pop3) async fn count(inbox: Inbox<Engine>) -> Result<Option<u64>> {
    Ok(stat(&answer(inbox).await?.rest).map(|stat| stat.messages))
}

pub(in crate::pop3) async fn sizes(inbox: Inbox<Engine>, limits: &Limits) -> Result<Listing<u64>> {
    listing(&answer(inbox).await?.body, limits, scan_line)
}

pub(in crate::pop3) async fn unique_ids(inbox: Inbox<Engine>, limits: &Limits) -> Result<Listing<Uidl>> {
    listing(&answer(inbox).await?.body, limits, uidl_line)
}

pub(super) async fn languages(inbox: Inbox<Engine>, limits: &Limits) -> Result<Vec<Language>> {
    let mut languages = Vec::new();
    for line in Lines::new(&answer(inbox).await?.body) {
        match language_line(line) {
            Some(language) => push(&mut languages, language, limits)?,
            None => unreadable(line),
        }
    }
    Ok(languages)
}

impl<T> Listing<T> {
    /// What can be read in full.
    pub(super) fn values(self) -> Vec<(Number, T)> {
        self.rows.into_iter().filter_map(|(number, value)| Some((number, value?))).collect()
    }
}

fn listing<T>(body: &[u8], limits: &Limits, parse: impl Fn(&[u8]) -> Option<(Number, T)>) -> Result<Listing<T>> {
    let mut listing = Listing { rows: Vec::new(), unreadable: 0 };
    for line in Lines::new(body) {
        if line.len() > limits.status_line {
            return Err(Error::limit("a line of the listing is over the limit"));
        }
        if let Some((number, value)) = parse(line) {
            push(&mut listing.rows, (number, Some(value)), limits)?;
            continue;
        }
        unreadable(line);
        listing.unreadable += 1;
        if let Some(number) = line_number(line) {
            push(&mut listing.rows, (number, None), limits)?;
        }
    }
    Ok(listing)
}

fn push<T>(rows: &mut Vec<T>, row: T, limits: &Limits) -> Result<()> {
    if rows.len() >= limits.untagged {
        return Err(Error::limit("the listing has more lines than the limit"));
    }
    rows.push(row);
    Ok(())
}

fn unreadable(line: &[u8]) {
    tracing::warn!(line = %line.get(..80).unwrap_or(line).escape_ascii(), "a line of a listing cannot be read");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn limits(lines: usize, line: usize) -> Limits {
        let mut limits = Limits::default();
        (limits.untagged, limits.status_line) = (lines, line);
        limits
    }

    #[test]
    fn an_unreadable_line_hides_no_other_nor_the_message_it_names() {
        let listing = listing(b"1 10\r\nwhat?\r\n3\r\n4 -\r\n5 50\r\n0 1\r\n", &Limits::default(), scan_line).unwrap();
        assert_eq!(
            listing.rows.iter().map(|(number, octets)| (number.as_u32(), *octets)).collect::<Vec<_>>(),
            [(1, Some(10)), (3, None), (4, None), (5, Some(50))]
        );
        assert_eq!(listing.unreadable, 4);
        assert_eq!(listing.values().len(), 2);
    }

    #[test]
    fn both_limits_are_inclusive() {
        let body = b"1 10\r\n2 20\r\n";
        assert_eq!(listing(body, &limits(2, 4), scan_line).unwrap().rows.len(), 2);
        assert_eq!(listing(body, &limits(1, 4), scan_line).unwrap_err().kind(), Kind::Limit);
        assert_eq!(listing(body, &limits(2, 3), scan_line).unwrap_err().kind(), Kind::Limit);
    }
}
