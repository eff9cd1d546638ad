//! NOOP (RFC 9051 §6.1.2): does nothing, but lets the server report what happened.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Plan, RequiredState};
use crate::imap::types::Condition;

pub(crate) struct Noop;

impl Command for Noop {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        Ok(Plan::new("NOOP", Line::new("NOOP").finish()).needs(RequiredState::Connection))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
