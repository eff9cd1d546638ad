//! Writes a [`Query`] as the keys of SEARCH (RFC 9051 §6.4.4). It must not know the rest of the command.

use std::fmt::{self, Write};

use super::encode::{Line, date};
use crate::imap::types::{Key, Query, SearchCharset};
use crate::text::mutf7;
use crate::{Error, Flag, Result};

/// How deep keys may be nested. Servers have limits too, and a deeper query is a mistake.
const DEEPEST: usize = 50;

impl Line {
    /// Adds the keys of SEARCH. Texts that are not ASCII are written as UTF-8; the command must name that charset before them.
    ///
    /// ```
    /// # use postroom::imap::{Query, codec::encode::{Line, Segment}};
    /// let line = Line::new("UID SEARCH").query(&Query::unseen().and(Query::from("anna")))?;
    /// assert_eq!(line.finish(), [Segment::Text("UID SEARCH UNSEEN FROM \"anna\"\r\n".into())]);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a NUL in a text, a name that is not a valid header field name, a flag that a client must
    /// not send, a year without four digits, or keys that are nested more than 50 deep.
    pub fn query(self, query: &Query) -> Result<Self> {
        self.query_in(query, None)
    }

    /// The same, with texts in another charset than UTF-8, which holds them.
    pub(crate) fn query_in(self, query: &Query, charset: Option<&SearchCharset>) -> Result<Self> {
        match &query.0 {
            Key::And(keys) if !keys.is_empty() => keys.iter().try_fold(self, |line, key| line.key(key, charset, 0)),
            key => self.key(key, charset, 0),
        }
    }

    fn key(self, key: &Key, charset: Option<&SearchCharset>, depth: usize) -> Result<Self> {
        if depth > DEEPEST {
            return Err(Error::input("the query is nested more than 50 deep"));
        }
        match key {
            Key::Bare(name) => self.atom(name),
            Key::Saved(_) => Ok(self.checked("$")),
            Key::Text(name, text) => self.atom(name)?.text_in(text, charset),
            Key::Header(field, text) => self.atom("HEADER")?.field(field)?.text_in(text, charset),
            Key::Keyword(flag) => self.flag_key(flag),
            Key::Date(name, day) => self.atom(name)?.atom(&date(*day)?),
            Key::Size(name, bytes) => Ok(self.atom(name)?.number(*bytes)),
            // There is no key for "no message"; no message is both.
            Key::Uids(uids) if uids.is_empty() => self.atom("SEEN")?.atom("UNSEEN"),
            Key::Uids(uids) => self.atom("UID")?.uids(uids),
            Key::Word(name, word) => self.atom(name)?.identifier(word),
            Key::Modseq(flag, least) => self.modseq_of(flag, *least),
            Key::Annotation(entry, attribute, text) => {
                self.atom("ANNOTATION")?.string(entry)?.string(attribute)?.text_in(text, charset)
            }
            Key::Label(label) => self.atom("X-GM-LABELS")?.string(mutf7::encode(label)),
            Key::ClientSide(_, key) => self.key(key, charset, depth + 1),
            Key::Fuzzy(key) => self.atom("FUZZY")?.one(key, charset, depth + 1),
            Key::Not(key) => self.atom("NOT")?.one(key, charset, depth + 1),
            Key::And(keys) if keys.is_empty() => self.atom("ALL"),
            Key::And(keys) => {
                self.list(|list| keys.iter().try_fold(list, |list, key| list.key(key, charset, depth + 1)))
            }
            Key::Or(keys) => self.any(keys, charset, depth),
        }
    }

    /// Exactly one key.
    fn one(self, key: &Key, charset: Option<&SearchCharset>, depth: usize) -> Result<Self> {
        match key {
            Key::Uids(uids) if uids.is_empty() => self.list(|list| list.key(key, charset, depth)),
            Key::ClientSide(_, key) => self.one(key, charset, depth),
            key => self.key(key, charset, depth),
        }
    }

