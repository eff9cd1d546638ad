//! [`SortKey`]: a criterion by which messages are ordered (RFC 5256 §3). It must not know who orders them, the server or this crate.

use std::fmt;

/// A criterion by which [`Folder::sort`](crate::imap::Folder::sort) orders messages.
///
/// ```
/// use postroom::imap::{Extension, Query, SortKey};
///
/// let newest = Extension::sort(&[SortKey::DATE.reversed()], Query::all(), None);
/// assert_eq!(newest.to_string(), "UID SORT (REVERSE DATE) US-ASCII ALL");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SortKey {
    pub(crate) by: Criterion,
    pub(crate) reverse: bool,
}

/// A `sort-key`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Criterion {
    Arrival,
    Cc,
    Date,
    From,
    Size,
    Subject,
    To,
    DisplayFrom,
    DisplayTo,
    Relevancy,
}

impl SortKey {
    /// The arrival date.
    pub const ARRIVAL: Self = Self::by(Criterion::Arrival);
    /// The mailbox part of the first `Cc` address.
    pub const CC: Self = Self::by(Criterion::Cc);
    /// The date in the `Date` field, or the arrival date if there is none.
    pub const DATE: Self = Self::by(Criterion::Date);
    /// The mailbox part of the first `From` address.
    pub const FROM: Self = Self::by(Criterion::From);
    /// The size in bytes.
    pub const SIZE: Self = Self::by(Criterion::Size);
    /// The subject without prefixes of replies and forwards.
    pub const SUBJECT: Self = Self::by(Criterion::Subject);
    /// The mailbox part of the first `To` address.
    pub const TO: Self = Self::by(Criterion::To);
    /// The display name of the first `From` address, or the address if there is no name (`SORT=DISPLAY`, RFC 5957).
    pub const DISPLAY_FROM: Self = Self::by(Criterion::DisplayFrom);
    /// The display name of the first `To` address, or the address if there is no name (`SORT=DISPLAY`, RFC 5957).
    pub const DISPLAY_TO: Self = Self::by(Criterion::DisplayTo);
    /// How well the message matches (`SEARCH=FUZZY`, RFC 6203).
    pub const RELEVANCY: Self = Self::by(Criterion::Relevancy);

    /// The same criterion in reverse order.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { reverse: !self.reverse, ..self }
    }

    const fn by(by: Criterion) -> Self {
        Self { by, reverse: false }
    }
}

impl Criterion {
    fn name(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::From => "FROM",
            Self::Size => "SIZE",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
            Self::DisplayFrom => "DISPLAYFROM",
            Self::DisplayTo => "DISPLAYTO",
            Self::Relevancy => "RELEVANCY",
        }
    }
}

/// The wire form.
impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.reverse { "REVERSE " } else { "" }, self.by.name())
    }
}
