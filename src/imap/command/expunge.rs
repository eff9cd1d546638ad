//! UID EXPUNGE (RFC 4315 §2.1): removes the named messages that are marked `\Deleted`, and no others.

use super::{Command, EncodeOptions, Frames, Target};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::Condition;

pub(crate) struct UidExpunge<'a> {
    pub(crate) selection: u64,
    pub(crate) messages: Target<'a>,
}

impl Command for UidExpunge<'_> {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = self.messages.write(Line::new("UID EXPUNGE"))?.finish();
        Ok(Plan::new("UID EXPUNGE", line)
            .order(Order::conflicting_with(Claims::FETCH))
            .naming(self.messages.uids())
            .needs(self.messages.needs(self.selection))
            .mutating())
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