    /// OR takes two keys. A longer list is split in half at each step, so that nesting stays shallow.
    fn any(self, keys: &[Key], charset: Option<&SearchCharset>, depth: usize) -> Result<Self> {
        match keys {
            [] => self.atom("ALL"),
            [key] => self.one(key, charset, depth + 1),
            keys => {
                let (left, right) = keys.split_at_checked(keys.len() / 2).unwrap_or((keys, &[]));
                self.atom("OR")?.any(left, charset, depth)?.any(right, charset, depth)
            }
        }
    }

    fn text_in(self, text: &str, charset: Option<&SearchCharset>) -> Result<Self> {
        match charset.map(|charset| charset.encode(text)) {
            None => self.string(text),
            Some(Some(bytes)) => self.string(bytes),
            Some(None) => Err(Error::input("a text of the search has characters that its charset lacks")),
        }
    }

    fn field(self, name: &str) -> Result<Self> {
        let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if valid { self.astring(name) } else { Err(Error::input(format!("{name:?} is not a header field name"))) }
    }

    /// Names of filters and identifiers of objects (RFC 5466 §3, RFC 8474 §7).
    fn identifier(self, word: &str) -> Result<Self> {
        match word.contains('/') || word.len() > 255 {
            true => Err(Error::input(format!("{word:?} cannot be searched for"))),
            false => self.atom(word),
        }
    }

    /// RFC 7162 §7: the entry is a quoted string, so the backslash of a flag is escaped.
    fn modseq_of(self, flag: &Flag, least: u64) -> Result<Self> {
        match flag.is_storable() {
            true => self.atom("MODSEQ")?.string(format!("/flags/{flag}"))?.atom("all").map(|line| line.number(least)),
            false => Err(Error::input(format!("the flag {:?} cannot be searched for", flag.as_str()))),
        }
    }

    /// A system flag has its own key (RFC 9051 §6.4.4), any other flag is a keyword.
    fn flag_key(self, flag: &Flag) -> Result<Self> {
        if !flag.is_storable() {
            return Err(Error::input(format!("the flag {:?} cannot be searched for", flag.as_str())));
        }
        match flag.as_str().strip_prefix('\\') {
            None => self.atom("KEYWORD")?.flag(flag),
            Some(_) => match SYSTEM.iter().find(|(known, _)| known == flag) {
                Some((_, key)) => self.atom(key),
                None => Err(Error::input(format!("the system flag {:?} has no search key", flag.as_str()))),
            },
        }
    }
}

const SYSTEM: [(Flag, &str); 5] = [
    (Flag::SEEN, "SEEN"),
    (Flag::ANSWERED, "ANSWERED"),
    (Flag::FLAGGED, "FLAGGED"),
    (Flag::DELETED, "DELETED"),
    (Flag::DRAFT, "DRAFT"),
];

/// The keys as they are written, but with texts always in quotes: for people.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Key::And(keys) => f.write_str(&keys.iter().map(shown).collect::<Vec<_>>().join(" ")),
            key => f.write_str(&shown(key)),
        }
    }
}

