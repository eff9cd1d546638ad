//! The search keys of extensions, one function each. It must not know how a key is written, nor which extensions a server has: a server
//! without the extension answers BAD or NO.

use std::num::NonZeroU32;

use time::Date;

use super::metadata::EntryName;
use super::query::{Key, Query};
use super::uid::Uid;
use crate::Flag;

/// Search keys that only servers with the named extension understand. Whether the server has it is not checked: one without it answers
/// BAD ([`Kind::Bad`](crate::Kind::Bad)).
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
}
