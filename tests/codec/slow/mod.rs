//! Slow tests, which `tests/run` runs last.

mod one_command;
mod round_trip;
