//! An IMAP and POP3 client library.
