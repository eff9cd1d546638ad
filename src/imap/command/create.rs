//! CREATE (RFC 9051 §6.3.4): creates a mailbox. Only the server knows which names are allowed.

use super::{Command, EncodeOptions, Frames};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::Plan;
use crate::imap::types::{Condition, MailboxName};

pub(crate) struct Create {
    pub(crate) name: MailboxName,
}

impl Command for Create {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        Ok(Plan::new("CREATE", Line::new("CREATE").mailbox(&self.name, options.utf8)?.finish())
            .changing(Replay::Verify))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
