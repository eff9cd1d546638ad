//! The replies to LIST, UIDL and LANG as values, within limits.

use super::answer;
use crate::conn::link::Inbox;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pop3::codec::{Lines, language_line, scan_line, uidl_line};
use crate::pop3::engine::Engine;
use crate::pop3::types::{Language, Number, Uidl};

pub(crate) async fn sizes(inbox: Inbox<Engine>, limits: &Limits) -> Result<Vec<(Number, u64)>> {
    rows(&answer(inbox).await?.body, limits, scan_line)
}

pub(crate) async fn unique_ids(inbox: Inbox<Engine>, limits: &Limits) -> Result<Vec<(Number, Uidl)>> {
    rows(&answer(inbox).await?.body, limits, uidl_line)
}

pub(super) async fn languages(inbox: Inbox<Engine>, limits: &Limits) -> Result<Vec<Language>> {
    rows(&answer(inbox).await?.body, limits, language_line)
}

/// One unreadable line hides no other message.
fn rows<T>(body: &[u8], limits: &Limits, parse: impl Fn(&[u8]) -> Option<T>) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for line in Lines::new(body) {
        if line.len() > limits.status_line {
            return Err(Error::limit("a line of the listing is over the limit"));
        }
        let Some(row) = parse(line) else {
            tracing::warn!(line = %line.get(..80).unwrap_or(line).escape_ascii(), "left out an unreadable line of a listing");
            continue;
        };
        if rows.len() >= limits.untagged {
            return Err(Error::limit("the listing has more lines than the limit"));
        }
        rows.push(row);
    }
    Ok(rows)
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
    fn an_unreadable_line_hides_no_other() {
        let rows = rows(b"1 10\r\nwhat?\r\n3 30\r\n", &Limits::default(), scan_line).unwrap();
        assert_eq!(
            rows.iter().map(|(number, octets)| (number.as_u32(), *octets)).collect::<Vec<_>>(),
            [(1, 10), (3, 30)]
        );
    }

    #[test]
    fn both_limits_are_inclusive() {
        let body = b"1 10\r\n2 20\r\n";
        assert_eq!(rows(body, &limits(2, 4), scan_line).unwrap().len(), 2);
        assert_eq!(rows(body, &limits(1, 4), scan_line).unwrap_err().kind(), Kind::Limit);
        assert_eq!(rows(body, &limits(2, 3), scan_line).unwrap_err().kind(), Kind::Limit);
    }
}
