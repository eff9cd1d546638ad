//! CLOSE (RFC 9051 §6.4.1), which removes everything marked `\Deleted` unless the mailbox is open for reading only, and UNSELECT
//! (§6.4.2, RFC 3691), which removes nothing.

use super::{Command, Frames, Terms};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Effect, Needs, Order, Plan};
use crate::imap::types::Condition;

pub(crate) struct Close {
    pub(crate) selection: u64,
    pub(crate) expunge: bool,
}

impl Command for Close {
    type Output = ();

    fn plan(&self, _: Terms) -> Result<Plan> {
        let verb = if self.expunge { "CLOSE" } else { "UNSELECT" };
        let plan = Plan::new(verb, Line::new(verb).finish()).order(Order::ALONE).effect(Effect::Deselect);
        let plan = plan.needs(Needs::Selection(self.selection));
        Ok(if self.expunge { plan.lasting() } else { plan })
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
