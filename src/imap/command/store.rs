//! UID STORE (RFC 9051 §6.4.6): changes flags with `.SILENT`, on request only of messages that did not change since (RFC 7162 §3.1.3).
//! The server reports the new flags only if another session changed them too.

use super::{Command, EncodeOptions, Frames, Target};
use crate::FlagChange;
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::{Condition, ResponseCode, Uids};

pub(crate) struct Store<'a> {
    pub(crate) selection: u64,
    pub(crate) messages: Target<'a>,
    pub(crate) change: &'a FlagChange,
    pub(crate) unchanged_since: Option<u64>,
}

impl Store<'_> {
    /// With a condition, the first attempt changes what the second one finds.
    pub(crate) fn replay(&self) -> Replay {
        match (self.messages, self.unchanged_since) {
            (Target::Saved(_), _) => Replay::Never,
            (Target::Uids(_), Some(_)) => Replay::Verify,
            (Target::Uids(_), None) => Replay::Safe,
        }
    }
}

impl Command for Store<'_> {
    /// Those of the messages that changed since, and were left as they are.
    type Output = Uids;

    /// Never runs at the same time as a FETCH or another STORE, since a server may process them in either order (RFC 9051 §5.5).
    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let line = self.messages.write(Line::new("UID STORE"))?;
        let line = match self.unchanged_since {
            Some(since) => line.checked(&format!("(UNCHANGEDSINCE {since})")),
            None => line,
        };
        let line = line.flag_change(self.change, true)?.finish();
        let order = Order::conflicting_with(Claims::FETCH);
        Ok(Plan::new("UID STORE", line)
            .naming(self.messages.uids())
            .order(order)
            .needs(self.messages.needs(self.selection))
            .changing(self.replay()))
    }

    fn output(self, _: impl Frames, condition: Condition) -> Result<Uids> {
        Ok(match condition.code {
            Some(ResponseCode::Modified(uids)) if self.unchanged_since.is_some() => {
                self.messages.uids().map_or_else(|| uids.clone(), |asked| uids.intersection(asked))
            }
            _ => Uids::new(),
        })
    }
}
