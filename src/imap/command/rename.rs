//! RENAME (RFC 9051 §6.3.6): gives a mailbox, and those below it, another name.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, MailboxName};

pub(crate) struct Rename {
    pub(crate) from: MailboxName,
    pub(crate) to: MailboxName,
}

impl Command for Rename {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let line = Line::new("RENAME").mailbox(&self.from, options.utf8)?.mailbox(&self.to, options.utf8)?;
        Ok(Plan::new("RENAME", line.finish()).changing(Replay::Verify))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
