//! The envelope of a message (RFC 9051 §7.5.2) and its addresses: views of a tape that do no work until a field is read. They must
//! not know how an envelope is written on the wire.

use std::fmt;

use super::tape::{Record, Span, envelope as at, span, word};
use super::text::Str;

/// The envelope of a message, or of a message within a message (RFC 9051 §7.5.2).
///
/// A view of received bytes: each accessor reads its field when it is called, and copies nothing.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL \"Lunch?\" ((\"Anna\" NIL \"anna\" \"example.org\")) NIL NIL NIL NIL NIL NIL \"<1@x>\"))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let envelope = message.envelope().unwrap();
/// assert_eq!(envelope.subject().unwrap().decoded(), "Lunch?");
/// assert_eq!(envelope.message_id().unwrap(), "<1@x>");
/// assert_eq!((envelope.from().len(), envelope.to().len()), (1, 0));
/// ```
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    record: Record<'a>,
    at: usize,
    head: &'a [u32; at::HEAD],
}

/// An iterator over the addresses of one envelope field. Groups (RFC 5322 §3.4) are part of the list as the server sends them: an
/// address without host begins a group, and one without mailbox ends it.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"x.org\")(NIL NIL \"b\" \"x.org\")) NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let to: Vec<String> = message.envelope().unwrap().to().map(|address| address.to_string()).collect();
/// assert_eq!(to, ["a@x.org", "b@x.org"]);
/// ```
#[derive(Clone)]
pub struct Addresses<'a> {
    record: Record<'a>,
    next: usize,
    end: usize,
}

/// One address of an envelope.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ENVELOPE (NIL NIL ((\"Anna\" NIL \"anna\" \"example.org\")) NIL NIL NIL NIL NIL NIL NIL))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let author = message.from().unwrap();
/// assert_eq!(author.to_string(), "Anna");
/// assert_eq!(author.mailbox.unwrap(), "anna");
/// assert_eq!(author.host.unwrap(), "example.org");
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

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident $index:literal,)*) => {
        impl<'a> Envelope<'a> {
            $($(#[$doc])*
            pub fn $name(&self) -> Addresses<'a> {
                self.addresses($index)
            })*
        }
    };
}

lists! {
    /// The `From` field: the authors.
    from 0,
    /// The `Sender` field. Servers fill it in from `From` if the message has none (RFC 9051 §7.5.2).
    sender 1,
    /// The `Reply-To` field. Servers fill it in from `From` if the message has none (RFC 9051 §7.5.2).
    reply_to 2,
    /// The `To` field.
    to 3,
    /// The `Cc` field.
    cc 4,
    /// The `Bcc` field.
    bcc 5,
}

impl<'a> Envelope<'a> {
    pub(crate) fn new(record: Record<'a>, at: usize) -> Self {
        let head = record.words.get(at..).and_then(<[u32]>::first_chunk);
        Self { record, at, head: head.unwrap_or(&at::BLANK) }
    }

    /// The `Date` field, as it is written in the message.
    pub fn date(&self) -> Option<Str<'a>> {
        self.string(at::DATE)
    }

    /// The `Subject` field, undecoded: see [`Str::decoded`].
    pub fn subject(&self) -> Option<Str<'a>> {
        self.string(at::SUBJECT)
    }

    /// The `In-Reply-To` field.
    pub fn in_reply_to(&self) -> Option<Str<'a>> {
        self.string(at::IN_REPLY_TO)
    }

    /// The `Message-ID` field.
    pub fn message_id(&self) -> Option<Str<'a>> {
        self.string(at::MESSAGE_ID)
    }

    #[inline]
    fn string(&self, field: usize) -> Option<Str<'a>> {
        str_of(self.record, span(self.head, field))
    }

    #[inline]
    fn addresses(&self, list: usize) -> Addresses<'a> {
        let end = |list: usize| self.at + word(self.head, at::ENDS + list) as usize;
        let next = if list == 0 { self.at + at::HEAD } else { end(list - 1) };
        Addresses { record: self.record, next, end: end(list) }
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

/// The decoded display name, or `mailbox@host` if there is no name.
impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.filter(|name| !name.is_empty()), self.mailbox, self.host) {
            (Some(name), _, _) => f.write_str(&name.decoded()),
            (None, Some(mailbox), Some(host)) => write!(f, "{mailbox}@{host}"),
            (None, mailbox, host) => mailbox.or(host).map_or(Ok(()), |only| only.fmt(f)),
        }
    }
}

impl fmt::Debug for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("date", &self.date())
            .field("subject", &self.subject())
            .field("from", &self.from())
            .field("sender", &self.sender())
            .field("reply_to", &self.reply_to())
            .field("to", &self.to())
            .field("cc", &self.cc())
            .field("bcc", &self.bcc())
            .field("in_reply_to", &self.in_reply_to())
            .field("message_id", &self.message_id())
            .finish()
    }
}

#[inline]
pub(crate) fn str_of<'a>(record: Record<'a>, span: Span) -> Option<Str<'a>> {
    (!span.is_nil()).then(|| Str::new(record.slice(span), span.is_escaped()))
}
