//! Plain functions between bytes and the values of POP3 (RFC 1939, RFC 2449, RFC 6856): what a reply says, where a
//! multi-line reply ends, and how a command is written. They have no session state, no socket and no clock.

mod capability;
mod command;
mod listing;
mod multiline;
mod reply;
mod stamp;

pub use capability::capabilities;
pub(crate) use command::write_number;
pub use command::{LONGEST_COMMAND, command, utf8_command};
pub(crate) use listing::line_number;
pub use listing::{Lines, language_line, scan_line, stat, uidl_line};
pub use multiline::{Cut, Multiline};
pub use reply::{Indicator, Reply, reply};
pub use stamp::stamp;
