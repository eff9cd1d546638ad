//! [`WireFormat`]: how the bytes of one protocol divide into lines to show and content to count. The wire log and the recorder use it; it
//! must not know a protocol.

use std::ops::Range;

/// How the wire log reads one protocol. The functions make the readers that a connection needs only if somebody watches it.
#[derive(Clone, Copy)]
pub(crate) struct WireFormat {
    /// For what the server sends.
    pub(crate) server: fn() -> Box<dyn LineFormat>,
    /// For what the client sends.
    pub(crate) client: fn() -> Box<dyn LineFormat>,
    /// Where the challenge is in a line of the server (RFC 4422 §3.1); `None` if the line is not a challenge.
    pub(crate) challenge: fn(&[u8]) -> Option<Range<usize>>,
}

/// What a watcher does with a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LineKind {
    /// Shows it.
    Shown,
    /// Shows it; this number of octets follows, which are only counted.
    Announces(u64),
    /// Only counts it: it is part of a message.
    Content,
}

/// Reads the lines of one direction, in order. Octets that a line announces are not lines and never come here.
pub(crate) trait LineFormat: Send + 'static {
    /// What the next line is, its line end included.
    fn next(&mut self, line: &[u8]) -> LineKind;
}
