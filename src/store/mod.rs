//! Durable files: an append-only log, a lock between processes, and a worker that does blocking work in order. It must not know what is
//! stored.

pub(crate) mod files;
mod location;
mod lock;
mod log;
mod worker;

#[cfg(feature = "sqlite")]
pub(crate) use self::location::Location;
#[cfg(feature = "sqlite")]
pub(crate) use self::lock::Lock;
pub(crate) use self::log::{Log, LogLine, checksum};
pub(crate) use self::worker::{Worker, join, run_once};
