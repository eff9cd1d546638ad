//! Many runs, each with a server of its own.

mod dropped;
mod every_byte;
