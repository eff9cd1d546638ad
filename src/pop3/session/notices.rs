//! What a POP3 server says to the session, as a stream. What it can say is a type of its own.

use crate::pop3::types::Notice;

/// What the server says to the session, from [`Pop3::notices`](super::Pop3::notices).
pub type Notices = crate::Notices<Notice>;
