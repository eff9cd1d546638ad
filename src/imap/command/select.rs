//! SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3): opens a mailbox. The engine reads the mailbox's description in the answer, and publishes
//! it as the selected mailbox.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, SessionEffect};
use crate::imap::types::{Condition, MailboxName};

pub(crate) struct Select {
    pub(crate) name: MailboxName,
    pub(crate) read_only: bool,
}

impl Command for Select {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let verb = if self.read_only { "EXAMINE" } else { "SELECT" };
        let line = Line::new(verb).mailbox(&self.name, options.utf8)?;
        let plan = Plan::new(verb, line.finish()).order(Order::SELECT);
        Ok(plan.effect(SessionEffect::Select { name: self.name.clone(), read_only: self.read_only }))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
