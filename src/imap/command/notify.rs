//! NOTIFY (RFC 5465 §3.1): which changes the server reports without a command, in the selected mailbox and in others. It never asks for
//! the counts of the mailboxes with STATUS: nothing would tell them from events. The engine sends the command again if the server gives
//! up; it must not know why.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::stateful;
use crate::imap::plan::{Plan, SessionEffect};
use crate::imap::types::{Condition, NotifyEvent, Scope};

pub(crate) struct Notify<'a> {
    /// None of them means NOTIFY NONE.
    pub(crate) groups: &'a [(Scope, Vec<NotifyEvent>)],
}

impl Command for Notify<'_> {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let line = match self.groups {
            [] => stateful::notify_none(),
            groups => stateful::notify(false, groups, options.utf8)?,
        };
        let line = line.finish();
        let kept = Some(line.clone()).filter(|_| !self.groups.is_empty());
        Ok(Plan::new("NOTIFY", line).effect(SessionEffect::Notify(kept)))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
