//! An IMAP and POP3 client library.

#[cfg(feature = "testing")]
pub mod testing;
