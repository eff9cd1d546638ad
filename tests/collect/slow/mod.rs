//! Slow tests, which `tests/run` runs last.

#[cfg(target_os = "linux")]
mod aborts;
mod cuts;
