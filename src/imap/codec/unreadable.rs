//! [`Unreadable`]: why a complete response could not be read. It must not know what becomes of it: the connection lives on.

use thiserror::Error;

/// A complete response that does not say what its first words promise. Its end is known, so what follows can be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("unreadable response at byte {offset}: {reason}")]
#[non_exhaustive]
pub struct Unreadable {
    /// The first byte of the response that could not be read, counted from 0.
    pub offset: usize,
    /// What was expected there, for people.
    pub reason: &'static str,
}
