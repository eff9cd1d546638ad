//! [`Notice`]: what a POP3 server reports to the session rather than to one call. It must not know who listens.

use crate::Code;

/// What a server reports to the session rather than to one call. In POP3 that is only why the server ends the session.
///
/// ```
/// use postroom::pop3::Notice;
///
/// fn show(notice: &Notice) {
///     if let Notice::Bye { text, .. } = notice {
///         println!("the server ends the session: {text}");
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The server ends the session.
    Bye {
        /// The server's text.
        text: String,
        /// The response code (RFC 2449 §8).
        code: Option<Code>,
    },
    /// Notices were dropped: more than 256 of them, or more than 256 KiB, were waiting.
    Lagged,
}
