//! What takes long, and is run last by `tests/run`.

mod cancel;
