//! The wire at TRACE, target `postroom::wire`: a line of the log for each line of the connection, escaped and cut, and the size of
//! messages in the place of their bytes. Where TRACE is off nothing is formatted. What is secret was taken out before.

use std::fmt;

use tracing::{Level, enabled, trace};

use crate::engine::Content;

const TARGET: &str = "postroom::wire";
/// How many bytes of a line are shown.
const SHOWN: usize = 200;
/// How many lines of a multi-line reply are shown.
const MOST_LINES: u64 = 30;

/// Whether anybody listens.
pub(super) fn is_on() -> bool {
    enabled!(target: TARGET, Level::TRACE)
}

/// The lines of one direction.
pub(super) struct Lines {
    who: &'static str,
    content: Content,
    partial: Vec<u8>,
    /// How much is to come of a literal that was announced, and how large it is.
    literal: Option<(u64, u64)>,
    /// How many lines came of the reply.
    lines: u64,
    /// How much of the reply was not shown.
    untold: Option<u64>,
}

impl Lines {
    pub(super) fn new(who: &'static str, content: Content) -> Self {
        Self { who, content, partial: Vec::new(), literal: None, lines: 0, untold: None }
    }

    /// Tells what passed; a piece that ends in the middle of a line is told with the rest of it.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if let Some((left, size)) = &mut self.literal {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(count..).unwrap_or_default();
                *left -= count as u64;
                if *left == 0 {
                    let size = *size;
                    self.literal = None;
                    self.tell(size, format_args!("<{size} bytes>"));
                }
                continue;
            }
            let count = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            let (piece, rest) = bytes.split_at(count);
            self.partial.extend_from_slice(piece);
            bytes = rest;
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                self.line(&line);
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        match self.content {
            Content::Literals => {
                self.literal = announced(line).map(|size| (size, size));
                self.tell(line.len() as u64, format_args!("{}", Line(line)));
            }
            Content::Lines => self.reply_line(line),
        }
    }

    /// Of a reply of many lines, those up to the first empty one, which ends a message's header, and not too many.
    fn reply_line(&mut self, line: &[u8]) {
        let ends = line == b".\r\n" || line == b".\n";
        let begins = self.untold.is_none() && (line.starts_with(b"+OK") || line.starts_with(b"-ERR"));
        self.lines = if begins { 0 } else { self.lines + 1 };
        if let Some(untold) = self.untold.filter(|_| ends) {
            self.tell(untold, format_args!("<{untold} bytes>"));
            self.untold = None;
        }
        match &mut self.untold {
            Some(untold) => *untold += line.len() as u64,
            None => {
                self.tell(line.len() as u64, format_args!("{}", Line(line)));
                let blank = line == b"\r\n" || line == b"\n";
                self.untold = (!ends && (blank || self.lines >= MOST_LINES)).then_some(0);
            }
        }
    }

    fn tell(&self, bytes: u64, text: fmt::Arguments<'_>) {
        trace!(target: TARGET, bytes, "{}: {text}", self.who);
    }
}

/// The size of the literal that a line announces at its end (RFC 9051 §4.3).
fn announced(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let at = memchr::memrchr(b'{', line)?;
    let size = std::str::from_utf8(line.get(at + 1..)?).ok()?.parse().ok()?;
    (size > 0).then_some(size)
}

struct Line<'a>(&'a [u8]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.strip_suffix(b"\r\n").unwrap_or(self.0);
        match line.split_at_checked(SHOWN) {
            Some((shown, rest)) if !rest.is_empty() => write!(f, "{}...", shown.escape_ascii()),
            _ => write!(f, "{}", line.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What is logged of these pieces, without what stands before the direction.
    fn logged(content: Content, pieces: &[&[u8]]) -> Vec<String> {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(log.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut lines = Lines::new("S", content);
            pieces.iter().for_each(|piece| lines.feed(piece));
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once("wire: ").unwrap().1.to_owned()).collect()
    }

    #[test]
    fn lines_are_escaped_and_cut_and_whole_however_they_came() {
        let long = format!("{}\r\n", "x".repeat(1000));
        let log = logged(Content::Literals, &[b"* OK \x1b[2", b"J\xff\r", b"\nA1 OK\r\n", long.as_bytes()]);
        assert_eq!(log[0], r"S: * OK \x1b[2J\xff bytes=12");
        assert_eq!(log[1], "S: A1 OK bytes=7");
        assert_eq!(log[2], format!("S: {}... bytes=1002", "x".repeat(SHOWN)));
        assert_eq!(Line("x".repeat(SHOWN).as_bytes()).to_string(), "x".repeat(SHOWN));
    }

    #[test]
    fn of_a_literal_only_the_size_is_told() {
        let log = logged(Content::Literals, &[b"* 1 FETCH (BODY[] {12}\r\n", b"hello\r\n", b"wor", b"ld)\r\n"]);
        assert_eq!(log, ["S: * 1 FETCH (BODY[] {12} bytes=24", "S: <12 bytes> bytes=12", "S: ) bytes=3"]);
        for line in [&b"* OK {0}\r\n"[..], b"* OK {x}\r\n", b"{99999999999999999999999}\r\n", b"}\r\n"] {
            assert_eq!(announced(line), None);
        }
        assert_eq!(announced(b"A1 APPEND x {7+}\r\n"), Some(7));
    }

    #[test]
    fn of_a_message_in_lines_the_header_is_told() {
        let reply = b"+OK\r\nSubject: x\r\n\r\nthe text\r\n+OK is text too\r\n.\r\n+OK next\r\n";
        let log = logged(Content::Lines, &[reply]);
        let told =
            ["S: +OK bytes=5", "S: Subject: x bytes=12", "S:  bytes=2", "S: <27 bytes> bytes=27", "S: . bytes=3"];
        assert_eq!(log[..5], told);
        assert_eq!(log[5], "S: +OK next bytes=10");
    }
}
