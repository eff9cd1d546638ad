//! UID COPY (RFC 9051 §6.4.7) and UID MOVE (RFC 6851): puts messages into another mailbox, all or none of one command. A server with
//! UIDPLUS reports the new UIDs: for COPY in the tagged OK, for MOVE before it.

use super::{Command, EncodeOptions, Frames, Target};
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, SessionEffect};
use crate::imap::types::{Condition, MailboxName, ResponseCode, Transferred};

pub(crate) struct Copy<'a> {
    pub(crate) selection: u64,
    pub(crate) messages: Target<'a>,
    pub(crate) to: &'a MailboxName,
    /// Whether to move instead of copy.
    pub(crate) leave: bool,
}

impl Copy<'_> {
    /// Another session does not know what the saved result was.
    fn replay(&self) -> Replay {
        match self.messages {
            Target::Saved(_) => Replay::Never,
            Target::Uids(_) => Replay::Verify,
        }
    }
}

impl Command for Copy<'_> {
    type Output = Transferred;

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let verb = if self.leave { "UID MOVE" } else { "UID COPY" };
        let line = self.messages.write(Line::new(verb))?.mailbox(self.to, options.utf8)?.finish();
        let plan = Plan::new(verb, line).naming(self.messages.uids());
        let plan = plan.needs(self.messages.needs(self.selection)).changing(self.replay());
        Ok(match self.leave {
            true => plan.order(Order::conflicting_with(Claims::FETCH)).effect(SessionEffect::Move),
            false => plan,
        })
    }

    /// RFC 4315 §3: COPYUID names all messages that were copied, which also shows those that were not.
    fn output(self, _: impl Frames, condition: Condition) -> Result<Transferred> {
        let Some(ResponseCode::CopyUid(copied)) = condition.code else { return Ok(Transferred::default()) };
        let Some(uids) = self.messages.uids() else {
            return Ok(Transferred { mapping: Some(copied), ..Transferred::default() });
        };
        let mut transferred = Transferred::default();
        // A COPYUID that names other messages too, or does not pair them, is not reliable for the messages that it leaves out.
        let fits = copied.from().difference(uids).is_empty() && copied.from().len() == copied.to().len();
        if uids.open_from().is_none() && fits {
            transferred.missing = Some(uids.difference(copied.from()));
        }
        transferred.mapping = copied.within(uids);
        Ok(transferred)
    }
}
