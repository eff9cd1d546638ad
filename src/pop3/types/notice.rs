//! [`Notice`]: something that a POP3 server says to the session rather than to one call. It must not know who listens.

use crate::Code;

/// Something that a server says to the session rather than to one call. POP3 has little of it: a server may say why it closes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The server ends the session.
    Bye {
        /// The server's words.
        text: String,
        /// The response code (RFC 2449 §8).
        code: Option<Code>,
    },
    /// More was said than was kept: 256 notices, or 256 KiB of them.
    Lagged,
}
