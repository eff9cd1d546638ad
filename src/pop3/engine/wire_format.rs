//! How the wire log reads POP3: which lines are commands, status lines, and content. It shows nothing itself.

use std::ops::Range;

use crate::engine::wire_format::{LineFormat, LineKind, WireFormat};

/// Every command is shown, and the lines of a reply up to the first empty one, which ends a message's header.
pub(super) const WIRE_FORMAT: WireFormat =
    WireFormat { server: || Box::new(Replies::default()), client: || Box::new(Commands), challenge };

/// The most lines of a multi-line reply that are shown.
const MOST_LINES: u64 = 30;

struct Commands;

impl LineFormat for Commands {
    fn next(&mut self, _: &[u8]) -> LineKind {
        LineKind::Shown
    }
}

#[derive(Default)]
struct Replies {
    /// Lines since the last status line.
    lines: u64,
    /// Whether the rest of the reply is content. Until its end, no line is a status line.
    in_content: bool,
}

impl LineFormat for Replies {
    fn next(&mut self, line: &[u8]) -> LineKind {
        if matches!(line, b".\r\n" | b".\n") {
            self.in_content = false;
            return LineKind::Shown;
        }
        if self.in_content {
            return LineKind::Content;
        }
        let is_status = line.starts_with(b"+OK") || line.starts_with(b"-ERR");
        self.lines = if is_status { 0 } else { self.lines + 1 };
        self.in_content = matches!(line, b"\r\n" | b"\n") || self.lines >= MOST_LINES;
        LineKind::Shown
    }
}

/// `+ BASE64` (RFC 5034 §4). Without the space it is a status line.
fn challenge(line: &[u8]) -> Option<Range<usize>> {
    let text = line.strip_prefix(b"+ ")?;
    Some(2..2 + text.trim_ascii_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_message_the_header_is_shown() {
        use LineKind::{Content, Shown};
        let reply = b"+OK\r\nSubject: x\r\n\r\nthe text\r\n+OK is text too\r\n.\r\n+OK next\r\n";
        let mut format = (WIRE_FORMAT.server)();
        let kinds: Vec<_> = reply.split_inclusive(|byte| *byte == b'\n').map(|line| format.next(line)).collect();
        assert_eq!(kinds, [Shown, Shown, Shown, Content, Content, Shown, Shown]);
    }

    #[test]
    fn of_a_long_listing_the_beginning_is_shown() {
        let mut format = (WIRE_FORMAT.server)();
        assert_eq!(format.next(b"+OK\r\n"), LineKind::Shown);
        let shown = (0..100).filter(|_| format.next(b"1 120\r\n") == LineKind::Shown).count();
        assert_eq!(shown as u64, MOST_LINES);
        assert_eq!(format.next(b".\r\n"), LineKind::Shown);
    }

    #[test]
    fn a_command_announces_nothing_and_a_status_line_is_not_a_challenge() {
        assert_eq!((WIRE_FORMAT.client)().next(b"USER {5}\r\n"), LineKind::Shown);
        assert_eq!((WIRE_FORMAT.challenge)(b"+ YWJj\r\n"), Some(2..6));
        assert_eq!((WIRE_FORMAT.challenge)(b"+OK\r\n"), None);
    }
}
