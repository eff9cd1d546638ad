//! Mailbox names as this session writes them: in UTF-8 once IMAP4rev2 is enabled, else in modified UTF-7. It must not know a command.

use super::name::decode;
use super::{Session, print};

impl Session {
    /// The name in the form for this client, in quotes.
    pub(super) fn spoken(&self, name: &str) -> String {
        match self.enabled.rev2 {
            true => format!("\"{}\"", decode(name).replace('\\', "\\\\").replace('"', "\\\"")),
            false => print::mailbox(name),
        }
    }
}
