//! UID SEARCH for the messages from a sequence number on (RFC 9051 §6.4.4, RFC 4731): gives the engine their UIDs, so that it can report
//! a later EXPUNGE, which names a sequence number, as a UID.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::{Condition, SeqNum};

pub(crate) struct Number {
    pub(crate) selection: u64,
    pub(crate) from: SeqNum,
    /// The last sequence number; `None` for the end of the mailbox.
    pub(crate) to: Option<SeqNum>,
    /// Whether the server can answer with ranges (ESEARCH).
    pub(crate) compact: bool,
}

impl Command for Number {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = Line::new("UID SEARCH");
        let line = if self.compact { line.atom("RETURN")?.list(|list| list.atom("ALL"))? } else { line };
        let line = line.numbers(self.from, self.to).finish();
        let order = Order::claiming(Claims::SEARCH).alone();
        let effect = SessionEffect::Number { from: self.from, to: self.to };
        Ok(Plan::new("UID SEARCH", line).order(order).needs(RequiredState::Selection(self.selection)).effect(effect))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
