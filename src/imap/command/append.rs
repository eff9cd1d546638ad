//! APPEND (RFC 9051 §6.3.12, RFC 4315 §3): puts a message into a mailbox. The message itself goes as an upload, fed by the
//! handle while the engine lets it.

use bytes::Bytes;
use time::OffsetDateTime;

use super::{Command, Terms};
use crate::Flag;
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, MailboxName, ResponseCode, Uids};

pub(crate) struct Append<'a> {
    pub(crate) mailbox: &'a MailboxName,
    pub(crate) flags: &'a [Flag],
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) size: u64,
}

impl Command for Append<'_> {
    type Output = Option<Uids>;

    fn plan(&self, terms: Terms) -> Result<Plan> {
        let mut line = Line::new("APPEND").mailbox(self.mailbox, terms.utf8)?;
        if !self.flags.is_empty() {
            line = line.flags(self.flags)?;
        }
        if let Some(date) = self.date {
            line = line.date_time(date)?;
        }
        Ok(Plan::new("APPEND", line.upload(self.size).finish()).lasting())
    }

    fn output(self, _: Vec<Bytes>, condition: Condition) -> Result<Option<Uids>> {
        Ok(match condition.code {
            Some(ResponseCode::AppendUid(uids)) => Some(uids),
            _ => None,
        })
    }
}
