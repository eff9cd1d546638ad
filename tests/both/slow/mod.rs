//! Slow tests, which `tests/run` runs last.

mod large_message;
mod octets;
