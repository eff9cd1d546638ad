//! The wire log: TRACE events with the target `postroom::wire`, one for each line of the connection, escaped and cut, and the size of a
//! message in place of its bytes. It formats nothing if TRACE is off. Secrets are removed before the bytes come here.

use std::fmt;

use tracing::{Level, enabled, trace};

use crate::engine::wire_format::{LineFormat, LineKind};

const TARGET: &str = "postroom::wire";
/// How many bytes of a line are shown.
const SHOWN: usize = 200;

/// Whether a subscriber wants the wire log.
pub(super) fn is_on() -> bool {
    enabled!(target: TARGET, Level::TRACE)
}

/// The log of one direction.
pub(super) struct WireLog {
    sender: &'static str,
    format: Box<dyn LineFormat>,
    partial: Vec<u8>,
    /// The octets that are still to come of those that were announced, and how many were announced.
    announced: Option<(u64, u64)>,
    /// The size of the content that was not shown since the last line that was.
    content: u64,
}

impl WireLog {
    pub(super) fn new(sender: &'static str, format: Box<dyn LineFormat>) -> Self {
        Self { sender, format, partial: Vec::new(), announced: None, content: 0 }
    }

    /// Logs what passed. A piece that ends in the middle of a line is logged together with the rest of the line.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if let Some((left, size)) = &mut self.announced {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(count..).unwrap_or_default();
                *left -= count as u64;
                if *left == 0 {
                    let size = *size;
                    self.announced = None;
                    self.log(size, format_args!("<{size} bytes>"));
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
        let kind = self.format.next(line);
        if kind == LineKind::Content {
            self.content += line.len() as u64;
            return;
        }
        let content = std::mem::take(&mut self.content);
        if content > 0 {
            self.log(content, format_args!("<{content} bytes>"));
        }
        self.log(line.len() as u64, format_args!("{}", WireLine(line)));
        if let LineKind::Announces(size @ 1..) = kind {
            self.announced = Some((size, size));
        }
    }

    fn log(&self, bytes: u64, text: fmt::Arguments<'_>) {
        trace!(target: TARGET, bytes, "{}: {text}", self.sender);
    }
}

struct WireLine<'a>(&'a [u8]);

impl fmt::Display for WireLine<'_> {
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

    /// A line of digits announces octets; one that begins with a space is content.
    struct Numbers;

    impl LineFormat for Numbers {
        fn next(&mut self, line: &[u8]) -> LineKind {
            match str::from_utf8(line.trim_ascii_end()).ok().and_then(|text| text.parse().ok()) {
                Some(size) => LineKind::Announces(size),
                None if line.starts_with(b" ") => LineKind::Content,
                None => LineKind::Shown,
            }
        }
    }

    /// What is logged of these pieces, without what comes before the direction.
    fn logged(pieces: &[&[u8]]) -> Vec<String> {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(log.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut lines = WireLog::new("S", Box::new(Numbers));
            pieces.iter().for_each(|piece| lines.feed(piece));
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once("wire: ").unwrap().1.to_owned()).collect()
    }

    #[test]
    fn lines_are_escaped_and_cut_and_whole_however_they_came() {
        let long = format!("{}\r\n", "x".repeat(1000));
        let log = logged(&[b"* OK \x1b[2", b"J\xff\r", b"\nA1 OK\r\n", long.as_bytes()]);
        assert_eq!(log[0], r"S: * OK \x1b[2J\xff bytes=12");
        assert_eq!(log[1], "S: A1 OK bytes=7");
        assert_eq!(log[2], format!("S: {}... bytes=1002", "x".repeat(SHOWN)));
        assert_eq!(WireLine("x".repeat(SHOWN).as_bytes()).to_string(), "x".repeat(SHOWN));
    }

    #[test]
    fn of_announced_octets_only_the_number_is_logged() {
        let log = logged(&[b"12\r\n", b"hello\r\n", b"wor", b"ld)\r\n0\r\nx\r\n"]);
        assert_eq!(log, ["S: 12 bytes=4", "S: <12 bytes> bytes=12", "S: ) bytes=3", "S: 0 bytes=3", "S: x bytes=3"]);
    }

    #[test]
    fn of_content_only_the_size_is_logged() {
        let log = logged(&[b"begin\r\n one\r\n tw", b"o\r\nend\r\n"]);
        assert_eq!(log, ["S: begin bytes=7", "S: <12 bytes> bytes=12", "S: end bytes=5"]);
    }
}
