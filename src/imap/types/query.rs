//! [`Query`]: what to search for (RFC 9051 §6.4.4), built from smaller queries. It must not know how a query is written; the codec does.

use time::Date;

use super::saved_mark::SavedMark;
use super::uids::Uids;
use crate::Flag;

/// What to search for in a mailbox.
///
/// A text matches anywhere in its field and in any letter case; how words are split and letters are folded depends on the server. Dates
/// are days, without time and time zone: arrival dates are the server's, sending dates are those of the `Date` field. Building a query
/// checks nothing. If it contains a value that cannot be sent, such as a text with NUL, the search fails with
/// [`Kind::Input`](crate::Kind::Input).
///
/// ```
/// use postroom::imap::Query;
/// use time::{Date, Month};
///
/// let since = Date::from_calendar_date(2026, Month::March, 1)?;
/// let query = Query::unseen().and(Query::since(since)).and(Query::from("anna").or(Query::subject("Rechnung für")));
/// assert_eq!(query.to_string(), "UNSEEN SINCE 1-Mar-2026 OR FROM \"anna\" SUBJECT \"Rechnung für\"");
/// # Ok::<(), time::error::ComponentRange>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a query is only a value until a search takes it"]
pub struct Query(pub(crate) Key);

/// One `search-key`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// A name without arguments.
    Bare(&'static str),
    /// A name with a text.
    Text(&'static str, String),
    Header(String, String),
    Keyword(Flag),
    Date(&'static str, Date),
    Size(&'static str, u64),
    Uids(Uids),
    /// A name with a word that needs no quotes.
    Word(&'static str, String),
    /// Messages that match the key approximately.
    Fuzzy(Box<Self>),
    Modseq(Flag, u64),
    /// Entry, attribute and text.
    Annotation(String, String, String),
    Label(String),
    /// The result of one search that the server keeps.
    Saved(SavedMark),
    /// A key that may be compared here with at most this number of octets downloaded.
    ClientSide(u64, Box<Self>),
    Not(Box<Self>),
    /// All of these keys; without any, every message.
    And(Vec<Self>),
    /// Any of these keys; there are at least two.
    Or(Vec<Self>),
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $key:expr;)*) => {
        impl Query {
            $($(#[$doc])*
            pub fn $name($($argument: $type),*) -> Self {
                Self($key)
            })*
        }
    };
}

keys! {
    /// Every message.
    all() = Key::Bare("ALL");
    /// Messages with `\Answered`.
    answered() = Key::Bare("ANSWERED");
    /// Messages with `\Deleted`.
    deleted() = Key::Bare("DELETED");
    /// Messages with `\Draft`.
    draft() = Key::Bare("DRAFT");
    /// Messages with `\Flagged`.
    flagged() = Key::Bare("FLAGGED");
    /// Messages with `\Seen`.
    seen() = Key::Bare("SEEN");
    /// Messages without `\Seen`.
    unseen() = Key::Bare("UNSEEN");
    /// Messages with this flag or keyword.
    flag(flag: Flag) = Key::Keyword(flag);
    /// Messages with this text in the `From` field.
    from(text: impl Into<String>) = Key::Text("FROM", text.into());
    /// Messages with this text in the `To` field.
    to(text: impl Into<String>) = Key::Text("TO", text.into());
    /// Messages with this text in the `Cc` field.
    cc(text: impl Into<String>) = Key::Text("CC", text.into());
    /// Messages with this text in the `Bcc` field.
    bcc(text: impl Into<String>) = Key::Text("BCC", text.into());
    /// Messages with this text in the subject.
    subject(text: impl Into<String>) = Key::Text("SUBJECT", text.into());
    /// Messages with this text in the body.
    body(text: impl Into<String>) = Key::Text("BODY", text.into());
    /// Messages with this text anywhere, in the header or the body.
    text(text: impl Into<String>) = Key::Text("TEXT", text.into());
    /// Messages with this text in the header field with this name; the empty text matches every value.
    header(field: impl Into<String>, text: impl Into<String>) = Key::Header(field.into(), text.into());
    /// Messages that arrived before this day.
    before(day: Date) = Key::Date("BEFORE", day);
    /// Messages that arrived on this day.
    on(day: Date) = Key::Date("ON", day);
    /// Messages that arrived on this day or later.
    since(day: Date) = Key::Date("SINCE", day);
    /// Messages sent before this day.
    sent_before(day: Date) = Key::Date("SENTBEFORE", day);
    /// Messages sent on this day.
    sent_on(day: Date) = Key::Date("SENTON", day);
    /// Messages sent on this day or later.
    sent_since(day: Date) = Key::Date("SENTSINCE", day);
    /// Messages larger than this number of bytes.
    larger(bytes: u64) = Key::Size("LARGER", bytes);
    /// Messages smaller than this number of bytes.
    smaller(bytes: u64) = Key::Size("SMALLER", bytes);
    /// Messages with these UIDs. The empty set matches no message.
    uids(uids: impl Into<Uids>) = Key::Uids(uids.into());
}

impl Query {
    /// Messages that match both queries.
    pub fn and(self, other: Self) -> Self {
        let mut keys = match self.0 {
            Key::And(keys) => keys,
            key => vec![key],
        };
        match other.0 {
            Key::And(more) => keys.extend(more),
            key => keys.push(key),
        }
        Self(Key::And(keys))
    }

    /// Messages that match at least one of the queries.
    pub fn or(self, other: Self) -> Self {
        let mut keys = match self.0 {
            Key::Or(keys) => keys,
            key => vec![key],
        };
        match other.0 {
            Key::Or(more) => keys.extend(more),
            key => keys.push(key),
        }
        Self(Key::Or(keys))
    }

    /// Messages that do not match the query.
    #[expect(clippy::should_implement_trait, reason = "it is the word of the RFC, and `!` is there too")]
    pub fn not(self) -> Self {
        Self(match self.0 {
            Key::Not(key) => *key,
            key => Key::Not(Box::new(key)),
        })
    }

    /// Allows that texts in the body are compared here if the server refuses their charset ([`body`](Self::body) and
    /// [`text`](Self::text)): messages are then downloaded whole, at most this number of octets in one search. If all messages that may
    /// match, after the server has searched what it can, are larger by the sizes that it declares, the search fails with
    /// [`Kind::Limit`](crate::Kind::Limit), and nothing is downloaded. If several parts of a query allow this, the smallest number counts.
    ///
    /// The texts of `text/*` parts and the header are searched, decoded, without regard to letter case. Servers differ in what they search
    /// of a message.
    ///
    /// ```
    /// use postroom::imap::Query;
    ///
    /// let query = Query::unseen().and(Query::text("Grüße").client_side(10_000_000));
    /// assert_eq!(query.to_string(), "UNSEEN TEXT \"Grüße\"");
    /// ```
    pub fn client_side(self, octets: u64) -> Self {
        Self(Key::ClientSide(octets, Box::new(self.0)))
    }

    /// How many octets may be downloaded to compare texts here.
    pub(crate) fn client_octets(&self) -> Option<u64> {
        let mut least = None;
        self.0.visit(&mut |key| {
            if let Key::ClientSide(octets, _) = key {
                least = Some(least.map_or(*octets, |least: u64| least.min(*octets)));
            }
        });
        least
    }

    /// Whether all its strings are ASCII, so that the search needs no charset.
    pub(crate) fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// Two queries, both of which a message must match: one whose strings are ASCII, and the rest.
    pub(crate) fn divided(&self) -> (Self, Self) {
        match &self.0 {
            Key::And(keys) => {
                let (ascii, rest) = keys.iter().cloned().partition(Key::is_ascii);
                (Self(Key::And(ascii)), Self(Key::And(rest)))
            }
            _ if self.is_ascii() => (self.clone(), Self::all()),
            _ => (Self::all(), self.clone()),
        }
    }

    /// The messages of one saved result.
    pub(crate) fn of_saved(mark: SavedMark) -> Self {
        Self(Key::Saved(mark))
    }

    /// The first saved result that it names.
    pub(crate) fn saved_mark(&self) -> Option<SavedMark> {
        self.saved_marks().first().copied()
    }

    /// The saved results that it names.
    pub(crate) fn saved_marks(&self) -> Vec<SavedMark> {
        let mut marks = Vec::new();
        self.0.visit(&mut |key| marks.extend(if let Key::Saved(mark) = key { Some(*mark) } else { None }));
        marks
    }

    /// Whether it names the saved result, whichever that is.
    pub(crate) fn names_last_saved(&self) -> bool {
        let mut names = false;
        self.0.visit(&mut |key| names |= matches!(key, Key::Bare("$")));
        names
    }

    /// A set that contains every message that can match, if the query names one.
    pub(crate) fn among(&self) -> Option<&Uids> {
        match &self.0 {
            Key::And(keys) => keys.iter().find_map(Key::as_set),
            key => key.as_set(),
        }
    }

    /// All sets of UIDs in the query.
    pub(crate) fn sets(&self) -> Vec<&Uids> {
        let mut sets = Vec::new();
        self.0.visit(&mut |key| sets.extend(key.as_set()));
        sets
    }
}

impl Key {
    fn as_set(&self) -> Option<&Uids> {
        match self {
            Self::Uids(uids) => Some(uids),
            _ => None,
        }
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::Text(_, text) => text.is_ascii(),
            Self::Header(field, text) => field.is_ascii() && text.is_ascii(),
            Self::Annotation(entry, attribute, text) => [entry, attribute, text].iter().all(|text| text.is_ascii()),
            Self::Not(key) | Self::Fuzzy(key) | Self::ClientSide(_, key) => key.is_ascii(),
            Self::And(keys) | Self::Or(keys) => keys.iter().all(Self::is_ascii),
            // A label is written in modified UTF-7.
            Self::Bare(_) | Self::Keyword(_) | Self::Date(..) | Self::Size(..) | Self::Uids(_) => true,
            Self::Word(..) | Self::Modseq(..) | Self::Label(_) | Self::Saved(_) => true,
        }
    }

    /// Visits this key and those within it.
    pub(super) fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Not(key) | Self::Fuzzy(key) | Self::ClientSide(_, key) => key.visit(see),
            Self::And(keys) | Self::Or(keys) => keys.iter().for_each(|key| key.visit(see)),
            _ => {}
        }
    }
}

impl std::ops::Not for Query {
    type Output = Self;

    fn not(self) -> Self {
        Self::not(self)
    }
}

impl From<Uids> for Query {
    fn from(uids: Uids) -> Self {
        Self::uids(uids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_stay_flat_and_two_negations_are_none() {
        let seen = || Query::seen();
        assert_eq!(seen().and(Query::draft()).and(seen()).to_string(), "SEEN DRAFT SEEN");
        assert_eq!((!!seen()).to_string(), "SEEN");
        let many = (0..100_000).fold(Query::draft(), |query, _| query.or(seen()));
        assert!(matches!(many.0, Key::Or(keys) if keys.len() == 100_001));
    }

    #[test]
    fn a_charset_is_needed_just_for_text_that_is_not_ascii() {
        assert!(Query::from("anna").and(Query::header("X-A", "b")).is_ascii());
        assert!(!Query::seen().or(!Query::subject("für")).is_ascii());
    }
}
