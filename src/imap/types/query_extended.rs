//! What extensions let a [`Query`] look for, one function each. It must not know how a key is written, nor which of them a server
//! has: one that has not answers BAD or NO.

use std::num::NonZeroU32;

use time::Date;

use super::metadata::EntryName;
use super::query::{Key, Query};
use super::uid::Uid;
use crate::Flag;

/// What only servers with the extension named understand.
impl Query {
    /// Messages that have come since the mailbox was last selected by anybody (RFC 3501 §6.4.4; gone in RFC 9051).
    pub fn recent() -> Self {
        Self(Key::Bare("RECENT"))
    }

    /// Messages that arrived longer ago than so many seconds (`WITHIN`, RFC 5032).
    pub fn older(seconds: NonZeroU32) -> Self {
        Self(Key::Size("OLDER", seconds.get().into()))
    }

    /// Messages that arrived within so many seconds (`WITHIN`, RFC 5032).
    pub fn younger(seconds: NonZeroU32) -> Self {
        Self(Key::Size("YOUNGER", seconds.get().into()))
    }

    /// What the last search found that was asked to [save](super::SearchReturn::save) it: `$` (`SEARCHRES`, RFC 5182).
    pub fn saved() -> Self {
        Self(Key::Bare("$"))
    }

    /// Messages that match nearly (`SEARCH=FUZZY`, RFC 6203).
    pub fn fuzzy(self) -> Self {
        Self(Key::Fuzzy(Box::new(self.0)))
    }

    /// Messages whose modification sequence is that or higher (`CONDSTORE`, RFC 7162 §3.1.5).
    pub fn modseq(least: u64) -> Self {
        Self(Key::Size("MODSEQ", least))
    }

    /// Messages of which this flag was changed at that modification sequence or later (`CONDSTORE`, RFC 7162 §3.1.5).
    pub fn modseq_of(flag: Flag, least: u64) -> Self {
        Self(Key::Modseq(flag, least))
    }

    /// Messages that this filter finds, by its name on the server (`FILTERS`, RFC 5466).
    pub fn filter(name: impl Into<String>) -> Self {
        Self(Key::Word("FILTER", name.into()))
    }

    /// Messages with that identifier (`OBJECTID`, RFC 8474).
    pub fn email_id(id: impl Into<String>) -> Self {
        Self(Key::Word("EMAILID", id.into()))
    }

    /// Messages of the thread with that identifier (`OBJECTID`, RFC 8474).
    pub fn thread_id(id: impl Into<String>) -> Self {
        Self(Key::Word("THREADID", id.into()))
    }

    /// Messages saved in the mailbox before that day (`SAVEDATE`, RFC 8514).
    pub fn saved_before(day: Date) -> Self {
        Self(Key::Date("SAVEDBEFORE", day))
    }

    /// Messages saved in the mailbox on that day (`SAVEDATE`, RFC 8514).
    pub fn saved_on(day: Date) -> Self {
        Self(Key::Date("SAVEDON", day))
    }

    /// Messages saved in the mailbox on that day or later (`SAVEDATE`, RFC 8514).
    pub fn saved_since(day: Date) -> Self {
        Self(Key::Date("SAVEDSINCE", day))
    }

    /// All messages of a mailbox that keeps the dates of saving, none of another (`SAVEDATE`, RFC 8514).
    pub fn save_date_supported() -> Self {
        Self(Key::Bare("SAVEDATESUPPORTED"))
    }

    /// Messages with a higher UID (`MESSAGELIMIT`, RFC 9738).
    pub fn uid_after(uid: Uid) -> Self {
        Self(Key::Size("UIDAFTER", u32::from(uid).into()))
    }

    /// Messages with a lower UID (`MESSAGELIMIT`, RFC 9738).
    pub fn uid_before(uid: Uid) -> Self {
        Self(Key::Size("UIDBEFORE", u32::from(uid).into()))
    }

    /// Messages with that text in an annotation: the entry may hold `*` and `%`, and the attribute is such as `value.priv`
    /// (`ANNOTATE-EXPERIMENT-1`, RFC 5257 §4.6).
    pub fn annotation(entry: impl Into<String>, attribute: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Key::Annotation(entry.into(), attribute.into(), text.into()))
    }

    /// As [`annotation`](Self::annotation), of one entry's `value`.
    pub fn annotated(entry: &EntryName, text: impl Into<String>) -> Self {
        Self::annotation(entry.as_str(), "value", text)
    }

    /// What Gmail's own search finds (`X-GM-EXT-1`).
    pub fn gmail(search: impl Into<String>) -> Self {
        Self(Key::Text("X-GM-RAW", search.into()))
    }

    /// Messages with that label of Gmail's (`X-GM-EXT-1`).
    pub fn gmail_label(label: impl Into<String>) -> Self {
        Self(Key::Label(label.into()))
    }

    /// The message with that number of Gmail's (`X-GM-EXT-1`).
    pub fn gmail_message_id(id: u64) -> Self {
        Self(Key::Size("X-GM-MSGID", id))
    }

    /// Messages of the thread with that number of Gmail's (`X-GM-EXT-1`).
    pub fn gmail_thread_id(id: u64) -> Self {
        Self(Key::Size("X-GM-THRID", id))
    }
}
