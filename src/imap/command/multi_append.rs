//! APPEND in all its forms: several messages (RFC 3502), composed of pieces (RFC 4469), with NUL bytes (RFC 3516), in UTF-8
//! (RFC 6855 §4), and REPLACE (RFC 8508). The messages are in memory; `append.rs` sends streams.

use bytes::Bytes;
use time::OffsetDateTime;

use super::extension::Extension;
use crate::Flag;
use crate::error::Replay;
use crate::imap::types::{MailboxName, Uid, Uids};

/// A message for a mailbox.
///
/// ```
/// use postroom::Flag;
/// use postroom::imap::{Content, Extension, MailboxName, NewMessage};
///
/// let message = NewMessage::new(Content::Text("Subject: hello\r\n\r\n".into())).flags([Flag::SEEN]);
/// let stored = Extension::append(&MailboxName::INBOX, &[message]);
/// assert!(stored.to_string().starts_with("APPEND INBOX (\\Seen)"));
/// ```
#[derive(Clone, Debug)]
pub struct NewMessage {
    flags: Vec<Flag>,
    date: Option<OffsetDateTime>,
    content: Content,
}

/// The content of a message, by the form in which it is sent.
///
/// ```
/// use postroom::imap::{Content, Extension, MailboxName, NewMessage};
///
/// let message = NewMessage::new(Content::Binary("\0".into()));
/// let stored = Extension::append(&MailboxName::INBOX, &[message]);
/// assert!(stored.to_string().starts_with("APPEND INBOX ~"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Bytes without NUL, sent as a literal.
    Text(Bytes),
    /// Any bytes (`BINARY`).
    Binary(Bytes),
    /// A message with headers in UTF-8 (`UTF8=ACCEPT`, which must be enabled).
    Utf8(Bytes),
    /// A message that the server composes of pieces (`CATENATE`).
    Pieces(Vec<Piece>),
}

/// A piece of a message that the server composes.
///
/// ```
/// use postroom::imap::{Content, Extension, MailboxName, NewMessage, Piece};
///
/// let message = NewMessage::new(Content::Pieces(vec![Piece::Text("Subject: hello\r\n\r\n".into())]));
/// let stored = Extension::append(&MailboxName::INBOX, &[message]);
/// assert!(stored.to_string().starts_with("APPEND INBOX CATENATE"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Piece {
    /// The content of this IMAP URL (RFC 5092), relative to the mailbox or the server.
    Url(String),
    /// These bytes, without NUL.
    Text(Bytes),
}

impl NewMessage {
    /// A message without flags and with the current time as its arrival date.
    pub const fn new(content: Content) -> Self {
        Self { flags: Vec::new(), date: None, content }
    }

    /// Sets the flags.
    #[must_use]
    pub fn flags(self, flags: impl IntoIterator<Item = Flag>) -> Self {
        Self { flags: flags.into_iter().collect(), ..self }
    }

    /// Sets the arrival date.
    #[must_use]
    pub fn date(self, date: OffsetDateTime) -> Self {
        Self { date: Some(date), ..self }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    fn write(line: Extension, message: &Self) -> Extension {
        let line = if message.flags.is_empty() { line } else { line.flags(message.flags.iter().cloned()) };
        let line = message.date.into_iter().fold(line, Extension::date_time);
        match &message.content {
            Content::Text(text) => line.literal(text.clone()),
            Content::Binary(bytes) => line.binary(bytes.clone()),
            Content::Utf8(bytes) => line.word("UTF8").list(|list| list.binary(bytes.clone())),
            Content::Pieces(pieces) if pieces.is_empty() => line.invalid("CATENATE needs at least one piece"),
            Content::Pieces(pieces) => line.word("CATENATE").list(|list| list.each(pieces, Piece::write)),
        }
    }
}

impl Piece {
    fn write(list: Extension, piece: &Self) -> Extension {
        match piece {
            Self::Url(url) => list.word("URL").string(url.as_str()),
            Self::Text(text) => list.word("TEXT").literal(text.clone()),
        }
    }
}

impl Extension {
    /// APPEND of messages. The server stores all of them or none (`MULTIAPPEND` if there are several).
    ///
    /// A server that announces a limit (MESSAGELIMIT or SAVELIMIT, RFC 9738) refuses more messages at once. Then several commands are
    /// sent, each of which stores all its messages or none. If one fails, [`Answer::before`](super::Answer::before) has the answer to the
    /// earlier ones.
    pub fn append(mailbox: &MailboxName, messages: &[NewMessage]) -> Self {
        let line = Self::new("APPEND").mailbox(mailbox).replay(Replay::Verify);
        match messages {
            [] => line.invalid("APPEND needs at least one message"),
            messages => line.each(messages, |line, message| NewMessage::write(line.begin_message(), message)),
        }
    }

    /// UID REPLACE: appends a message to a mailbox and removes the one that it replaces, both or neither.
    pub fn replace(uid: Uid, mailbox: &MailboxName, message: &NewMessage) -> Self {
        let line = Self::new("UID REPLACE").selected().replay(Replay::Verify).uids(Uids::from(uid)).mailbox(mailbox);
        NewMessage::write(line, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_flags_a_date_and_one_of_four_forms() {
        let text = |text: &'static str| NewMessage::new(Content::Text(Bytes::from_static(text.as_bytes())));
        let inbox = MailboxName::INBOX;
        let several = [text("a").flags([Flag::SEEN]).date(OffsetDateTime::UNIX_EPOCH), text("b")];
        assert_eq!(
            Extension::append(&inbox, &several).to_string(),
            "APPEND INBOX (\\Seen) \"01-Jan-1970 00:00:00 +0000\" {a} {b}"
        );
        let pieces = vec![Piece::Url("/INBOX;UIDVALIDITY=1/;UID=2".into()), Piece::Text(Bytes::from_static(b"x"))];
        assert_eq!(
            Extension::append(&inbox, &[NewMessage::new(Content::Pieces(pieces))]).to_string(),
            "APPEND INBOX CATENATE (URL \"/INBOX;UIDVALIDITY=1/;UID=2\" TEXT {x})"
        );
        let utf8 = NewMessage::new(Content::Utf8(Bytes::from_static("ä".as_bytes())));
        assert_eq!(Extension::append(&inbox, &[utf8]).to_string(), "APPEND INBOX UTF8 (~{\\xc3\\xa4})");
        let binary = NewMessage::new(Content::Binary(Bytes::from_static(b"\0")));
        assert_eq!(
            Extension::replace(Uid::nonzero(4).unwrap(), &inbox, &binary).to_string(),
            "UID REPLACE 4 INBOX ~{\\x00}"
        );
        assert!(Extension::append(&inbox, &[]).segments(false).is_err());
    }
}
