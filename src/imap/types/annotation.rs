//! Annotations of messages (RFC 5257): what a mailbox can have, and [`Annotation`], a view of one entry. It must not know which
//! entries a server has. (Annotations of mailboxes are in `metadata.rs`.)

use super::envelope::str_of;
use super::tape::{Record, span};
use super::text::Str;

/// Whether the messages of a mailbox can have annotations: the code `ANNOTATIONS` (RFC 5257 §4.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AnnotationSupport {
    /// How large.
    pub size: AnnotationSize,
    /// Whether all of them are shared: there are no private ones.
    pub no_private: bool,
}

/// How large an annotation can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AnnotationSize {
    /// There are none.
    Unsupported,
    /// There are some, and none can be written.
    ReadOnly,
    /// At most that many octets.
    UpTo(u64),
}

impl AnnotationSupport {
    /// The form on the wire.
    pub(crate) fn data(self) -> String {
        let size = match self.size {
            AnnotationSize::Unsupported => "NONE".to_owned(),
            AnnotationSize::ReadOnly => "READ-ONLY".to_owned(),
            AnnotationSize::UpTo(octets) => octets.to_string(),
        };
        if self.no_private { size + " NOPRIVATE" } else { size }
    }
}

/// One entry of a message's annotations, such as `/comment`, with its attributes (RFC 5257 §4.3).
#[derive(Clone, Copy, Debug)]
pub struct Annotation<'a> {
    record: Record<'a>,
    /// The entry's span, and the spans of its attributes' names and values.
    words: &'a [u32],
}

impl<'a> Annotation<'a> {
    pub(crate) fn new(record: Record<'a>, words: &'a [u32]) -> Self {
        Self { record, words }
    }

    /// The entry's name.
    pub fn entry(self) -> Str<'a> {
        str_of(self.record, span(self.words, 0)).unwrap_or(Str::EMPTY)
    }

    /// The attributes, such as `value.priv`, with their values; `None` where one has none. Without any the server only tells
    /// that the entry has changed.
    pub fn attributes(self) -> impl Iterator<Item = (Str<'a>, Option<Str<'a>>)> {
        let pairs = self.words.get(2..).unwrap_or_default().chunks_exact(4);
        let string = move |words, at| str_of(self.record, span(words, at));
        pairs.map(move |pair| (string(pair, 0).unwrap_or(Str::EMPTY), string(pair, 2)))
    }

    /// The value of that attribute.
    pub fn value(self, attribute: &str) -> Option<Str<'a>> {
        self.attributes().find(|(name, _)| name.bytes().eq_ignore_ascii_case(attribute.as_bytes()))?.1
    }
}
