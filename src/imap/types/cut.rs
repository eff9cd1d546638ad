//! [`LimitCut`]: a server stopped a command at its limit of messages (RFC 9738 §3.1). It must not know which command, nor how the command
//! goes on.

use super::code::ResponseCode;
use super::uid::Uid;
use crate::error::{Error, Kind};

/// The MESSAGELIMIT code of a command that was not refused: the server processed some of its messages, but not the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LimitCut {
    /// How many messages one command may name.
    pub(crate) limit: u64,
    /// The lowest UID that the server processed; `None` if it does not report one.
    pub(crate) last: Option<Uid>,
}

impl LimitCut {
    pub(crate) fn of(code: Option<&ResponseCode>) -> Option<Self> {
        match code {
            Some(&ResponseCode::MessageLimit { limit, last }) => Some(Self { limit, last }),
            _ => None,
        }
    }

    /// The error for a command that cannot go on from here.
    pub(crate) fn error(self, why: &str) -> Error {
        let code = ResponseCode::MessageLimit { limit: self.limit, last: self.last };
        let text = format!("the server stopped at its limit of {} messages, {why}", self.limit);
        Error::new(Kind::Rejected, text).with_code(Some(code.into()))
    }
}
