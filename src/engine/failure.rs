//! The errors with which both engines end requests, and the server's text in them. It must not know a protocol.

use crate::error::{Error, Kind, Replay, Result};

/// How many characters of the server's text go into an error.
pub(crate) const TEXT: usize = 300;
/// How many octets of an unexpected line go into an error.
const EXCERPT: usize = 80;

/// The session ended as it should.
pub(crate) fn over() -> Error {
    Error::closed("the session has ended")
}

/// The error for every request after that end.
pub(crate) fn closed(outcome: &Result<()>) -> Error {
    match outcome {
        Err(error) if error.kind() == Kind::Closed => error.clone(),
        Err(error) => {
            let closed = Error::closed("the connection is closed after a failure");
            closed.on(error.server()).with_source(error.clone().without_place())
        }
        Ok(()) => over(),
    }
}

/// A command that changes something was sent, and its reply never came. What ended the connection is the cause, with the code and the
/// meaning of the server's goodbye.
pub(crate) fn unknown(verb: &str, change: Replay, error: &Error) -> Error {
    let text = format!("the connection ended before the reply to {verb}, which may or may not have taken effect");
    error.clone().reclassify(Kind::Unknown, text).after_change(Some(change))
}

/// Refuses a greeting that is a TLS record: an alert or a handshake (RFC 8446 §5.1). A server that expects TLS from the first byte sends
/// one if it gets something else, or nothing.
pub(crate) fn check_start(input: &[u8]) -> Result<()> {
    match input {
        [0x15 | 0x16, 0x03, ..] => Err(Error::protocol(
            "the server expects TLS from the first byte on this port: leave out `starttls` and `dangerous_plaintext`",
        )),
        _ => Ok(()),
    }
}

/// The beginning of a line, in quotes.
pub(crate) fn excerpt(line: &[u8]) -> String {
    let line = line.trim_ascii_end();
    format!("\"{}\"", line.get(..EXCERPT).unwrap_or(line).escape_ascii())
}

/// The server's text, without control characters, which could disturb a terminal or a log.
pub(crate) fn clean(text: &str) -> String {
    text.trim().chars().filter(|char| !char.is_control()).take(TEXT).collect()
}
