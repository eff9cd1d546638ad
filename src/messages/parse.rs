//! [`Message::parse`]: what mail-parser makes of a message. Only the files here know mail-parser's types; they know no protocol.

mod mend;
mod part;
mod phrase;
mod texts;

pub use mail_parser;

use super::Message;
pub(crate) use texts::Texts;

impl Message {
    /// The message as mail-parser reads it: decoded headers, texts and attachments. `None` if it has no header at all.
    ///
    /// Subjects, names and file names are decoded in the same way as those of ENVELOPE and BODYSTRUCTURE (see
    /// [`Str::decoded`](crate::imap::Str::decoded)), so a program sees the same text by either protocol.
    pub fn parse(&self) -> Option<mail_parser::Message<'_>> {
        let mut message = mail_parser::MessageParser::default().parse(&self.bytes[..])?;
        mend::message(&mut message);
        Some(message)
    }
}
