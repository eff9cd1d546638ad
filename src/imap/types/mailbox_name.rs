//! [`MailboxName`]: the name of a mailbox, as text in this crate and exact on the wire. It must not know hierarchies or namespaces:
//! only LIST reports the delimiter.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use crate::text::mutf7;
use crate::{Error, Result};

/// The name of a mailbox (RFC 9051 §5.1). It is text here; on the wire it is modified UTF-7, or UTF-8 if the session has agreed on it.
///
/// `INBOX` is the same name in every letter case; all other names are case-sensitive. A name that a server sends in another encoding is
/// displayed as far as it can be read, and sent back byte for byte.
///
/// ```
/// use postroom::imap::MailboxName;
///
/// assert_eq!(MailboxName::new("inbox")?, MailboxName::INBOX);
/// assert_eq!(MailboxName::new("Entwürfe")?.as_str(), "Entwürfe");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct MailboxName {
    /// `None` is INBOX.
    text: Option<Box<str>>,
    /// The server's bytes, if encoding the text would give others.
    raw: Option<Box<[u8]>>,
}

/// Characters that no name can contain.
const NOT_IN_A_NAME: [char; 3] = ['\0', '\r', '\n'];

impl MailboxName {
    /// The mailbox that every account has.
    pub const INBOX: Self = Self { text: None, raw: None };

    /// The longest name that [`new`](Self::new) accepts, in bytes of UTF-8.
    pub const MAX_LEN: usize = 4096;

    /// A mailbox name. It may contain delimiters, such as `Archive/2026`. Only the server knows whether the mailbox exists.
    ///
    /// ```
    /// # use postroom::imap::MailboxName;
    /// assert_eq!(MailboxName::new("Archive/2026")?.to_string(), "Archive/2026");
    /// assert!(MailboxName::new("two\nlines").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the name is empty, contains NUL, CR or LF, or has more than
    /// [`MAX_LEN`](Self::MAX_LEN) bytes.
    pub fn new(name: &str) -> Result<Self> {
        if name.is_empty() || name.contains(NOT_IN_A_NAME) || name.len() > Self::MAX_LEN {
            return Err(Error::input("a mailbox name is one line of text, neither empty nor over 4096 bytes"));
        }
        Ok(Self::plain(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or("INBOX")
    }

    /// Whether this is `INBOX`.
    pub fn is_inbox(&self) -> bool {
        self.text.is_none()
    }

    /// Reads a name as a server writes it: in UTF-8 if `utf8` is set (after IMAP4rev2 or `UTF8=ACCEPT` was enabled), otherwise in
    /// modified UTF-7. A name in another encoding is kept, and displayed undecoded, with U+FFFD for bytes that are not UTF-8.
    pub fn from_wire(bytes: &[u8], utf8: bool) -> Self {
        let text = if utf8 { String::from_utf8(bytes.to_vec()).ok() } else { mutf7::decode(bytes) };
        let text = text.filter(|text| !text.contains(NOT_IN_A_NAME));
        let mut name = Self::plain(text.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()));
        if !name.is_inbox() && *name.to_wire(utf8) != *bytes {
            name.raw = Some(bytes.into());
        }
        name
    }

    /// The bytes of the name on the wire, without quotes.
    pub fn to_wire(&self, utf8: bool) -> Cow<'_, [u8]> {
        match &self.raw {
            Some(raw) => Cow::Borrowed(raw),
            None if utf8 => Cow::Borrowed(self.as_str().as_bytes()),
            None => Cow::Owned(mutf7::encode(self.as_str()).into_bytes()),
        }
    }

    /// The name of the mailbox above this one whose text ends here, at a delimiter.
    pub(crate) fn above(&self, end: usize, delimiter: char) -> Option<Self> {
        let text = self.as_str().get(..end)?;
        let mut name = Self::plain(text.to_owned());
        if let (Some(raw), false) = (&self.raw, name.is_inbox()) {
            // A delimiter is one ASCII character, which no encoding of a name uses for another one.
            let level = text.matches(delimiter).count();
            let places = raw.iter().enumerate().filter(|(_, byte)| char::from(**byte) == delimiter);
            let raw = raw.get(..places.map(|(place, _)| place).nth(level)?)?;
            name.raw = (*name.to_wire(false) != *raw).then(|| raw.into());
        }
        Some(name)
    }

    /// A hash of the name, which commands use to say which mailbox they are about.
    pub(crate) fn subject(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn plain(text: String) -> Self {
        if text.eq_ignore_ascii_case("INBOX") {
            return Self::INBOX;
        }
        Self { text: Some(text.into()), raw: None }
    }
}

impl Ord for MailboxName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str()).then_with(|| self.raw.cmp(&other.raw))
    }
}

impl PartialOrd for MailboxName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxName({:?})", self.as_str())
    }
}

impl FromStr for MailboxName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<&str> for MailboxName {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<&String> for MailboxName {
    type Error = Error;

    fn try_from(name: &String) -> Result<Self> {
        Self::new(name)
    }
}

impl TryFrom<String> for MailboxName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(&name)
    }
}

impl From<&Self> for MailboxName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inbox_is_one_name_and_others_keep_their_case() {
        assert_eq!(MailboxName::from_wire(b"iNbOx", false), MailboxName::INBOX);
        assert_eq!(MailboxName::new("Inbox").unwrap().to_wire(false), b"INBOX".as_slice());
        assert_ne!(MailboxName::new("Work").unwrap(), MailboxName::new("work").unwrap());
    }

    #[test]
    fn names_that_could_not_be_sent_are_refused() {
        for name in ["", "a\0", "a\rb", "a\nb", &"x".repeat(4097)] {
            assert!(MailboxName::new(name).is_err());
        }
        assert!(MailboxName::new(&"x".repeat(4096)).is_ok());
    }

    #[test]
    fn what_was_not_properly_encoded_keeps_its_bytes() {
        let latin = MailboxName::from_wire(b"Entw\xfcrfe", false);
        assert_eq!(latin.as_str(), "Entw\u{fffd}rfe");
        let shift = MailboxName::from_wire(b"R&D", false);
        assert_eq!((shift.as_str(), &*shift.to_wire(true)), ("R&D", b"R&D".as_slice()));
        assert_ne!(shift, MailboxName::new("R&D").unwrap());
        for illegal in ["&AGEAYg-", "&AA0ACg-", "&AEkATgBCAE8AWA-"] {
            let name = MailboxName::from_wire(illegal.as_bytes(), false);
            assert_eq!((name.as_str(), &*name.to_wire(false)), (illegal, illegal.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn a_server_gets_back_what_it_sent(bytes in prop::collection::vec(any::<u8>(), 1..30), utf8 in any::<bool>()) {
            let name = MailboxName::from_wire(&bytes, utf8);
            prop_assert!(name.is_inbox() || *name.to_wire(utf8) == *bytes);
        }

        #[test]
        fn text_survives_the_wire(text in "[^\0\r\n]{1,20}", utf8 in any::<bool>()) {
            let name = MailboxName::new(&text).unwrap();
            prop_assert_eq!(MailboxName::from_wire(&name.to_wire(utf8), utf8), name);
        }
    }
}
