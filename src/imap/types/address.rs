//! The addresses of an envelope (RFC 9051 §7.5.2) with their groups, and addresses that own their text. It must not know how an envelope
//! is written on the wire.

use std::fmt;
use std::str::FromStr;

use super::tape::{Record, envelope as at, span, str_of};
use super::text::Str;
use crate::error::{Error, Result};
use crate::text::address;

/// An iterator over the addresses of one envelope field. Groups (RFC 5322 §3.4) are part of the list as the server sends them: an
/// address without host begins a group, and one without mailbox ends it. [`groups`](Self::groups) has them apart. The display form is
/// that of RFC 5322, in one line, with groups.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL ((\"Ann\" NIL \"a\" \"x.org\")(NIL NIL \"b\" \"x.org\")) NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let to = message.envelope().unwrap().to();
/// assert_eq!(to.to_string(), "Ann <a@x.org>, b@x.org");
/// let emails: Vec<String> = to.filter_map(|address| address.email()).collect();
/// assert_eq!(emails, ["a@x.org", "b@x.org"]);
/// ```
#[derive(Clone)]
pub struct Addresses<'a> {
    record: Record<'a>,
    next: usize,
    end: usize,
}

/// Addresses of one envelope field that are in a group (RFC 5322 §3.4), or consecutive ones that are in none.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL ((NIL NIL \"Team\" NIL)(NIL NIL \"b\" \"x.org\")(NIL NIL NIL NIL)(NIL NIL \"c\" \"x.org\")) NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let to = message.envelope().unwrap().to();
/// assert_eq!(to.to_string(), "Team: b@x.org;, c@x.org");
/// let groups: Vec<_> = to.groups().map(|group| (group.name.map(|name| name.decoded()), group.members.len())).collect();
/// assert_eq!(groups, [(Some("Team".into()), 1), (None, 1)]);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AddressGroup<'a> {
    /// The group's name, undecoded: see [`Str::decoded`]. `None` for addresses that are in no group.
    pub name: Option<Str<'a>>,
    /// The addresses.
    pub members: Addresses<'a>,
}

/// One address of an envelope. Its display form is that of RFC 5322, in one line: `"Doe, John" <john@example.org>`, with the name decoded.
/// An address that cannot be written is left out of it, and control characters in the name become spaces.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL NIL ((\"Berg, Anna\" NIL \"anna\" \"example.org\")) NIL NIL NIL NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let author = message.from().unwrap();
/// assert_eq!(author.to_string(), "\"Berg, Anna\" <anna@example.org>");
/// assert_eq!(author.label(), "Berg, Anna");
/// assert_eq!(author.email().as_deref(), Some("anna@example.org"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Address<'a> {
    /// The display name, undecoded: see [`Str::decoded`].
    pub name: Option<Str<'a>>,
    /// The source route, which is obsolete.
    pub adl: Option<Str<'a>>,
    /// The part before the `@`; the group's name if `host` is `None`.
    pub mailbox: Option<Str<'a>>,
    /// The part after the `@`.
    pub host: Option<Str<'a>>,
}

/// An address that owns its text and is valid: neither the name nor the address contains a control character. Its display form is that of
/// RFC 5322, in one line.
///
/// ```
/// use postroom::imap::AddressBuf;
///
/// let address: AddressBuf = "\"Doe, John\" <john@example.org>".parse()?;
/// assert_eq!((address.name(), address.email()), (Some("Doe, John"), "john@example.org"));
/// assert_eq!(address.to_string(), "\"Doe, John\" <john@example.org>");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AddressBuf {
    name: Option<Box<str>>,
    email: Box<str>,
}

impl<'a> Addresses<'a> {
    pub(super) fn new(record: Record<'a>, next: usize, end: usize) -> Self {
        Self { record, next, end }
    }

