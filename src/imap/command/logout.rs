//! LOGOUT (RFC 9051 §6.1.3): ends the session with its tagged OK.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct Logout;

impl Command for Logout {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let plan = Plan::new("LOGOUT", Line::new("LOGOUT").finish());
        Ok(plan.order(Order::ALONE).needs(RequiredState::Connection).effect(SessionEffect::Logout))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
