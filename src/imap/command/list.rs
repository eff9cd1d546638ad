//! LIST (RFC 9051 §6.3.9, base form): the mailboxes whose names match a pattern.

use bytes::Bytes;

use super::{Command, Terms};
use crate::error::Result;
use crate::imap::codec::{self, Line};
use crate::imap::engine::{Claims, Order, Plan};
use crate::imap::types::{Condition, Listed};

pub(crate) struct List<'a> {
    pub(crate) reference: &'a str,
    pub(crate) pattern: &'a str,
    pub(crate) utf8: bool,
}

impl Command for List<'_> {
    type Output = Vec<Listed>;

    fn plan(&self, terms: Terms) -> Result<Plan> {
        let line = Line::new("LIST").pattern(self.reference, terms.utf8)?.pattern(self.pattern, terms.utf8)?;
        Ok(Plan::new("LIST", line.finish()).order(Order::claiming(Claims::LIST)))
    }

    /// A line that cannot be read hides no other one: it is left out, and the log says so.
    fn output(self, frames: Vec<Bytes>, _: Condition) -> Result<Vec<Listed>> {
        let read = |frame: &Bytes| {
            codec::list::parse(frame, self.utf8)
                .inspect_err(
                    |error| tracing::warn!(%error, line = %frame.escape_ascii(), "an unreadable LIST response"),
                )
                .ok()
        };
        Ok(frames.iter().filter_map(read).collect())
    }
}
