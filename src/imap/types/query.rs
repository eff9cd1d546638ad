//! [`Query`]: what to search for (RFC 9051 §6.4.4), as a value that is put together from others. How it is written is the
//! codec's business.

use time::Date;

use super::uids::Uids;
use crate::Flag;

/// What to search for in a mailbox.
///
/// A text matches where it occurs anywhere in the field, in any letter case; how the server splits words or folds letters is its
/// own affair. Dates are days, without time or time zone: those of arrival as the server keeps them, those of sending as the
/// `Date` field says. Nothing is checked here: what cannot be sent, a NUL in a text say, fails in the search, with
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
    /// One that is its name.
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
    /// What is near enough.
    Fuzzy(Box<Self>),
    Modseq(Flag, u64),
    /// Entry, attribute and text.
    Annotation(String, String, String),
    Label(String),
    Not(Box<Self>),
    /// All of them; none means every message.
    And(Vec<Self>),
    /// Any of them, of which there are two at least.
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
    /// Messages that are answered.
    answered() = Key::Bare("ANSWERED");
    /// Messages that are marked to be removed.
    deleted() = Key::Bare("DELETED");
    /// Drafts.
    draft() = Key::Bare("DRAFT");
    /// Messages that are flagged.
    flagged() = Key::Bare("FLAGGED");
    /// Messages that have been read.
    seen() = Key::Bare("SEEN");
    /// Messages that have not been read.
    unseen() = Key::Bare("UNSEEN");
    /// Messages with that flag, whatever it is.
    flag(flag: Flag) = Key::Keyword(flag);
    /// Messages with that text among the senders.
    from(text: impl Into<String>) = Key::Text("FROM", text.into());
    /// Messages with that text among the receivers.
    to(text: impl Into<String>) = Key::Text("TO", text.into());
    /// Messages with that text among those who get a copy.
    cc(text: impl Into<String>) = Key::Text("CC", text.into());
    /// Messages with that text among those who get a copy without being named.
    bcc(text: impl Into<String>) = Key::Text("BCC", text.into());
    /// Messages with that text in the subject.
    subject(text: impl Into<String>) = Key::Text("SUBJECT", text.into());
    /// Messages with that text in the body.
    body(text: impl Into<String>) = Key::Text("BODY", text.into());
    /// Messages with that text anywhere, header or body.
    text(text: impl Into<String>) = Key::Text("TEXT", text.into());
    /// Messages with a header field of that name that has that text in it; the empty text matches whatever it holds.
    header(field: impl Into<String>, text: impl Into<String>) = Key::Header(field.into(), text.into());
    /// Messages that arrived before that day.
    before(day: Date) = Key::Date("BEFORE", day);
    /// Messages that arrived on that day.
    on(day: Date) = Key::Date("ON", day);
    /// Messages that arrived on that day or later.
    since(day: Date) = Key::Date("SINCE", day);
    /// Messages sent before that day.
    sent_before(day: Date) = Key::Date("SENTBEFORE", day);
    /// Messages sent on that day.
    sent_on(day: Date) = Key::Date("SENTON", day);
    /// Messages sent on that day or later.
    sent_since(day: Date) = Key::Date("SENTSINCE", day);
    /// Messages of more than so many bytes.
    larger(bytes: u64) = Key::Size("LARGER", bytes);
    /// Messages of fewer than so many bytes.
    smaller(bytes: u64) = Key::Size("SMALLER", bytes);
    /// Messages among these; of the empty set, none.
    uids(uids: impl Into<Uids>) = Key::Uids(uids.into());
}

impl Query {
    /// Messages that match this and the other.
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

    /// Messages that match this or the other.
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

    /// Messages that do not match.
    #[expect(clippy::should_implement_trait, reason = "it is the word of the RFC, and `!` is there too")]
    pub fn not(self) -> Self {
        Self(match self.0 {
            Key::Not(key) => *key,
            key => Key::Not(Box::new(key)),
        })
    }

    /// Whether the strings in it need no charset.
    pub(crate) fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The messages among which everything is that it matches, where it names such.
    pub(crate) fn among(&self) -> Option<&Uids> {
        match &self.0 {
            Key::And(keys) => keys.iter().find_map(Key::as_set),
            key => key.as_set(),
        }
    }

    /// All sets of UIDs in it.
    pub(crate) fn sets(&self) -> Vec<&Uids> {
        let mut sets = Vec::new();
        self.0.collect_sets(&mut sets);
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
            Self::Not(key) | Self::Fuzzy(key) => key.is_ascii(),
            Self::And(keys) | Self::Or(keys) => keys.iter().all(Self::is_ascii),
            // A label is written in modified UTF-7.
            Self::Bare(_) | Self::Keyword(_) | Self::Date(..) | Self::Size(..) | Self::Uids(_) => true,
            Self::Word(..) | Self::Modseq(..) | Self::Label(_) => true,
        }
    }

    fn collect_sets<'a>(&'a self, sets: &mut Vec<&'a Uids>) {
        match self {
            Self::Uids(uids) => sets.push(uids),
            Self::Not(key) | Self::Fuzzy(key) => key.collect_sets(sets),
            Self::And(keys) | Self::Or(keys) => keys.iter().for_each(|key| key.collect_sets(sets)),
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
