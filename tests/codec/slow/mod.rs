//! What takes long, and is run last by `tests/run`.

mod one_command;
mod round_trip;