    /// The same addresses by groups, in their order; without the entries that begin and end a group.
    pub fn groups(&self) -> impl Iterator<Item = AddressGroup<'a>> + use<'a> {
        let mut rest = self.clone();
        std::iter::from_fn(move || {
            loop {
                let mut ahead = rest.clone();
                let first = ahead.next()?;
                if first.ends_group() {
                    rest = ahead;
                } else if let Some(members) = first.begins_group().then(|| ahead.group()).flatten() {
                    rest = Self { next: members.end + at::ADDRESS, ..rest.clone() };
                    return Some(AddressGroup { name: first.mailbox, members });
                } else {
                    let members = rest.run();
                    rest = Self { next: members.end, ..rest.clone() };
                    return Some(AddressGroup { name: None, members });
                }
            }
        })
    }

    /// The members of the group that has begun; `None` if it does not end before the next group or the end of the list.
    fn group(&self) -> Option<Self> {
        let mut ahead = self.clone();
        loop {
            let end = ahead.next;
            let address = ahead.next()?;
            if address.ends_group() {
                return Some(Self { end, ..self.clone() });
            }
            if address.begins_group() {
                return None;
            }
        }
    }

    /// The addresses before the next group. The first is one of them.
    fn run(&self) -> Self {
        let mut ahead = self.clone();
        ahead.next();
        loop {
            let end = ahead.next;
            match ahead.next() {
                Some(address) if !(address.ends_group() || address.begins_group() && ahead.group().is_some()) => {}
                _ => return Self { end, ..self.clone() },
            }
        }
    }
}

impl<'a> Address<'a> {
    /// `mailbox@host`, the mailbox quoted where RFC 5322 requires it. `None` for an entry that begins or ends a group, and for what cannot
    /// be an address, for example since it contains a line end.
    pub fn email(&self) -> Option<String> {
        address::email(&self.mailbox?.to_str_lossy(), &self.host?.to_str_lossy())
    }

    /// What a list of messages shows: the decoded display name, or else the address, or else what there is of it.
    pub fn label(&self) -> String {
        let name = self.name.map(|name| name.decoded()).filter(|name| !name.trim().is_empty());
        let label = match (name, self.mailbox, self.host) {
            (Some(name), _, _) => name.into_owned(),
            (None, Some(mailbox), Some(host)) if !host.is_empty() => format!("{mailbox}@{host}"),
            (None, mailbox, host) => mailbox.or(host).map(|only| only.decoded().into_owned()).unwrap_or_default(),
        };
        label.replace(address::ends_line, " ")
    }

    /// The same address with its own text, the name decoded; `None` if it has no [`email`](Self::email).
    pub fn to_address_buf(&self) -> Option<AddressBuf> {
        let name = self.name.map(|name| name.decoded()).unwrap_or_default();
        Some(AddressBuf::of(Some(&name), self.email()?))
    }

    /// Whether it begins a group.
    fn begins_group(&self) -> bool {
        self.mailbox.is_some() && self.host.is_none()
    }

    /// Whether it ends a group.
    fn ends_group(&self) -> bool {
        self.mailbox.is_none() && self.host.is_none()
    }
}

impl AddressBuf {
    /// An address, with a display name unless that is empty.
    ///
    /// ```
    /// use postroom::imap::AddressBuf;
    ///
    /// assert_eq!(AddressBuf::new("Anna", "anna@example.org")?.to_string(), "Anna <anna@example.org>");
    /// assert!(AddressBuf::new("", "anna@example.org\r\nBcc: eve@example.org").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the address is none, and for a control character in the name.
    pub fn new(name: &str, email: &str) -> Result<Self> {
        if name.contains(address::ends_line) {
            return Err(Error::input("a display name must not contain control characters"));
        }
        let parts = email.rsplit_once('@').and_then(|(local, domain)| address::email(local, domain));
        Ok(Self::of(Some(name), parts.ok_or_else(|| Error::input("this is not an address"))?))
    }

    /// The display name, in Unicode.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `mailbox@host`.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The addresses in the value of a header field.
    pub(crate) fn all_of(field: &[u8]) -> impl Iterator<Item = Self> {
        address::mailboxes(field).into_iter().map(|(name, email)| Self::of(name.as_deref(), email))
    }

    fn of(name: Option<&str>, email: String) -> Self {
        let name = name.map(|name| name.replace(address::ends_line, " ").trim().to_owned());
        Self { name: name.filter(|name| !name.is_empty()).map(Into::into), email: email.into() }
    }
}

impl<'a> Iterator for Addresses<'a> {
    type Item = Address<'a>;

