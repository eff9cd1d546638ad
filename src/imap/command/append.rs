//! APPEND (RFC 9051 §6.3.12, RFC 4315 §3): adds a message to a mailbox. The message is an upload: the handle supplies its bytes when the
//! engine asks for them.

use time::OffsetDateTime;

use super::EncodeOptions;
use crate::Flag;
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Appended, Condition, MailboxName, ResponseCode};

pub(crate) struct Append<'a> {
    pub(crate) mailbox: &'a MailboxName,
    pub(crate) flags: &'a [Flag],
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) size: u64,
    /// Whether the server is known to store nothing if an aborted upload is padded and then made invalid.
    pub(crate) spoilable: bool,
}

/// The UID of the appended message, if the server reports it.
pub(crate) fn appended(condition: Condition) -> Option<Appended> {
    match condition.code {
        Some(ResponseCode::AppendUid(uids)) => Appended::from_set(&uids),
        _ => None,
    }
}

impl Append<'_> {
    pub(crate) fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let mut line = Line::new("APPEND").mailbox(self.mailbox, options.utf8)?;
        if !self.flags.is_empty() {
            line = line.flags(self.flags)?;
        }
        if let Some(date) = self.date {
            line = line.date_time(date)?;
        }
        Ok(Plan::new("APPEND", line.upload(self.size).finish()).mutating().spoilable(self.spoilable))
    }
}
