//! UID EXPUNGE (RFC 4315 §2.1): removes the named messages that are marked `\Deleted`, and no others.

use super::{Command, EncodeOptions, Frames, Target};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::Condition;

#[derive(Clone, Copy)]
pub(crate) struct UidExpunge<'a> {
    pub(crate) selection: u64,
    pub(crate) messages: Target<'a>,
}

impl UidExpunge<'_> {
    /// Without a stamp, nothing shows that the UIDs still mean the same messages.
    pub(crate) fn replay(&self) -> Replay {
        match self.messages {
            Target::Saved(_) => Replay::Never,
            Target::Uids(uids) if uids.validity().is_none() => Replay::Verify,
            Target::Uids(_) => Replay::Safe,
        }
    }
}

impl Command for UidExpunge<'_> {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = self.messages.write(Line::new("UID EXPUNGE"))?.finish();
        Ok(Plan::new("UID EXPUNGE", line)
            .order(Order::conflicting_with(Claims::FETCH))
            .naming(self.messages.uids())
            .needs(self.messages.needs(self.selection))
            .changing(self.replay()))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
