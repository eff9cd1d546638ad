//! [`MessageId`]: the lasting name of one message, equal only for the same message of the same mailbox of the same account.
//! It has the identities of both protocols as plain data. It must not know the types of either.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Result};

/// The start of every text form. The digit is the version of the format.
const VERSION: &str = "postroom1";

/// Names one message: mailbox, UIDVALIDITY and UID for IMAP, maildrop and unique-id for POP3.
///
/// Ids of two folders or two accounts are never equal. If [`Features::stable_ids`](crate::Features::stable_ids) is set, an id means
/// the same message in every later session. Its text form ([`Display`](fmt::Display), [`FromStr`]) has a version and can be stored.
///
/// ```
/// use postroom::MessageId;
///
/// let id: MessageId = "postroom1:imap:me%40example.org/INBOX/1700000000/42".parse()?;
/// assert_eq!(id.to_string().parse::<MessageId>()?, id);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId {
    place: Arc<Place>,
    key: Key,
}

/// The mailbox of the message, shared by all its ids.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    /// `validity` is 0 for a server without lasting UIDs.
    Imap {
        account: String,
        mailbox: String,
        validity: u32,
    },
    Pop3 {
        account: String,
    },
    /// An implementation of [`Mailbox`](crate::Mailbox) outside this crate.
    Other {
        name: String,
    },
}

#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Key {
    Number(u32),
    Text(Arc<[u8]>),
}

impl Key {
    /// The first byte of the key of a message to which the server gives no name. No unique-id can contain it.
    pub(crate) const LOCAL: u8 = b'\n';

    /// Whether it names the message within one session only.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Text(text) if text.first() == Some(&Self::LOCAL))
    }
}

impl MessageId {
    /// An id for your own implementation of [`Mailbox`](crate::Mailbox): `name` names the mailbox, `key` the message. A key that begins
    /// with a line feed is valid for one session only: it [does not last](Self::is_lasting).
    pub fn other(name: impl Into<String>, key: impl AsRef<[u8]>) -> Self {
        Self::new(Arc::new(Place::Other { name: name.into() }), Key::Text(key.as_ref().into()))
    }

    /// Whether the id means the same message in every later session. It does not if the server gives the message no unique-id, an
    /// empty one or the same as another message's (RFC 1939 §7), or if its UIDs do not last (UIDVALIDITY 0).
    ///
    /// ```
    /// use postroom::MessageId;
    ///
    /// let id: MessageId = "postroom1:imap:me%40example.org/INBOX/0/42".parse()?;
    /// assert!(!id.is_lasting());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    pub fn is_lasting(&self) -> bool {
        !matches!(*self.place, Place::Imap { validity: 0, .. }) && !self.key.is_local()
    }

    /// The name of the message's mailbox in IMAP, as text; `None` if it is not in IMAP.
    ///
    /// ```
    /// use postroom::MessageId;
    ///
    /// let id: MessageId = "postroom1:imap:me%40example.org/Archive%2F2026/7/42".parse()?;
    /// assert_eq!(id.mailbox(), Some("Archive/2026"));
    /// # Ok::<(), postroom::Error>(())
    /// ```
    pub fn mailbox(&self) -> Option<&str> {
        match &*self.place {
            Place::Imap { mailbox, .. } => Some(mailbox),
            Place::Pop3 { .. } | Place::Other { .. } => None,
        }
    }

    pub(crate) fn new(place: Arc<Place>, key: Key) -> Self {
        Self { place, key }
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

/// The account's part of an id: the user and the host, and the port unless it is a usual one of the protocol.
pub(crate) fn account(user: &str, host: &str, port: u16, usual: &[u16]) -> String {
    let host = host.to_ascii_lowercase();
    if usual.contains(&port) { format!("{user}@{host}") } else { format!("{user}@{host}:{port}") }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.place {
            Place::Imap { account, mailbox, validity } => {
                write!(f, "{VERSION}:imap:{}/{}/{validity}/", Escaped(account), Escaped(mailbox))?;
            }
            Place::Pop3 { account } => write!(f, "{VERSION}:pop3:{}/", Escaped(account))?,
            Place::Other { name } => write!(f, "{VERSION}:other:{}/", Escaped(name))?,
        }
        match &self.key {
            Key::Number(number) => write!(f, "{number}"),
            Key::Text(text) => write!(f, "{}", Escaped(text)),
        }
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

impl FromStr for MessageId {
    type Err = Error;

    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the text is not an id, or has a version that this library does not know.
    fn from_str(text: &str) -> Result<Self> {
        parse(text).ok_or_else(|| Error::input("this text is not a message id"))
    }
}

fn parse(text: &str) -> Option<MessageId> {
    let rest = text.strip_prefix(VERSION)?.strip_prefix(':')?;
    let (protocol, rest) = rest.split_once(':')?;
    let parts: Vec<_> = rest.split('/').map(unescape).collect::<Option<_>>()?;
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (place, key) = match (protocol, parts.as_slice()) {
        ("imap", [account, mailbox, validity, uid]) => {
            let validity = utf8(validity)?.parse().ok()?;
            let uid = utf8(uid)?.parse().ok().filter(|uid| *uid > 0)?;
            (Place::Imap { account: utf8(account)?, mailbox: utf8(mailbox)?, validity }, Key::Number(uid))
        }
        ("pop3", [account, uidl]) => (Place::Pop3 { account: utf8(account)? }, Key::Text(uidl.as_slice().into())),
        ("other", [name, key]) => (Place::Other { name: utf8(name)? }, Key::Text(key.as_slice().into())),
        _ => return None,
    };
    Some(MessageId::new(Arc::new(place), key))
}

/// Percent-encodes all bytes except letters, digits, `-`, `.` and `_`.
struct Escaped<T>(T);

impl<T: AsRef<[u8]>> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().iter().try_for_each(|&byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => write!(f, "{}", char::from(byte)),
            _ => write!(f, "%{byte:02X}"),
        })
    }
}

/// The bytes of a percent-encoded text. `None` if a `%` is not followed by two digits.
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' { hex(bytes.next()?)? << 4 | hex(bytes.next()?)? } else { byte });
    }
    Some(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_form_brings_back_the_same_id(account: String, mailbox: String, validity: u32, uid in 1u32..) {
            let place = Arc::new(Place::Imap { account, mailbox, validity });
            let id = MessageId::new(place, Key::Number(uid));
            prop_assert_eq!(id.to_string().parse::<MessageId>().unwrap(), id);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<MessageId>();
        }

        #[test]
        fn any_unique_id_survives(account: String, uidl: Vec<u8>) {
            let id = MessageId::new(Arc::new(Place::Pop3 { account }), Key::Text(uidl.into()));
            prop_assert_eq!(id.to_string().parse::<MessageId>().unwrap(), id);
        }
    }

    #[test]
    fn two_folders_never_share_an_id() {
        let in_folder = |mailbox: &str| {
            let place = Place::Imap { account: "me@example.org".into(), mailbox: mailbox.into(), validity: 7 };
            MessageId::new(Arc::new(place), Key::Number(1))
        };
        assert_ne!(in_folder("INBOX"), in_folder("Sent"));
        assert_ne!(in_folder("a/b").to_string(), in_folder("a%2Fb").to_string());
    }

    #[test]
    fn another_version_is_refused() {
        assert!("postroom2:pop3:me/x".parse::<MessageId>().is_err());
        assert!("postroom1:imap:me/INBOX/1/0".parse::<MessageId>().is_err());
    }
}
