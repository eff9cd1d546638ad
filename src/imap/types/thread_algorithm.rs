//! [`ThreadAlgorithm`]: how messages become threads (RFC 5256 §3). It must not know how an algorithm works.

use std::fmt;

/// How [`Folder::thread`](crate::imap::Folder::thread) joins messages to threads (RFC 5256 §3).
///
/// ```
/// use postroom::imap::ThreadAlgorithm;
///
/// assert_eq!(ThreadAlgorithm::References.to_string(), "REFERENCES");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ThreadAlgorithm {
    /// By the fields References and In-Reply-To, then by subject. Threads are in the order of their first messages.
    References,
    /// By subject only: a message, and below it all later ones with its subject. The replies have no replies.
    OrderedSubject,
    /// By the fields References and In-Reply-To only. Threads are in the order of their newest messages. No RFC defines it; the servers
    /// that have it, Dovecot and Cyrus, follow draft-ietf-morg-inthread.
    Refs,
}

/// The name in commands and in `THREAD=` capabilities.
impl fmt::Display for ThreadAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::References => "REFERENCES",
            Self::OrderedSubject => "ORDEREDSUBJECT",
            Self::Refs => "REFS",
        })
    }
}
