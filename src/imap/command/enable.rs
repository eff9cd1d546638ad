//! ENABLE (RFC 9051 §6.3.1, RFC 5161): enables extensions that change the server's responses. The engine records which ones are enabled.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct Enable<'a> {
    pub(crate) names: &'a [&'a str],
}

impl Command for Enable<'_> {
    type Output = ();

    /// Valid only if no mailbox is selected (RFC 5161 §3.1).
    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = self.names.iter().try_fold(Line::new("ENABLE"), |line, name| line.atom(name))?;
        let plan = Plan::new("ENABLE", line.finish()).order(Order::PREPARING);
        Ok(plan.needs(RequiredState::NoSelection).effect(SessionEffect::Enable(self.names.iter().collect())))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
