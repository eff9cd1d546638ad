//! NOOP (RFC 9051 §6.1.2): does nothing, but lets the server report what happened.

use super::{Command, Frames, Terms};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Needs, Plan};
use crate::imap::types::Condition;

pub(crate) struct Noop;

impl Command for Noop {
    type Output = ();

    fn plan(&self, _: Terms) -> Result<Plan> {
        Ok(Plan::new("NOOP", Line::new("NOOP").finish()).needs(Needs::Connection))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
