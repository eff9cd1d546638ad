//! The commands, one file each: how it is encoded, which untagged data it claims, what may run at the same time, and what its answer
//! means. A command must not know the wire's timing, a tag, or another command.

pub(crate) mod acl;
pub(crate) mod annotate;
mod answer;
pub(crate) mod append;
pub(crate) mod authenticate;
pub(crate) mod body;
pub(crate) mod capability;
pub(crate) mod close;
pub(crate) mod compress;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod enable;
pub(crate) mod expunge;
pub(crate) mod extension;
pub(crate) mod fetch;
mod frames;
pub(crate) mod id;
pub(crate) mod language;
pub(crate) mod list;
pub(crate) mod list_extended;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod metadata;
pub(crate) mod multi_append;
pub(crate) mod multisearch;
pub(crate) mod namespace;
pub(crate) mod noop;
pub(crate) mod notify;
pub(crate) mod number;
pub(crate) mod quota;
pub(crate) mod rename;
pub(crate) mod search;
pub(crate) mod select;
pub(crate) mod sort;
pub(crate) mod starttls;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod subscribe;
mod target;
pub(crate) mod thread;
pub(crate) mod unauthenticate;
pub(crate) mod url_auth;

pub use answer::{Answer, Responses};
pub(crate) use frames::{Batches, Frames};
pub(crate) use target::Target;

use super::plan::Plan;
use super::types::Condition;
use crate::error::Result;

/// A command whose answer is a value.
pub(crate) trait Command {
    /// The meaning of the answer.
    type Output;

    /// Approximately how many bytes the output takes up for each response, in addition to its text.
    const WEIGHT: usize = 0;

    /// The command for the engine. Refuses arguments that cannot be sent, before any byte is sent.
    fn plan(&self, options: EncodeOptions) -> Result<Plan>;

    /// Reads the answer: the claimed data, whose memory is freed as it is read, and the tagged OK.
    fn output(self, frames: impl Frames, condition: Condition) -> Result<Self::Output>;
}

/// What the session's state means for encoding.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EncodeOptions {
    /// Mailbox names go as UTF-8 rather than modified UTF-7.
    pub(crate) utf8: bool,
    /// A search names no charset (RFC 6855 §3).
    pub(crate) no_charset: bool,
}
