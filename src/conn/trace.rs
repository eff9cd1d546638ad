//! The wire at TRACE, target `postroom::wire`: direction, length and the beginning of each line, escaped. Where TRACE is off
//! nothing is formatted. What is secret is for the caller to say.

use std::fmt;

use tracing::{Level, enabled, trace};

const TARGET: &str = "postroom::wire";

/// How many bytes of a line are shown.
const SHOWN: usize = 200;

/// Bytes that were sent. Of secret ones only that they were: their length would tell the password's.
pub(crate) fn sent(bytes: &[u8], secret: bool) {
    if !enabled!(target: TARGET, Level::TRACE) {
        return;
    }
    if secret {
        trace!(target: TARGET, "C: <secret>");
        return;
    }
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        trace!(target: TARGET, bytes = line.len(), "C: {}", Line(line));
    }
}

/// Bytes that came, as much as one read gave; a line that it cut shows as two.
pub(crate) fn received(bytes: &[u8]) {
    if !enabled!(target: TARGET, Level::TRACE) {
        return;
    }
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        trace!(target: TARGET, bytes = line.len(), "S: {}", Line(line));
    }
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

    fn logged(level: Level, act: impl FnOnce()) -> String {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(log.clone()).finish();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_are_escaped_and_cut() {
        let log = logged(Level::TRACE, || {
            sent(b"A1 NOOP\r\n", false);
            received(b"* OK \x1b[2J\xff\r\nA1 OK\r\n");
            received("x".repeat(1000).as_bytes());
        });
        assert!(log.contains("C: A1 NOOP bytes=9"), "{log}");
        assert!(log.contains(r"S: * OK \x1b[2J\xff bytes=12"), "{log}");
        assert!(log.contains(&format!("S: {}... bytes=1000", "x".repeat(SHOWN))), "{log}");
        assert!(log.contains("S: A1 OK bytes=7"), "{log}");
        assert!(!log.contains('\x1b'));
    }

    #[test]
    fn a_line_of_exactly_the_shown_length_is_whole() {
        assert_eq!(Line("x".repeat(SHOWN).as_bytes()).to_string(), "x".repeat(SHOWN));
    }

    #[test]
    fn a_secret_shows_neither_itself_nor_its_length() {
        let log = logged(Level::TRACE, || sent(b"hunter2\r\n", true));
        assert!(log.contains("C: <secret>") && !log.contains("hunter2") && !log.contains("bytes"), "{log}");
    }

    #[test]
    fn nothing_is_said_above_trace() {
        let log = logged(Level::DEBUG, || {
            sent(b"A1 NOOP\r\n", false);
            sent(b"hunter2", true);
            received(b"A1 OK\r\n");
        });
        assert_eq!(log, "");
    }
}
