//! CAPABILITY (RFC 9051 §6.1.1): asks for the server's capabilities. The engine keeps the answer, since servers also send it unsolicited.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState};
use crate::imap::types::Condition;

pub(crate) struct Capability;

impl Command for Capability {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let plan = Plan::new("CAPABILITY", Line::new("CAPABILITY").finish());
        Ok(plan.order(Order::claiming(Claims::CAPABILITY)).needs(RequiredState::Connection))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
