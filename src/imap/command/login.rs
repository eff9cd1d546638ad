//! LOGIN (RFC 9051 §6.2.3): a user name and a password as arguments, for servers without a suitable SASL mechanism.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::Condition;
use crate::login::Secret;

pub(crate) struct Login<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a Secret,
}

impl Command for Login<'_> {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = Line::new("LOGIN").string(self.user)?.secret(self.password.expose())?;
        Ok(Plan::new("LOGIN", line.finish())
            .order(Order::LOGIN)
            .needs(RequiredState::BeforeLogin)
            .effect(SessionEffect::Login))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
