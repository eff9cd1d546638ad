//! UID EXPUNGE (RFC 4315 §2.1): removes the named messages that are marked `\Deleted`, and no others.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState};
use crate::imap::types::{Condition, Uids};

pub(crate) struct UidExpunge<'a> {
    pub(crate) selection: u64,
    pub(crate) uids: &'a Uids,
}

impl Command for UidExpunge<'_> {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = Line::new("UID EXPUNGE").uids(self.uids)?.finish();
        Ok(Plan::new("UID EXPUNGE", line)
            .order(Order::conflicting_with(Claims::FETCH))
            .naming(Some(self.uids))
            .needs(RequiredState::Selection(self.selection))
            .mutating())
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
