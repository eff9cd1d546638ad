//! The streams of a lease.

mod fetch;
mod lanes;
mod poison;
