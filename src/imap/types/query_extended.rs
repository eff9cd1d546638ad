//! The search keys of extensions, one function each, and the extensions that a query needs. It must not know how a key is written, nor
//! which extensions a server has.

use std::num::NonZeroU32;

use time::Date;

use super::metadata::EntryName;
use super::query::{Key, Query};
use super::uid::Uid;
use crate::Flag;

/// What a key needs of the server.
pub(crate) struct Demand {
    /// The name of the key.
    pub(crate) key: &'static str,
    /// The capabilities of which the server must have one.
    pub(crate) capabilities: &'static [&'static str],
}

/// Keys of extensions, with the capabilities of which the server must have one. `UIDAFTER` and `UIDBEFORE` are missing: their
/// capability has a number (RFC 9738).
const DEMANDS: [(&str, &[&str]); 17] = [
    ("OLDER", &["WITHIN"]),
    ("YOUNGER", &["WITHIN"]),
    ("$", &["SEARCHRES", "IMAP4rev2"]),
    ("FUZZY", &["SEARCH=FUZZY"]),
    // RFC 7162 §3.2.3: QRESYNC implies CONDSTORE.
    ("MODSEQ", &["CONDSTORE", "QRESYNC"]),
    ("FILTER", &["FILTERS"]),
    ("EMAILID", &["OBJECTID"]),
    ("THREADID", &["OBJECTID"]),
    ("SAVEDBEFORE", &["SAVEDATE"]),
    ("SAVEDON", &["SAVEDATE"]),
    ("SAVEDSINCE", &["SAVEDATE"]),
    ("SAVEDATESUPPORTED", &["SAVEDATE"]),
    ("ANNOTATION", &["ANNOTATE-EXPERIMENT-1"]),
    ("X-GM-RAW", &["X-GM-EXT-1"]),
    ("X-GM-LABELS", &["X-GM-EXT-1"]),
    ("X-GM-MSGID", &["X-GM-EXT-1"]),
    ("X-GM-THRID", &["X-GM-EXT-1"]),
];

/// Search keys that only servers with the named extension understand. A search with one fails with
/// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, if the server does not announce the extension.
impl Query {
    /// Messages with `\Recent`: those that arrived since a session last selected the mailbox (RFC 3501 §6.4.4; removed in RFC 9051).
    pub fn recent() -> Self {
        Self(Key::Bare("RECENT"))
    }

    /// Messages that arrived at least this number of seconds ago (`WITHIN`, RFC 5032).
    pub fn older(seconds: NonZeroU32) -> Self {
        Self(Key::Size("OLDER", seconds.get().into()))
    }

    /// Messages that arrived within this number of seconds (`WITHIN`, RFC 5032).
    pub fn younger(seconds: NonZeroU32) -> Self {
        Self(Key::Size("YOUNGER", seconds.get().into()))
    }

    /// The result of the last search with [`SearchReturn::save`](super::SearchReturn::save): `$` (`SEARCHRES`, RFC 5182).
    pub fn saved() -> Self {
        Self(Key::Bare("$"))
    }

    /// Messages that match the query approximately (`SEARCH=FUZZY`, RFC 6203).
    pub fn fuzzy(self) -> Self {
        Self(Key::Fuzzy(Box::new(self.0)))
    }

    /// Messages whose modification sequence is `least` or higher (`CONDSTORE`, RFC 7162 §3.1.5).
    pub fn modseq(least: u64) -> Self {
        Self(Key::Size("MODSEQ", least))
    }

    /// Messages whose flag `flag` changed at the modification sequence `least` or later (`CONDSTORE`, RFC 7162 §3.1.5).
    pub fn modseq_of(flag: Flag, least: u64) -> Self {
        Self(Key::Modseq(flag, least))
    }

    /// Messages that match the filter with this name on the server (`FILTERS`, RFC 5466).
    pub fn filter(name: impl Into<String>) -> Self {
        Self(Key::Word("FILTER", name.into()))
    }

    /// Messages with this identifier (`OBJECTID`, RFC 8474).
    pub fn email_id(id: impl Into<String>) -> Self {
        Self(Key::Word("EMAILID", id.into()))
    }

    /// Messages in the thread with this identifier (`OBJECTID`, RFC 8474).
    pub fn thread_id(id: impl Into<String>) -> Self {
        Self(Key::Word("THREADID", id.into()))
    }

    /// Messages saved in the mailbox before this day (`SAVEDATE`, RFC 8514).
    pub fn saved_before(day: Date) -> Self {
        Self(Key::Date("SAVEDBEFORE", day))
    }

    /// Messages saved in the mailbox on this day (`SAVEDATE`, RFC 8514).
    pub fn saved_on(day: Date) -> Self {
        Self(Key::Date("SAVEDON", day))
    }

