//! [`Cut`]: that a server stopped a command at its limit of messages (RFC 9738 §3.1). It must not know which command, nor what
//! follows from it.

use super::code::ResponseCode;
use super::uid::Uid;
use crate::error::{Error, Kind};

/// What a MESSAGELIMIT code says of a command that was not refused: it is done for some of its messages, and not for the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut {
    /// How many messages one command may be about.
    pub(crate) limit: u64,
    /// The lowest UID that was dealt with; `None` if the server does not know.
    pub(crate) last: Option<Uid>,
}

impl Cut {
    pub(crate) fn of(code: Option<&ResponseCode>) -> Option<Self> {
        match code {
            Some(&ResponseCode::MessageLimit { limit, last }) => Some(Self { limit, last }),
            _ => None,
        }
    }

    /// The error of what cannot go on from here.
    pub(crate) fn error(self, why: &str) -> Error {
        let code = ResponseCode::MessageLimit { limit: self.limit, last: self.last };
        let text = format!("the server stopped at its limit of {} messages, {why}", self.limit);
        Error::new(Kind::Rejected, text).with_code(Some(code.into()))
    }
}
