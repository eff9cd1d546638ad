//! SORT (RFC 5256 §3, RFC 5957, RFC 5267 §3, RFC 6203 §5): searches, and returns the messages in an order.

use super::extension::Extension;
use crate::imap::plan::Topic;
use crate::imap::types::{Query, SearchReturn};

/// A criterion by which SORT orders messages.
///
/// ```
/// use postroom::imap::{Extension, Query, SortKey};
///
/// let newest = Extension::sort(&[SortKey::DATE.reversed()], Query::all(), None);
/// assert_eq!(newest.to_string(), "UID SORT (REVERSE DATE) US-ASCII ALL");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SortKey {
    name: &'static str,
    reverse: bool,
}

impl SortKey {
    /// The arrival date.
    pub const ARRIVAL: Self = Self::by("ARRIVAL");
    /// The mailbox part of the first `Cc` address.
    pub const CC: Self = Self::by("CC");
    /// The date in the `Date` field.
    pub const DATE: Self = Self::by("DATE");
    /// The mailbox part of the first `From` address.
    pub const FROM: Self = Self::by("FROM");
    /// The size in bytes.
    pub const SIZE: Self = Self::by("SIZE");
    /// The subject without prefixes of replies and forwards.
    pub const SUBJECT: Self = Self::by("SUBJECT");
    /// The mailbox part of the first `To` address.
    pub const TO: Self = Self::by("TO");
    /// The display name of the first `From` address (`SORT=DISPLAY`).
    pub const DISPLAY_FROM: Self = Self::by("DISPLAYFROM");
    /// The display name of the first `To` address (`SORT=DISPLAY`).
    pub const DISPLAY_TO: Self = Self::by("DISPLAYTO");
    /// How well the message matches (`SEARCH=FUZZY`).
    pub const RELEVANCY: Self = Self::by("RELEVANCY");

    /// The same criterion in reverse order.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { reverse: !self.reverse, ..self }
    }

    const fn by(name: &'static str) -> Self {
        Self { name, reverse: false }
    }
}

impl Extension {
    /// UID SORT: the messages that match, ordered by the first key, equal ones by the next key, and so on. The answer is
    /// [`Response::Sort`](crate::imap::Response::Sort), or [`Response::Esearch`](crate::imap::Response::Esearch) if `returns` is given
    /// (`ESORT`, RFC 5267).
    pub fn sort(keys: &[SortKey], query: Query, returns: Option<SearchReturn>) -> Self {
        let line = Self::new("UID SORT").claim("SORT").claim("ESEARCH").selected();
        let line = match returns {
            Some(returns) => line.checked(format!("RETURN ({returns})")),
            None => line,
        };
        let key = |list: Self, key: &SortKey| match key.reverse {
            true => list.word("REVERSE").word(key.name),
            false => list.word(key.name),
        };
        match keys {
            [] => line.invalid("SORT needs at least one key"),
            keys => {
                let topic = Topic::default().among(query.among());
                line.list(|list| list.each(keys, key)).charset(&query).query(query).about(topic)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_always_named() {
        let keys = [SortKey::SUBJECT, SortKey::DATE.reversed()];
        let plain = Extension::sort(&keys, Query::unseen(), None);
        assert_eq!(plain.to_string(), "UID SORT (SUBJECT REVERSE DATE) US-ASCII UNSEEN");
        let short = Extension::sort(&[SortKey::DISPLAY_FROM], Query::from("ä"), Some(SearchReturn::new().count()));
        assert_eq!(short.to_string(), "UID SORT RETURN (COUNT) (DISPLAYFROM) UTF-8 FROM {\\xc3\\xa4}");
        assert!(Extension::sort(&[], Query::all(), None).segments(false).is_err());
    }
}
