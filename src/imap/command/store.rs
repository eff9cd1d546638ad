//! UID STORE (RFC 9051 §6.4.6): changes flags, silently: what the flags are now is said only where somebody else changed them.

use super::{Command, Frames, Terms};
use crate::FlagChange;
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Needs, Order, Plan};
use crate::imap::types::{Condition, Uids};

pub(crate) struct Store<'a> {
    pub(crate) selection: u64,
    pub(crate) uids: &'a Uids,
    pub(crate) change: &'a FlagChange,
}

impl Command for Store<'_> {
    type Output = ();

    /// Not beside a FETCH or another STORE: RFC 9051 §5.5 lets a server take them in either order.
    fn plan(&self, _: Terms) -> Result<Plan> {
        let line = Line::new("UID STORE").uids(self.uids)?.flag_change(self.change, true)?.finish();
        let order = Order::disturbing(Claims::FETCH);
        Ok(Plan::new("UID STORE", line)
            .naming(Some(self.uids))
            .order(order)
            .needs(Needs::Selection(self.selection))
            .lasting())
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
