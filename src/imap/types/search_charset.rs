//! [`SearchCharset`]: a charset that a server names when it refuses UTF-8 in a search (code BADCHARSET, RFC 9051 §7.1). It must not know
//! how a query is written.

use super::query::{Key, Query};
use crate::text::charset::Charset;

/// The most names of a server that are looked at.
const MOST_NAMES: usize = 100;

/// A charset that the server accepts in searches.
#[derive(Clone, Debug)]
pub(crate) struct SearchCharset {
    name: String,
    charset: Charset,
}

impl SearchCharset {
    /// The charsets among these names that can hold all texts of the query, in the server's order. `names` are as in the response code:
    /// `(US-ASCII ISO-8859-1)`. UTF-8 is not among them: it was refused.
    pub(crate) fn holding(query: &Query, names: &str) -> Vec<Self> {
        let names = names.trim_matches(['(', ')']).split_ascii_whitespace().take(MOST_NAMES);
        let charsets = names.filter_map(|name| Self::of(name.trim_matches('"')));
        charsets.filter(|charset| charset.holds(query)).collect()
    }

    /// Its name, as the server writes it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The text in this charset; `None` if it lacks a character.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        if text.is_ascii() {
            return Some(text.as_bytes().to_vec());
        }
        self.charset.encode(text, &self.name)
    }

    fn of(name: &str) -> Option<Self> {
        let charset = Charset::of(name.as_bytes()).filter(|charset| !charset.is_utf8())?;
        Some(Self { name: name.to_owned(), charset })
    }

    fn holds(&self, query: &Query) -> bool {
        let mut holds = true;
        query.0.visit(&mut |key| {
            holds &= match key {
                Key::Text(_, text) | Key::Header(_, text) => self.encode(text).is_some(),
                Key::Annotation(_, _, text) => self.encode(text).is_some(),
                _ => true,
            }
        });
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, names: &str) -> String {
        let query = Query::seen().and(Query::draft().or(!Query::subject(text)));
        let found = SearchCharset::holding(&query, names);
        found.iter().map(SearchCharset::name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_charset_is_taken_if_it_holds_every_text() {
        let all =
            "(US-ASCII ISO-8859-1 ISO-8859-2 ISO-8859-15 windows-1252 KOI8-R ISO-2022-JP GB2312 EUC-KR x-nobody UTF-8)";
        assert_eq!(names("Grüße", all), "ISO-8859-1 ISO-8859-2 ISO-8859-15 windows-1252");
        // ISO-8859-1 has no euro sign, whatever the web says.
        assert_eq!(names("5 €", all), "ISO-8859-15 windows-1252 EUC-KR");
        assert_eq!(names("Привет", all), "KOI8-R ISO-2022-JP GB2312 EUC-KR");
        assert_eq!(names("会議", all), "ISO-2022-JP");
        assert_eq!(names("😀", all), "");
        assert_eq!(names("ü", "UTF-8"), "");
        assert_eq!(names("ü", "\"ISO-8859-1\""), "ISO-8859-1");
        assert_eq!(names("ü", ""), "");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (name, text) in
            [("ISO-8859-1", "ü"), ("ISO-2022-JP", "会議"), ("KOI8-R", "Ж"), ("Shift_JIS", "請"), ("Big5", "會")]
        {
            let charset = SearchCharset::of(name).unwrap();
            assert_eq!(charset.charset.decode(&charset.encode(text).unwrap()), text, "{name}");
        }
        assert_eq!(SearchCharset::of("ISO-8859-1").unwrap().encode("ü").unwrap(), [0xfc]);
    }
}
