//! SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8): changes the list of subscribed mailboxes, which the server keeps.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, MailboxName};

pub(crate) struct Subscribe {
    pub(crate) name: MailboxName,
    /// Whether to subscribe or to unsubscribe.
    pub(crate) on: bool,
}

impl Command for Subscribe {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let verb = if self.on { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        Ok(Plan::new(verb, Line::new(verb).mailbox(&self.name, options.utf8)?.finish()).changing(Replay::Safe))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
