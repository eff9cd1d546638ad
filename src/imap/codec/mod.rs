//! Plain functions between bytes and values of IMAP: they find the end of a response, its kind, and its content, and write commands.
//! They must not know a session's state, a socket or a clock.

pub mod acl;
pub mod capability;
mod code;
mod context;
pub mod encode;
mod fetch;
pub mod flags;
mod frame;
pub(crate) mod grammar;
pub mod id;
pub mod language;
pub mod list;
mod list_extended;
pub mod metadata;
pub mod namespace;
mod query;
pub mod quota;
mod response;
mod route;
pub mod search;
mod skip;
pub mod sort;
pub mod stateful;
pub mod status;
pub mod text;
pub mod thread;
mod token;
mod unreadable;
pub mod url;
pub mod vanished;

pub use crate::text::mutf7;
pub(crate) use encode::{Line, Segment};
pub use fetch::{Batch, FetchedBatch, UnreadableFetch, fetched};
pub(crate) use fetch::{Named, Scan, before_literal, joined, lacking, missing};
pub(crate) use frame::literal_announced;
pub use frame::{Elided, Frame, Framer};
pub use response::response;
pub use route::{Ending, Kind, Route, route, split};
pub use unreadable::Unreadable;
