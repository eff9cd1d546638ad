//! CLOSE (RFC 9051 §6.4.1), which removes everything marked `\Deleted` unless the mailbox is open for reading only, and UNSELECT
//! (§6.4.2, RFC 3691), which removes nothing.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct Close {
    pub(crate) selection: u64,
    pub(crate) how: Leave,
}

/// How a mailbox is left.
#[derive(Clone, Copy)]
pub(crate) enum Leave {
    /// CLOSE, which removes everything marked.
    Expunge,
    /// CLOSE of a mailbox that EXAMINE opened, which removes nothing.
    Examined,
    Unselect,
}

impl Command for Close {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let verb = match self.how {
            Leave::Expunge | Leave::Examined => "CLOSE",
            Leave::Unselect => "UNSELECT",
        };
        let plan = Plan::new(verb, Line::new(verb).finish()).order(Order::ALONE).effect(SessionEffect::Deselect);
        let plan = plan.needs(RequiredState::Selection(self.selection));
        Ok(match self.how {
            Leave::Expunge => plan.changing(Replay::Never),
            Leave::Examined | Leave::Unselect => plan,
        })
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
