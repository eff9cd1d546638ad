//! SORT (RFC 5256 §3, RFC 5957, RFC 5267 §3, RFC 6203 §5): searches, and returns the messages in an order.

use super::extension::Extension;
use crate::imap::plan::Topic;
use crate::imap::types::{Query, SearchReturn, SortKey};

impl Extension {
    /// UID SORT: the messages that match, ordered by the first key, equal ones by the next key, and so on. The answer is
    /// [`Response::Sort`](crate::imap::Response::Sort), or [`Response::Esearch`](crate::imap::Response::Esearch) if `returns` is given
    /// (`ESORT`, RFC 5267).
    pub fn sort(keys: &[SortKey], query: Query, returns: Option<SearchReturn>) -> Self {
        let line = Self::new("UID SORT").claim("SORT").claim("ESEARCH").selected();
        let line = match returns {
            Some(returns) => line.saving(returns.saves()).checked(format!("RETURN ({returns})")),
            None => line,
        };
        let key = |list: Self, key: &SortKey| list.checked(key.to_string());
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
