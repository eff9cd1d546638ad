//! The envelope of a message (RFC 9051 §7.5.2): a view of a tape that does no work until a field is read. It must not
//! know how an envelope is written on the wire, nor what an address is.

use std::fmt;

use time::{OffsetDateTime, UtcOffset};

use super::address::Addresses;
use super::tape::{Record, envelope as at, span, str_of, word};
use super::text::Str;
use crate::text::date::MailDate;

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

    /// The `Date` field: when the author sent the message, in the author's zone. `None` if there is no date in it that exists.
    ///
    /// Reads what RFC 5322 allows, with its obsolete forms, and what mailers write: years of two digits, no seconds, names of zones,
    /// comments, another day of the week, whole names of months, the order of C's `asctime`, zones as `+01:00` and `GMT+0100`. Without a
    /// valid time it is 00:00:00, and without a valid zone in UTC (RFC 5256 §2.2): sorting by [`SortKey::DATE`](super::SortKey::DATE)
    /// here uses the same date. A leap second becomes the second after it. A zone further from UTC than a day is kept as UTC.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let line = b"* 1 FETCH (ENVELOPE (\"Mon, 2 Mar 26 10:00 EST\" NIL NIL NIL NIL NIL NIL NIL NIL NIL))\r\n";
    /// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
    /// let date = message.envelope().unwrap().date().unwrap();
    /// assert_eq!(date.to_string(), "2026-03-02 10:00:00.0 -05:00:00");
    /// ```
    pub fn date(&self) -> Option<OffsetDateTime> {
        let date = self.mail_date()?;
        let at = OffsetDateTime::from_unix_timestamp(date.unix()).ok()?;
        let zone = UtcOffset::from_whole_seconds(date.zone.checked_mul(60)?).ok().filter(|_| date.zone.abs() < 24 * 60);
        Some(zone.and_then(|zone| at.checked_to_offset(zone)).unwrap_or(at))
    }

    /// The `Date` field, as it is written in the message.
    pub fn raw_date(&self) -> Option<Str<'a>> {
        self.string(at::DATE)
    }

    pub(crate) fn mail_date(&self) -> Option<MailDate> {
        MailDate::read(&self.raw_date()?.bytes())
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
        Addresses::new(self.record, next, end(list))
    }
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("date", &self.raw_date())
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
