//! The replies to LIST, UIDL and LANG as values. An unreadable line hides no other, and is counted. It must not compare
//! one listing with another.

use bytes::Bytes;

use super::call::answer;
use crate::conn::link::Inbox;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pop3::codec::{Lines, language_line, line_number, scan_line, stat, uidl_line};
use crate::pop3::engine::Engine;
use crate::pop3::types::{Language, Number, Uidl};

/// The reply to LIST or UIDL, unparsed: its rows are parsed whenever they are used.
#[derive(Clone, Debug)]
pub(in crate::pop3) struct Listing<T> {
    body: Bytes,
    parse: fn(&[u8]) -> Option<(Number, T)>,
    /// The number of lines that name a message.
    pub(in crate::pop3) named: usize,
    /// The number of incomplete or unreadable lines.
    pub(in crate::pop3) unreadable: u64,
}

/// The number of messages that STAT reports; `None` if its reply is not two numbers.
pub(in crate::pop3) async fn count(inbox: Inbox<Engine>) -> Result<Option<u64>> {
    Ok(stat(&answer(inbox).await?.rest).map(|stat| stat.messages))
}

pub(in crate::pop3) async fn sizes(inbox: Inbox<Engine>, limits: &Limits) -> Result<Listing<u64>> {
    listing(answer(inbox).await?.body, limits, scan_line)
}

pub(in crate::pop3) async fn unique_ids(inbox: Inbox<Engine>, limits: &Limits) -> Result<Listing<Uidl>> {
    listing(answer(inbox).await?.body, limits, uidl_line)
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
    /// Every message that a line names, in the server's order, with its value; `None` if the value is unreadable.
    pub(in crate::pop3) fn rows(&self) -> impl Iterator<Item = (Number, Option<T>)> {
        Lines::new(&self.body).filter_map(|line| match (self.parse)(line) {
            Some((number, value)) => Some((number, Some(value))),
            None => line_number(line).map(|number| (number, None)),
        })
    }

    /// The rows that are readable as a whole.
    pub(super) fn values(self) -> Vec<(Number, T)> {
        let mut values = Vec::with_capacity(self.named);
        values.extend(self.rows().filter_map(|(number, value)| Some((number, value?))));
        values
    }
}

fn listing<T>(body: Bytes, limits: &Limits, parse: fn(&[u8]) -> Option<(Number, T)>) -> Result<Listing<T>> {
    let (mut named, mut bad) = (0, 0);
    for line in Lines::new(&body) {
        if line.len() > limits.status_line {
            return Err(Error::limit("a line of the listing is longer than the limit"));
        }
        let read = parse(line).is_some();
        if !read {
            unreadable(line);
            bad += 1;
        }
        named += usize::from(read || line_number(line).is_some());
        if named > limits.untagged {
            return Err(too_many());
        }
    }
    if named > limits.undelivered / size_of::<(Number, Option<T>)>() {
        return Err(Error::limit("the listing takes more memory than the limit"));
    }
    let body = if named == 0 { Bytes::new() } else { body };
    Ok(Listing { body, parse, named, unreadable: bad })
}

fn too_many() -> Error {
    Error::limit("the listing has more lines than the limit")
}

fn push<T>(rows: &mut Vec<T>, row: T, limits: &Limits) -> Result<()> {
    if rows.len() >= limits.untagged {
        return Err(too_many());
    }
    rows.push(row);
    Ok(())
}

fn unreadable(line: &[u8]) {
    tracing::warn!(line = %line.get(..80).unwrap_or(line).escape_ascii(), "a line of a listing is unreadable");
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
        let listing =
            listing(b"1 10\r\nwhat?\r\n3\r\n4 -\r\n5 50\r\n0 1\r\n"[..].into(), &Limits::default(), scan_line).unwrap();
        assert_eq!(
            listing.rows().map(|(number, octets)| (number.as_u32(), octets)).collect::<Vec<_>>(),
            [(1, Some(10)), (3, None), (4, None), (5, Some(50))]
        );
        assert_eq!(listing.unreadable, 4);
        assert_eq!(listing.values().len(), 2);
    }

    #[test]
    fn both_limits_are_inclusive() {
        let body = Bytes::from_static(b"1 10\r\n2 20\r\n");
        assert_eq!(listing(body.clone(), &limits(2, 4), scan_line).unwrap().values().len(), 2);
        assert_eq!(listing(body.clone(), &limits(1, 4), scan_line).unwrap_err().kind(), Kind::Limit);
        assert_eq!(listing(body, &limits(2, 3), scan_line).unwrap_err().kind(), Kind::Limit);
    }

    #[test]
    fn what_lines_take_in_memory_is_limited_too() {
        let body = Bytes::from(b"1 10\r\n".repeat(1000));
        let mut limits = limits(1_000_000, 4);
        limits.undelivered = 1000 * size_of::<(Number, Option<u64>)>();
        assert_eq!(listing(body.clone(), &limits, scan_line).unwrap().values().len(), 1000);
        limits.undelivered -= 1;
        assert_eq!(listing(body, &limits, scan_line).unwrap_err().kind(), Kind::Limit);
    }
}
