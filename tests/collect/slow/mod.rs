//! What takes long, and is run last by `tests/run`.

#[cfg(target_os = "linux")]
mod aborts;
mod cuts;
