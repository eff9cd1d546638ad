//! [`Message::parse`]: what mail-parser makes of a message. Only the files here know mail-parser's types; they know no protocol.

mod mend;
mod part;
mod phrase;

pub use mail_parser;

use super::Message;

impl Message {
    /// What mail-parser makes of it: headers decoded, text and attachments apart. `None` where there is no header at all.
    ///
    /// Subjects, names of people and file names are decoded as an IMAP session decodes those of ENVELOPE and BODYSTRUCTURE
    /// (see [`Str::decoded`](crate::imap::Str::decoded)), so a program sees the same text whichever protocol brought the message.
    pub fn parse(&self) -> Option<mail_parser::Message<'_>> {
        let mut message = mail_parser::MessageParser::default().parse(&self.bytes[..])?;
        mend::message(&mut message);
        Some(message)
    }
}
