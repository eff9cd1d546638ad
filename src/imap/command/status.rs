//! STATUS (RFC 9051 §6.3.11): a mailbox in numbers, without selecting it. Several about different mailboxes may run at once:
//! their answers say which one they are about.

use bytes::Bytes;

use super::{Command, Terms};
use crate::error::Result;
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::{Condition, MailboxName, StatusData, StatusItems};

pub(crate) struct Status {
    pub(crate) name: MailboxName,
    pub(crate) items: StatusItems,
    pub(crate) utf8: bool,
}

impl Command for Status {
    type Output = StatusData;

    fn plan(&self, terms: Terms) -> Result<Plan> {
        let line = Line::new("STATUS").mailbox(&self.name, terms.utf8)?;
        let line = line.list(|list| self.items.names().try_fold(list, Line::atom))?;
        let order = Order::claiming(Claims::STATUS).about(self.name.subject());
        Ok(Plan::new("STATUS", line.finish()).order(order))
    }

    /// One that tells nothing has told nothing, and so has one that cannot be read: the session lives.
    fn output(self, frames: Vec<Bytes>, _: Condition) -> Result<StatusData> {
        let read = |frame: &Bytes| {
            codec::status::parse(frame, self.utf8)
                .inspect_err(
                    |error| tracing::warn!(%error, line = %frame.escape_ascii(), "an unreadable STATUS response"),
                )
                .ok()
        };
        Ok(frames.iter().rev().find_map(read).unwrap_or_else(|| StatusData::new(self.name)))
    }
}
