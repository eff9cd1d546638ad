//! One program over `dyn Mailbox`, and what each protocol makes of it.

mod imap;
mod program;
