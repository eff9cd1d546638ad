//! The streams of a lease: each is read through connections that are lost at any byte, and must deliver what a run without a loss
//! delivers; and each is dropped after any poll.

mod dropped;
mod fetch;
mod idle;
mod read;
mod resume;
