//! Plain functions between bytes and values: where a response ends, what it is, and what it says. No state of a session, no
//! socket, no clock.

mod fetch;
mod frame;
mod route;
mod token;

pub use fetch::{Batch, FetchedBatch, Unreadable, fetched};
pub use frame::{Elided, Frame, Framer};
pub use route::{Kind, Route, Status, route, split};
