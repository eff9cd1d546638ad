//! What takes long, and is run last by `tests/run`.

mod large_message;
