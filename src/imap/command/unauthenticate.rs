//! UNAUTHENTICATE (RFC 8437 §3): ends the login. The login that follows may be sent at once. The engine resets the session, and removes
//! the compression after the tagged OK.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::stateful::unauthenticate;
use crate::imap::plan::{Order, Plan, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct Unauthenticate;

impl Command for Unauthenticate {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let plan = Plan::new("UNAUTHENTICATE", unauthenticate().finish());
        Ok(plan.order(Order::ALONE.letting_log_in()).effect(SessionEffect::Unauthenticate))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
