//! [`Vanished`]: the UIDs of expunged messages (RFC 7162 §3.2.10). It must not know which of them a client knows.

use super::uids::Uids;

/// Messages that were expunged (RFC 7162 §3.2.10).
///
/// ```
/// use postroom::imap::codec::vanished;
///
/// let gone = vanished::parse(b"* VANISHED (EARLIER) 41,43:116\r\n")?;
/// assert!(gone.earlier);
/// assert_eq!(gone.uids.to_string(), "41,43:116");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Vanished {
    /// Whether they were expunged earlier, so that no sequence number changes now. The UIDs may then include some that never existed.
    pub earlier: bool,
    /// The UIDs of the messages.
    pub uids: Uids,
}