    #[inline]
    fn next(&mut self) -> Option<Address<'a>> {
        if self.next >= self.end {
            return None;
        }
        let words: &[u32; at::ADDRESS] = self.record.words.get(self.next..)?.first_chunk()?;
        self.next += at::ADDRESS;
        let string = |field: usize| str_of(self.record, span(words, 2 * field));
        Some(Address { name: string(0), adl: string(1), mailbox: string(2), host: string(3) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next) / at::ADDRESS;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Addresses<'_> {}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.map(|name| name.decoded()).filter(|name| !name.trim().is_empty());
        match self.email() {
            Some(email) => address::write_mailbox(f, name.as_deref(), Some(&email)),
            None => address::write_phrase(f, &self.label()),
        }
    }
}

impl fmt::Display for AddressGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name {
            address::write_phrase(f, &name.decoded())?;
            f.write_str(if self.members.len() == 0 { ":" } else { ": " })?;
        }
        for (at, member) in self.members.clone().enumerate() {
            write!(f, "{}{member}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.name.is_some() { ";" } else { "" })
    }
}

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, group) in self.groups().enumerate() {
            write!(f, "{}{group}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Display for AddressBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        address::write_mailbox(f, self.name(), Some(&self.email))
    }
}

/// Reads one address in the form of RFC 5322, with or without a display name.
impl FromStr for AddressBuf {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = address::only(text.as_bytes()).filter(|_| !text.contains(address::ends_line));
        let (name, email) = found.ok_or_else(|| Error::input("this is not one address"))?;
        Ok(Self::of(name.as_deref(), email))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::imap::codec;
    use crate::imap::types::Fetched;
    use crate::limits::Limits;

    fn message(to: &str) -> Fetched {
        let line = format!("* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL {to} NIL NIL NIL NIL))\r\n").into_bytes();
        codec::fetched(line.into(), &Limits::default()).unwrap()
    }

    /// Group markers and addresses by letter: `(` begins a group, `)` ends one, `a` is an address.
    fn list(letters: &str) -> Fetched {
        let entry = |letter| match letter {
            '(' => "(NIL NIL \"G\" NIL)",
            ')' => "(NIL NIL NIL NIL)",
            _ => "(NIL NIL \"a\" \"x\")",
        };
        let entries: String = letters.chars().map(entry).collect();
        message(&if entries.is_empty() { "NIL".to_owned() } else { format!("({entries})") })
    }

    #[test]
    fn groups_are_apart_and_a_marker_alone_is_none() {
        for (letters, text) in [
            ("", ""),
            ("a", "a@x"),
            ("aa", "a@x, a@x"),
            ("()", "G:;"),
            ("a(aa)a", "a@x, G: a@x, a@x;, a@x"),
            ("(a)(a)", "G: a@x;, G: a@x;"),
            ("(a", "G, a@x"),
            (")a)", "a@x"),
            ("a((a)", "a@x, G, G: a@x;"),
        ] {
            let list = list(letters);
            assert_eq!(list.envelope().unwrap().to().to_string(), text, "{letters}");
        }
    }

    #[test]
    fn no_string_of_a_server_ends_a_line_or_makes_another_address() {
        let message =
            message("(({5}\r\nA\r\nB! NIL \"a\" \"x\")(NIL NIL {8}\r\na\r\nBcc:b \"x\")(NIL NIL \"c\" \"x>, <d@y\"))");
        let to = message.envelope().unwrap().to();
        assert_eq!(to.to_string(), "A B! <a@x>, \"a  Bcc:b@x\", \"c@x>, <d@y\"");
        assert_eq!(to.filter_map(|address| address.email()).collect::<Vec<_>>(), ["a@x"]);
    }

    proptest! {
        #[test]
        fn groups_contain_every_address_once(letters in "[a()]{0,20}") {
            let list = list(&letters);
            let to = list.envelope().unwrap().to();
            let all = to.groups().flat_map(|group| group.members).filter(|address| address.email().is_some()).count();
            prop_assert_eq!(all, letters.matches('a').count());
            let text = to.to_string();
            prop_assert_eq!(text.matches(';').count(), text.matches(':').count());
        }
    }
}
