//! The only place with sockets, TLS and clocks. Whatever else in the crate needs tokio's traits or rustls names them by this
//! module. No protocol word appears here beyond the usual ports, which the configuration knows.

pub(crate) mod connect;
pub(crate) mod io;
mod race;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod trace;

#[cfg(test)]
#[cfg(all(feature = "testing", any(feature = "ring", feature = "aws-lc-rs")))]
mod tls_tests;

pub use tokio_rustls::rustls;
