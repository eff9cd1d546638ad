//! Slow tests, which `tests/run` runs last.

mod cancel;
