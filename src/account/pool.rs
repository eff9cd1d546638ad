//! The sessions of one account: opened on demand, lent, taken back, closed after long idleness, never more than allowed. Calls wait in
//! lanes. It must not know a protocol: a [`Service`] opens sessions; `gate.rs` says when.

mod claim;
mod fewer;
mod keeper;
mod lent;
mod opening;
mod shared;

pub(super) use self::lent::Lent;
pub(super) use self::opening::is_connection_lost;
pub(super) use self::shared::{Parked, Parts, Pool, Service, Settings};
