//! LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 3501 §6.3.9): the mailboxes whose names match a pattern.

use bytes::Bytes;

use super::{Command, Terms};
use crate::error::Result;
use crate::imap::codec::{self, Line};
use crate::imap::engine::{Claims, Order, Plan};
use crate::imap::types::{Condition, Listed};

pub(crate) struct List<'a> {
    pub(crate) pattern: &'a str,
    pub(crate) selection: Selection,
    /// Whether the server takes options, and then, whether it knows special uses.
    pub(crate) extended: Option<bool>,
    pub(crate) utf8: bool,
}

/// Which mailboxes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Selection {
    All,
    Subscribed,
}

impl Command for List<'_> {
    type Output = Vec<Listed>;

    /// LSUB only where LIST takes no options: IMAP4rev2 has none, and Exchange refuses it then.
    fn plan(&self, terms: Terms) -> Result<Plan> {
        let subscribed = self.selection == Selection::Subscribed;
        let verb = if subscribed && self.extended.is_none() { "LSUB" } else { "LIST" };
        let mut line = Line::new(verb);
        if subscribed && self.extended.is_some() {
            line = line.list(|list| list.atom("SUBSCRIBED"))?;
        }
        line = line.pattern("", terms.utf8)?.pattern(self.pattern, terms.utf8)?;
        // The empty pattern asks for the delimiter, which some servers do not tell with options.
        if let Some(special_use) = self.extended.filter(|_| !self.pattern.is_empty()) {
            line = line.atom("RETURN")?.list(|list| {
                let list = list.atom("CHILDREN")?;
                if special_use { list.atom("SPECIAL-USE") } else { Ok(list) }
            })?;
        }
        Ok(Plan::new(verb, line.finish()).order(Order::claiming(Claims::LIST)))
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
