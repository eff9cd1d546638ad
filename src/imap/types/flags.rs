//! The flags of one message: a view of a tape. Flags to send are `Flag`s; this only reads. It must not know the wire.

use std::borrow::Cow;
use std::fmt;

use super::tape::{Record, span};

/// The flags of one message (RFC 9051 §2.3.2), as the server wrote them. Compared without regard to ASCII letter case.
#[derive(Clone, Copy)]
pub struct Flags<'a> {
    /// The list as it came.
    list: &'a [u8],
    /// Where each is, if they are no plain list.
    spans: &'a [[u32; 2]],
    bytes: &'a [u8],
}

impl<'a> Flags<'a> {
    pub(crate) fn new(record: Record<'a>, words: &'a [u32]) -> Self {
        let list = span(words, 0);
        let spans = if list.is_nil() { words.as_chunks().0.get(1..) } else { None };
        Self { list: record.slice(list), spans: spans.unwrap_or_default(), bytes: record.bytes }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes().next().is_none()
    }

    /// Each flag, with U+FFFD for what is not UTF-8.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        // Much quicker than `from_utf8_lossy` for what has nothing to be replaced.
        self.bytes().map(|flag| std::str::from_utf8(flag).map_or_else(|_| String::from_utf8_lossy(flag), Cow::Borrowed))
    }

    /// Whether that flag is among them, such as `\Seen` or `$Junk`.
    pub fn contains(&self, flag: &str) -> bool {
        self.bytes().any(|found| found.eq_ignore_ascii_case(flag.as_bytes()))
    }

    /// `\Seen`: it was read.
    pub fn seen(&self) -> bool {
        self.contains("\\Seen")
    }

    /// `\Answered`: it was replied to.
    pub fn answered(&self) -> bool {
        self.contains("\\Answered")
    }

    /// `\Flagged`: it was marked.
    pub fn flagged(&self) -> bool {
        self.contains("\\Flagged")
    }

    /// `\Deleted`: it goes with the next expunge.
    pub fn deleted(&self) -> bool {
        self.contains("\\Deleted")
    }

    /// `\Draft`: it is not finished.
    pub fn draft(&self) -> bool {
        self.contains("\\Draft")
    }

    /// `\Recent`: this session is the first to be told of it (RFC 3501).
    pub fn recent(&self) -> bool {
        self.contains("\\Recent")
    }

    fn bytes(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let Self { list, spans, bytes } = *self;
        let record = Record { words: &[], bytes };
        let words = list.split(|&byte| byte == b' ').filter(|word| !matches!(*word, [] | [b'\\'] | [b'N', b'I', b'L']));
        words.chain(spans.iter().map(move |words| record.slice(span(words, 0))))
    }
}

impl fmt::Debug for Flags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
