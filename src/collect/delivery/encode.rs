//! [`Encoder`]: how a message's bytes are written, piece by piece: Unix line ends, and the mbox form. It does not know where the bytes
//! go.

use memchr::memchr;
use time::{OffsetDateTime, UtcOffset};

use super::Head;

/// How the lines of a delivered message end on disk.
///
/// ```
/// use postroom::collect::{LineEnds, Maildir};
///
/// fn as_it_came(maildir: Maildir) -> Maildir {
///     maildir.line_ends(LineEnds::Crlf)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LineEnds {
    /// LF, as programs on Unix expect: each CRLF becomes LF; a CR or LF alone, NUL and every other byte stay.
    #[default]
    Lf,
    /// Every byte as it came, usually CRLF.
    Crlf,
}

/// How messages are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Plain(LineEnds),
    /// A message of an mbox file: a `From ` line, then the message with LF, lines quoted that look like a `From ` line, and an
    /// empty line.
    Mboxrd,
}

/// Writes one message.
pub(super) enum Encoder {
    Exact,
    Lf(Lf),
    Mboxrd { from_line: String, lf: Lf, quote: Quote, lines: Vec<u8> },
}

/// Turns CRLF into LF, also if a piece ends between the two.
#[derive(Default)]
pub(super) struct Lf {
    /// The last byte was a CR, which is not written yet.
    held: bool,
}

/// Adds one `>` before each `From ` at the beginning of a line or after `>`s there.
pub(super) struct Quote {
    place: LinePlace,
}

#[derive(Clone, Copy)]
enum LinePlace {
    /// At the beginning of a line.
    Start,
    /// After the `>`s at the beginning of a line.
    Marks,
    /// In what may become `From `: this number of bytes of it is not written yet.
    From(usize),
    Line,
}

const FROM: &[u8] = b"From ";

impl Encoder {
    pub(super) fn new(format: Format, head: &Head) -> Self {
        match format {
            Format::Plain(LineEnds::Crlf) => Self::Exact,
            Format::Plain(LineEnds::Lf) => Self::Lf(Lf::default()),
            Format::Mboxrd => Self::Mboxrd {
                from_line: from_line(head.received.unwrap_or_else(OffsetDateTime::now_utc)),
                lf: Lf::default(),
                quote: Quote { place: LinePlace::Start },
                lines: Vec::new(),
            },
        }
    }

    /// Writes what can be written of the message by now.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Exact => out.extend_from_slice(piece),
            Self::Lf(lf) => lf.push(piece, out),
            Self::Mboxrd { from_line, lf, quote, lines } => {
                out.append(&mut std::mem::take(from_line).into_bytes());
                lines.clear();
                lf.push(piece, lines);
                quote.push(lines, out);
            }
        }
    }

    /// The message ends here.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        // An empty message has a `From ` line too.
        self.push(b"", out);
        match self {
            Self::Exact => {}
            Self::Lf(lf) => lf.end(out),
            Self::Mboxrd { lf, quote, lines, .. } => {
                lines.clear();
                lf.end(lines);
                quote.push(lines, out);
                quote.end(out);
            }
        }
    }
}

impl Lf {
    fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        if std::mem::take(&mut self.held) && !piece.starts_with(b"\n") {
            out.push(b'\r');
        }
        while let Some((line, rest)) = memchr(b'\r', piece).and_then(|at| piece.split_at_checked(at)) {
            out.extend_from_slice(line);
            piece = rest.get(1..).unwrap_or_default();
            match piece.first() {
                None => self.held = true,
                Some(b'\n') => {}
                Some(_) => out.push(b'\r'),
            }
        }
        out.extend_from_slice(piece);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.held) {
            out.push(b'\r');
        }
    }
}

impl Quote {
    fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while let Some((&byte, rest)) = piece.split_first() {
            match self.place {
                LinePlace::Line => {
                    let end = memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
                    let (line, after) = piece.split_at(end);
                    out.extend_from_slice(line);
                    piece = after;
                    if line.ends_with(b"\n") {
                        self.place = LinePlace::Start;
                    }
                }
                LinePlace::Start | LinePlace::Marks if byte == b'>' => {
                    out.push(byte);
                    piece = rest;
                    self.place = LinePlace::Marks;
                }
                LinePlace::Start | LinePlace::Marks => self.place = LinePlace::From(0),
                LinePlace::From(matched) if FROM.get(matched) == Some(&byte) => {
                    piece = rest;
                    self.place = LinePlace::From(matched + 1);
                    if matched + 1 == FROM.len() {
                        out.push(b'>');
                        self.release(out);
                    }
                }
                LinePlace::From(_) => self.release(out),
            }
        }
    }

    /// Writes the bytes that were held back; the rest of the line follows.
    fn release(&mut self, out: &mut Vec<u8>) {
        if let LinePlace::From(matched) = self.place {
            out.extend_from_slice(FROM.get(..matched).unwrap_or_default());
            self.place = LinePlace::Line;
        }
    }

    /// Ends the last line if it has no end, and adds an empty one.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.release(out);
        if !matches!(self.place, LinePlace::Start) {
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}

/// By RFC 4155, in the form of C's `asctime` and in UTC.
fn from_line(at: OffsetDateTime) -> String {
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let (hour, minute, second) = at.to_hms();
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let (weekday, month, day, year) = (short(&weekday), short(&month), at.day(), at.year());
    format!("From MAILER-DAEMON {weekday} {month} {day:>2} {hour:02}:{minute:02}:{second:02} {year:04}\n")
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
