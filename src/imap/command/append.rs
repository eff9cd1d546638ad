//! APPEND (RFC 9051 §6.3.12, RFC 4315 §3), of several messages too (RFC 3502), and UID REPLACE (RFC 8508). The messages are uploads: the
//! handle supplies their bytes when the engine asks for them.

use time::OffsetDateTime;

use super::EncodeOptions;
use crate::Flag;
use crate::error::{Replay, Result};
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState, SessionEffect};
use crate::imap::types::{Appended, Condition, MailboxName, ResponseCode, Uid, Uids};

/// What is sent before each message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heading {
    pub(crate) flags: Vec<Flag>,
    pub(crate) date: Option<OffsetDateTime>,
    pub(crate) size: u64,
    /// Whether the message may contain NUL: it is sent as `literal8` (RFC 3516 §4.4).
    pub(crate) binary: bool,
    /// Whether its headers are in UTF-8 (RFC 6855 §4).
    pub(crate) utf8: bool,
}

pub(crate) struct Append<'a> {
    pub(crate) mailbox: &'a MailboxName,
    /// One, or several on a server with MULTIAPPEND.
    pub(crate) messages: &'a [Heading],
    /// Whether the server is known to store nothing if an aborted upload is padded and then made invalid.
    pub(crate) spoilable: bool,
}

pub(crate) struct Replace<'a> {
    pub(crate) selection: u64,
    pub(crate) uid: Uid,
    pub(crate) mailbox: &'a MailboxName,
    pub(crate) message: &'a Heading,
    /// As for [`Append`].
    pub(crate) spoilable: bool,
}

/// The UID of the appended message, if the server reports it.
pub(crate) fn appended(condition: Condition) -> Option<Appended> {
    match condition.code {
        Some(ResponseCode::AppendUid(uids)) => Appended::from_set(&uids),
        _ => None,
    }
}

/// The UIDs of this number of appended messages, in their order, as far as the server reports them.
pub(crate) fn appended_all(condition: Condition, count: usize) -> Vec<Option<Appended>> {
    let told = match condition.code {
        Some(ResponseCode::AppendUid(uids)) => Appended::each(&uids, count),
        _ => None,
    };
    told.map_or_else(|| vec![None; count], |told| told.into_iter().map(Some).collect())
}

impl Append<'_> {
    pub(crate) fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let line = Line::new("APPEND").mailbox(self.mailbox, options.utf8)?;
        let line = self.messages.iter().try_fold(line, |line, message| message.write(line))?;
        Ok(Plan::new("APPEND", line.finish()).changing(Replay::Verify).spoilable(self.spoilable))
    }
}

impl Replace<'_> {
    /// APPENDUID may arrive in an untagged OK (RFC 8508 §4.3).
    pub(crate) fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let uids = Uids::from(self.uid);
        let line = Line::new("UID REPLACE").uids(&uids)?.mailbox(self.mailbox, options.utf8)?;
        let line = self.message.write(line)?.finish();
        Ok(Plan::new("UID REPLACE", line)
            .order(Order::conflicting_with(Claims::FETCH))
            .effect(SessionEffect::Replace)
            .naming(Some(&uids))
            .needs(RequiredState::Selection(self.selection))
            .spoilable(self.spoilable)
            .changing(Replay::Verify))
    }
}

impl Heading {
    fn write(&self, mut line: Line) -> Result<Line> {
        if !self.flags.is_empty() {
            line = line.flags(&self.flags)?;
        }
        if let Some(date) = self.date {
            line = line.date_time(date)?;
        }
        Ok(match (self.utf8, self.binary) {
            (true, _) => line.atom("UTF8")?.list(|list| Ok(list.upload8(self.size)))?,
            (false, true) => line.upload8(self.size),
            (false, false) => line.upload(self.size),
        })
    }
}
