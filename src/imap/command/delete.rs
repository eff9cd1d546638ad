//! DELETE (RFC 9051 §6.3.5): removes a mailbox with all its messages.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, MailboxName};

pub(crate) struct Delete {
    pub(crate) name: MailboxName,
}

impl Command for Delete {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        Ok(Plan::new("DELETE", Line::new("DELETE").mailbox(&self.name, options.utf8)?.finish())
            .changing(Replay::Verify))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
