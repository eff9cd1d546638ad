//! STATUS (RFC 9051 §6.3.11): a mailbox in numbers, without selecting it. Several about different mailboxes may run at once:
//! their answers say which one they are about.

use bytes::Bytes;

use super::{Command, Terms};
use crate::error::{Error, Result};
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

    /// Under its own name; else what came last, since some servers spell the name in another way. One that tells nothing has
    /// told nothing.
    fn output(self, frames: Vec<Bytes>, _: Condition) -> Result<StatusData> {
        let read = frames.iter().map(|frame| codec::status::parse(frame, self.utf8));
        let mut told: Vec<_> = read
            .collect::<Result<_, _>>()
            .map_err(|error| Error::protocol("the answer to STATUS cannot be read").with_source(error))?;
        let own = told.iter().rposition(|data: &StatusData| data.name == self.name);
        let last = told.pop();
        let own = own.filter(|&own| own < told.len()).map(|own| told.swap_remove(own));
        Ok(own.or(last).unwrap_or_else(|| StatusData::new(self.name)))
    }
}