    /// Messages saved in the mailbox on this day or later (`SAVEDATE`, RFC 8514).
    pub fn saved_since(day: Date) -> Self {
        Self(Key::Date("SAVEDSINCE", day))
    }

    /// All messages if the mailbox keeps save dates, otherwise none (`SAVEDATE`, RFC 8514).
    pub fn save_date_supported() -> Self {
        Self(Key::Bare("SAVEDATESUPPORTED"))
    }

    /// Messages with a higher UID than this one (`MESSAGELIMIT`, RFC 9738).
    pub fn uid_after(uid: Uid) -> Self {
        Self(Key::Size("UIDAFTER", u32::from(uid).into()))
    }

    /// Messages with a lower UID than this one (`MESSAGELIMIT`, RFC 9738).
    pub fn uid_before(uid: Uid) -> Self {
        Self(Key::Size("UIDBEFORE", u32::from(uid).into()))
    }

    /// Messages with this text in an annotation (`ANNOTATE-EXPERIMENT-1`, RFC 5257 §4.6). The entry may contain the wildcards `*` and
    /// `%`; an attribute is for example `value.priv`.
    pub fn annotation(entry: impl Into<String>, attribute: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Key::Annotation(entry.into(), attribute.into(), text.into()))
    }

    /// Messages with this text in the `value` of one entry; see [`annotation`](Self::annotation).
    pub fn annotated(entry: &EntryName, text: impl Into<String>) -> Self {
        Self::annotation(entry.as_str(), "value", text)
    }

    /// Messages that match a search in Gmail's own syntax (`X-GM-EXT-1`).
    pub fn gmail(search: impl Into<String>) -> Self {
        Self(Key::Text("X-GM-RAW", search.into()))
    }

    /// Messages with this Gmail label (`X-GM-EXT-1`).
    pub fn gmail_label(label: impl Into<String>) -> Self {
        Self(Key::Label(label.into()))
    }

    /// The message with this Gmail identifier (`X-GM-EXT-1`).
    pub fn gmail_message_id(id: u64) -> Self {
        Self(Key::Size("X-GM-MSGID", id))
    }

    /// Messages in the thread with this Gmail identifier (`X-GM-EXT-1`).
    pub fn gmail_thread_id(id: u64) -> Self {
        Self(Key::Size("X-GM-THRID", id))
    }

    /// What it needs of the server beyond the base protocol.
    pub(crate) fn demands(&self) -> Vec<Demand> {
        let mut names = Vec::new();
        self.0.collect_names(&mut names);
        let demand =
            |&(key, capabilities): &(&'static str, _)| names.contains(&key).then_some(Demand { key, capabilities });
        DEMANDS.iter().filter_map(demand).collect()
    }
}

impl Key {
    /// The names of the keys of extensions among these.
    fn collect_names(&self, names: &mut Vec<&'static str>) {
        let own = match self {
            Self::Bare(name)
            | Self::Text(name, _)
            | Self::Date(name, _)
            | Self::Size(name, _)
            | Self::Word(name, _) => name,
            Self::Fuzzy(_) => "FUZZY",
            Self::Modseq(..) => "MODSEQ",
            Self::Annotation(..) => "ANNOTATION",
            Self::Label(_) => "X-GM-LABELS",
            Self::Saved(_) => "$",
            Self::Header(..)
            | Self::Keyword(_)
            | Self::Uids(_)
            | Self::Not(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::ClientSide(..) => "",
        };
        if DEMANDS.iter().any(|(key, _)| *key == own) && !names.contains(&own) {
            names.push(own);
        }
        match self {
            Self::Not(key) | Self::Fuzzy(key) | Self::ClientSide(_, key) => key.collect_names(names),
            Self::And(keys) | Self::Or(keys) => keys.iter().for_each(|key| key.collect_names(names)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_extensions_are_found_at_any_depth() {
        let needs = |query: Query| query.demands().iter().map(|demand| demand.key).collect::<Vec<_>>().join(" ");
        assert_eq!(needs(Query::from("a").and(Query::recent()).or(Query::larger(5))), "");
        let second = NonZeroU32::MIN;
        let deep = Query::seen().or(!(Query::older(second).and(Query::subject("x").fuzzy())).or(Query::saved()));
        assert_eq!(needs(deep.clone().and(deep)), "OLDER $ FUZZY");
        assert_eq!(
            needs(Query::gmail("x").and(Query::gmail_label("y")).and(Query::modseq(5))),
            "MODSEQ X-GM-RAW X-GM-LABELS"
        );
        assert_eq!(needs(Query::modseq_of(Flag::SEEN, 5).and(Query::annotation("/a", "b", "c"))), "MODSEQ ANNOTATION");
    }
}
