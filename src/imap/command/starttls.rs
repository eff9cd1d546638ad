//! STARTTLS (RFC 9051 §6.2.1): agrees to start TLS. The engine forgets everything from before TLS, refuses bytes after the OK, which may
//! be injected, and reports the outcome once the stream is encrypted.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct StartTls;

impl Command for StartTls {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let plan = Plan::new("STARTTLS", Line::new("STARTTLS").finish());
        Ok(plan.order(Order::ALONE).needs(RequiredState::BeforeLogin).effect(SessionEffect::StartTls))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
