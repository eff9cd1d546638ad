//! What an IMAP server says to the session, as a stream. What it can say is a type of its own; what happens in the selected mailbox
//! comes from [`Idle`](super::Idle).

use crate::imap::types::Notice;

/// What the server says to the session, from [`Imap::notices`](super::Imap::notices).
pub type Notices = crate::Notices<Notice>;
