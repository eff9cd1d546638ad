//! [`Unreadable`]: why a complete response could not be read. It must not know how a session handles it; the connection stays usable.

use thiserror::Error;

/// A complete response whose content does not match its kind. Its end is known, so the next response can be read.
///
/// ```
/// use postroom::imap::codec::search;
///
/// let error = search::parse(b"* SEARCH 1 two\r\n").unwrap_err();
/// assert_eq!(error.offset, 11);
/// ```
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("unreadable response at byte {offset}: {reason}")]
#[non_exhaustive]
pub struct Unreadable {
    /// The offset of the first byte that could not be read, counted from 0.
    pub offset: usize,
    /// What was expected there, for people.
    pub reason: &'static str,
}
