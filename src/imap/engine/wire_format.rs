//! How the wire log reads IMAP: lines, and the literals between them. It shows nothing itself.

use std::ops::Range;

use crate::engine::wire_format::{LineFormat, LineKind, WireFormat};
use crate::imap::codec::literal_announced;

/// Literals are counted in both directions; every line is shown.
pub(super) const WIRE_FORMAT: WireFormat = WireFormat {
    server: || Box::new(Lines { sender: Sender::Server, after_literal: false }),
    client: || Box::new(Lines { sender: Sender::Client, after_literal: false }),
    challenge,
};

#[derive(Clone, Copy, Eq, PartialEq)]
enum Sender {
    Server,
    Client,
}

struct Lines {
    sender: Sender,
    after_literal: bool,
}

impl LineFormat for Lines {
    fn next(&mut self, line: &[u8]) -> LineKind {
        // Only a response can be free text, where `{1}` announces nothing (servers send `* OK {1}`).
        let may_be_text = self.sender == Sender::Server && !self.after_literal;
        let announced = literal_announced(line, may_be_text);
        self.after_literal = announced.is_some();
        announced.map_or(LineKind::Shown, LineKind::Announces)
    }
}

/// `+ BASE64` (RFC 9051 §6.2.2). Some servers leave the space out.
fn challenge(line: &[u8]) -> Option<Range<usize>> {
    let text = line.strip_prefix(b"+")?;
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let start = line.len() - text.len();
    Some(start..start + text.trim_ascii_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(format: fn() -> Box<dyn LineFormat>, lines: &[&[u8]]) -> Vec<LineKind> {
        let mut format = format();
        lines.iter().map(|line| format.next(line)).collect()
    }

    #[test]
    fn literals_are_announced_in_both_directions_and_not_in_free_text() {
        use LineKind::{Announces, Shown};
        let server =
            [&b"* 1 FETCH (BODY[] {12}\r\n"[..], b" BODY[1] {3}\r\n", b")\r\n", b"* OK {5}\r\n", b"A1 NO {5}\r\n"];
        assert_eq!(kinds(WIRE_FORMAT.server, &server), [Announces(12), Announces(3), Shown, Shown, Shown]);
        let client = [&b"A1 APPEND x {7+}\r\n"[..], b"\r\n", b"A2 NOOP\r\n", b"A3 APPEND x ~{7}\r\n", b"{x}\r\n"];
        assert_eq!(kinds(WIRE_FORMAT.client, &client), [Announces(7), Shown, Shown, Announces(7), Shown]);
    }

    #[test]
    fn a_challenge_is_what_follows_the_plus() {
        assert_eq!((WIRE_FORMAT.challenge)(b"+ YWJj\r\n"), Some(2..6));
        assert_eq!((WIRE_FORMAT.challenge)(b"+YWJj\r\n"), Some(1..5));
        assert_eq!((WIRE_FORMAT.challenge)(b"+ \r\n"), Some(2..2));
        assert_eq!((WIRE_FORMAT.challenge)(b"* OK\r\n"), None);
    }
}
