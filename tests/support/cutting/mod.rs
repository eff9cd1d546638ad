//! A proxy that loses connections at chosen bytes, between a client and any server: in process, or over loopback TCP. It counts the bytes
//! of each direction over all connections, and cuts when a count is reached. It must not know what the bytes mean.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of this")]

mod near;
mod plan;
mod proxy;
mod relay;
#[cfg(test)]
mod tests;

pub(crate) use near::Near;
pub(crate) use plan::{Cut, How, Plan, Side};
pub(crate) use proxy::{Passed, Proxy};