fn shown(key: &Key) -> String {
    let all = |keys: &[Key], between: &str| keys.iter().map(shown).collect::<Vec<_>>().join(between);
    match key {
        Key::Bare(name) => (*name).to_owned(),
        Key::Saved(_) => "$".to_owned(),
        Key::Text(name, text) => format!("{name} {text:?}"),
        Key::Header(field, text) => format!("HEADER {field} {text:?}"),
        Key::Keyword(flag) => format!("KEYWORD {}", flag.as_str()),
        Key::Date(name, day) => format!("{name} {}", date(*day).unwrap_or_else(|_| day.to_string())),
        Key::Size(name, bytes) => format!("{name} {bytes}"),
        Key::Uids(uids) => format!("UID {uids}"),
        Key::Word(name, word) => format!("{name} {word}"),
        Key::Modseq(flag, least) => format!("MODSEQ {:?} all {least}", format!("/flags/{flag}")),
        Key::Annotation(entry, attribute, text) => format!("ANNOTATION {entry:?} {attribute:?} {text:?}"),
        Key::Label(label) => format!("X-GM-LABELS {label:?}"),
        Key::ClientSide(_, key) => shown(key),
        Key::Fuzzy(key) => format!("FUZZY {}", shown(key)),
        Key::Not(key) => format!("NOT {}", shown(key)),
        Key::And(keys) => format!("({})", all(keys, " ")),
        Key::Or(keys) => {
            let mut text = "OR ".repeat(keys.len().saturating_sub(1));
            let _ = write!(text, "{}", all(keys, " "));
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Date, Month};

    use super::*;
    use crate::imap::codec::Segment;
    use crate::imap::types::{Uid, Uids};

    fn written(query: &Query) -> Result<String> {
        let mut text = String::new();
        for segment in Line::new("SEARCH").query(query)?.finish() {
            match segment {
                Segment::Text(bytes) => text += &String::from_utf8_lossy(&bytes),
                Segment::Literal { bytes, .. } => write!(text, "{{{}}}", String::from_utf8_lossy(&bytes)).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        Ok(text.strip_prefix("SEARCH ").unwrap().trim_end().to_owned())
    }

    #[test]
    fn keys_are_those_of_the_rfc() {
        let day = Date::from_calendar_date(1994, Month::February, 1).unwrap();
        let query = Query::flagged().and(Query::since(day)).and(!Query::from("Smith"));
        assert_eq!(written(&query).unwrap(), "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"");
        let nested = Query::seen().and(Query::draft()).or(Query::larger(5)).or(!Query::uids(Uids::new()));
        assert_eq!(written(&nested).unwrap(), "OR (SEEN DRAFT) OR LARGER 5 NOT (SEEN UNSEEN)");
        assert_eq!(written(&Query::flag(Flag::FORWARDED)).unwrap(), "KEYWORD $Forwarded");
        assert_eq!(written(&Query::flag(Flag::SEEN)).unwrap(), "SEEN");
        assert_eq!(written(&Query::header("List-Id", "")).unwrap(), "HEADER List-Id \"\"");
        assert_eq!(written(&Query::uids(Uid::nonzero(7).unwrap())).unwrap(), "UID 7");
        assert_eq!(written(&Query::all().and(Query(Key::And(Vec::new())))).unwrap(), "ALL");
        assert_eq!(written(&Query(Key::Not(Box::new(Key::And(Vec::new()))))).unwrap(), "NOT ALL");
    }

    #[test]
    fn keys_of_extensions_are_those_of_their_rfcs() {
        let day = Date::from_calendar_date(2026, Month::March, 1).unwrap();
        let seconds = std::num::NonZeroU32::new(60).unwrap();
        let uid = Uid::nonzero(7).unwrap();
        for (query, expected) in [
            (Query::older(seconds).and(Query::younger(seconds)), "OLDER 60 YOUNGER 60"),
            (Query::saved().or(Query::recent()), "OR $ RECENT"),
            (Query::subject("a").and(Query::seen()).fuzzy(), "FUZZY (SUBJECT \"a\" SEEN)"),
            (Query::modseq(9), "MODSEQ 9"),
            (Query::modseq_of(Flag::DRAFT, 62), "MODSEQ \"/flags/\\\\Draft\" all 62"),
            (Query::filter("on-the-road"), "FILTER on-the-road"),
            (Query::email_id("M6d99").and(Query::thread_id("T1")), "EMAILID M6d99 THREADID T1"),
            (Query::saved_before(day), "SAVEDBEFORE 1-Mar-2026"),
            (Query::saved_on(day).and(Query::saved_since(day)), "SAVEDON 1-Mar-2026 SAVEDSINCE 1-Mar-2026"),
            (Query::save_date_supported(), "SAVEDATESUPPORTED"),
            (Query::uid_after(uid).and(Query::uid_before(uid)), "UIDAFTER 7 UIDBEFORE 7"),
            (Query::annotation("/comment", "value", "x"), "ANNOTATION \"/comment\" \"value\" \"x\""),
            (Query::gmail("has:attachment \"x\""), "X-GM-RAW \"has:attachment \\\"x\\\"\""),
            (Query::gmail_label("für"), "X-GM-LABELS \"f&APw-r\""),
            (Query::gmail_message_id(1).and(Query::gmail_thread_id(2)), "X-GM-MSGID 1 X-GM-THRID 2"),
        ] {
            assert_eq!(written(&query).unwrap(), expected);
        }
        for query in [Query::filter("a/b"), Query::filter(""), Query::email_id("a b"), Query::thread_id("a\r\n")] {
            assert_eq!(written(&query).unwrap_err().kind(), crate::Kind::Input);
        }
    }

    #[test]
    fn texts_cannot_break_out() {
        assert_eq!(written(&Query::subject("a\" SEEN")).unwrap(), "SUBJECT \"a\\\" SEEN\"");
        assert_eq!(written(&Query::subject("a\r\nb")).unwrap(), "SUBJECT {a\r\nb}");
        assert_eq!(written(&Query::subject("für {5}")).unwrap(), "SUBJECT {für {5}}");
        for query in
            [Query::body("a\0"), Query::header("a b", "x"), Query::header("a\r\nb", "x"), Query::header("", "")]
        {
            assert_eq!(written(&query).unwrap_err().kind(), crate::Kind::Input);
        }
    }

    #[test]
    fn many_alternatives_do_not_stand_deep_in_each_other() {
        let many = (0..1000).fold(Query::draft(), |query, _| query.or(Query::seen()));
        let text = written(&many).unwrap();
        assert_eq!(text.matches("OR ").count(), 1000);
        let deep = (0..100).fold(Query::seen(), |query, _| !(query.and(Query::draft())));
        assert_eq!(written(&deep).unwrap_err().kind(), crate::Kind::Input);
    }

    #[test]
    fn keys_stand_50_deep_in_keys_and_no_deeper() {
        let within = |wrap: fn(Query) -> Query, depth| (0..depth).fold(Query::seen(), |query, _| wrap(query));
        for (wrap, most) in [
            ((|query: Query| Query(Key::Not(Box::new(query.0)))) as fn(Query) -> Query, 50),
            (|query| Query(Key::Or(vec![query.0])), 50),
            (|query| Query(Key::Fuzzy(Box::new(query.0))), 50),
            // The first of them is the command's own list of keys.
            (|query| Query(Key::And(vec![query.0])), 51),
        ] {
            assert!(written(&within(wrap, most)).is_ok());
            assert_eq!(written(&within(wrap, most + 1)).unwrap_err().kind(), crate::Kind::Input);
        }
    }

    #[test]
    fn a_name_has_255_bytes_at_most() {
        assert!(written(&Query::filter("x".repeat(255))).is_ok());
        assert_eq!(written(&Query::filter("x".repeat(256))).unwrap_err().kind(), crate::Kind::Input);
    }

    proptest! {
        #[test]
        fn whatever_the_text_there_is_one_line(text in any::<String>()) {
            let query = Query::subject(text.clone()).or(Query::header("X", text.clone()));
            match Line::new("SEARCH").query(&query) {
                Err(_) => prop_assert!(text.contains('\0')),
                Ok(line) => for segment in line.finish() {
                    if let Segment::Text(bytes) = segment {
                        let inner = bytes.strip_suffix(b"\r\n").unwrap_or(&bytes);
                        prop_assert!(!inner.contains(&b'\r') && !inner.contains(&b'\n') && inner.is_ascii());
                    }
                }
            }
        }
    }
}
