//! [`Find`]: what to look for in a mailbox of either protocol, and [`Found`]. It must not know who compares.

use time::Date;

use crate::flag::Flag;
use crate::message_id::MessageId;

/// Conditions for [`Mailbox::find`](super::Mailbox::find). A message must fit all of them. A text fits if it is a part of the field's
/// decoded text.
///
/// ```
/// use postroom::{Find, Flag};
/// use time::{Date, Month};
///
/// let march = Date::from_calendar_date(2026, Month::March, 1)?;
/// let unread_invoices = Find::new().from("billing@example.org").subject("invoice").since(march).without(Flag::SEEN);
/// # drop(unread_invoices);
/// # Ok::<(), time::error::ComponentRange>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "conditions do nothing until they are searched for"]
pub struct Find {
    /// A header field, and a part of its text.
    pub(crate) texts: Vec<(String, String)>,
    /// Parts of the body's text.
    pub(crate) bodies: Vec<String>,
    pub(crate) since: Option<Date>,
    pub(crate) before: Option<Date>,
    pub(crate) larger: Option<u64>,
    pub(crate) smaller: Option<u64>,
    /// Whether a message must have the flag, or must not.
    pub(crate) flags: Vec<(Flag, bool)>,
}

/// The result of [`Mailbox::find`](super::Mailbox::find).
///
/// ```
/// use postroom::Found;
///
/// assert!(Found::default().messages.is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The messages that fit.
    pub messages: Vec<MessageId>,
    /// Messages of which it is not known whether they fit: the server does not send their header, or their size, they have no readable
    /// date, or their body is not there. Always empty if the server searches.
    pub unknown: Vec<MessageId>,
}

impl Find {
    /// Every message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Messages with this text in `From`.
    pub fn from(self, text: impl Into<String>) -> Self {
        self.header("From", text)
    }

    /// Messages with this text in `To`.
    pub fn to(self, text: impl Into<String>) -> Self {
        self.header("To", text)
    }

    /// Messages with this text in `Cc`.
    pub fn cc(self, text: impl Into<String>) -> Self {
        self.header("Cc", text)
    }

    /// Messages with this text in `Subject`.
    pub fn subject(self, text: impl Into<String>) -> Self {
        self.header("Subject", text)
    }

    /// The message with this Message-ID, with or without angle brackets.
    pub fn message_id(self, id: &str) -> Self {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        self.header("Message-ID", format!("<{id}>"))
    }

    /// Messages that have this header field, with this text in it. Every text includes the empty one.
    pub fn header(mut self, field: impl Into<String>, text: impl Into<String>) -> Self {
        self.texts.push((field.into(), text.into()));
        self
    }

    /// Messages with this text in the body: in any of its parts that is a text, decoded, and in what is forwarded with it. Where it is
    /// compared here, HTML has no tags, and white space of any kind is one space.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.bodies.push(text.into());
        self
    }

    /// Messages that were received on this day or later. In IMAP the server knows the day (INTERNALDATE); in POP3 it is that of the first
    /// `Received` field, which the last server has written, or of `Date` if there is none. Times and zones are not looked at.
    pub fn since(self, day: Date) -> Self {
        Self { since: self.since.max(Some(day)), ..self }
    }

    /// Messages that were received before this day, as with [`since`](Self::since).
    pub fn before(self, day: Date) -> Self {
        Self { before: Some(self.before.map_or(day, |before| before.min(day))), ..self }
    }

    /// Messages larger than this number of octets.
    pub fn larger(self, octets: u64) -> Self {
        Self { larger: self.larger.max(Some(octets)), ..self }
    }

    /// Messages smaller than this number of octets.
    pub fn smaller(self, octets: u64) -> Self {
        Self { smaller: Some(self.smaller.map_or(octets, |smaller| smaller.min(octets))), ..self }
    }

    /// Messages that have this flag.
    pub fn with(mut self, flag: Flag) -> Self {
        self.flags.push((flag, true));
        self
    }

    /// Messages that do not have this flag: [`Flag::SEEN`] for unread ones.
    pub fn without(mut self, flag: Flag) -> Self {
        self.flags.push((flag, false));
        self
    }
}
