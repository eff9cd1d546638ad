//! Plain functions between bytes and values: where a response ends, what it is, and what it says. No state of a session, no
//! socket, no clock.

pub mod capability;
mod code;
pub mod encode;
pub mod flags;
pub(crate) mod grammar;
pub mod id;
pub mod list;
pub mod namespace;
pub mod search;
pub mod status;
pub mod text;
mod unreadable;

pub use super::types::mutf7;
pub use unreadable::Unreadable;
