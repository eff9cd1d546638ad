//! Annotations of messages (RFC 5257): what a mailbox supports, and [`Annotation`], a view of one entry. It must not know which
//! entries a server has. (Annotations of mailboxes are in `metadata.rs`.)

use super::tape::{Record, span, str_of};
use super::text::Str;

/// Whether the messages of a mailbox can have annotations: the code `ANNOTATIONS` (RFC 5257 §4.1.1).
///
/// ```
/// use postroom::imap::{AnnotationSize, ResponseCode, codec::text};
///
/// let condition = text::untagged(b"* OK [ANNOTATIONS 20480 NOPRIVATE] Up to 20 KiB\r\n")?;
/// let Some(ResponseCode::Annotations(support)) = condition.code else { panic!("no annotations") };
/// assert_eq!((support.size, support.no_private), (AnnotationSize::UpTo(20480), true));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AnnotationSupport {
    /// How large an annotation can be.
    pub size: AnnotationSize,
    /// Whether the mailbox has shared annotations only, no private ones.
    pub no_private: bool,
}

/// The largest annotation that a mailbox accepts.
///
/// ```
/// use postroom::imap::AnnotationSize;
///
/// fn is_writable(size: AnnotationSize) -> bool {
///     matches!(size, AnnotationSize::UpTo(_))
/// }
/// assert!(is_writable(AnnotationSize::UpTo(20480)) && !is_writable(AnnotationSize::ReadOnly));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AnnotationSize {
    /// The mailbox has no annotations.
    Unsupported,
    /// Annotations can be read but not written.
    ReadOnly,
    /// The largest annotation that can be written, in octets.
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
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (ANNOTATION (/comment (value.priv \"Call back\" value.shared NIL)))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let comment = message.annotations().next().unwrap();
/// assert_eq!(comment.entry(), "/comment");
/// assert_eq!(comment.value("value.priv").unwrap(), "Call back");
/// ```
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

    /// The attributes, such as `value.priv`, with their values; `None` if an attribute has no value. There are no attributes if the
    /// server only reports that the entry changed.
    pub fn attributes(self) -> impl Iterator<Item = (Str<'a>, Option<Str<'a>>)> {
        let pairs = self.words.get(2..).unwrap_or_default().chunks_exact(4);
        let string = move |words, at| str_of(self.record, span(words, at));
        pairs.map(move |pair| (string(pair, 0).unwrap_or(Str::EMPTY), string(pair, 2)))
    }

    /// The value of the attribute with this name, in any letter case.
    pub fn value(self, attribute: &str) -> Option<Str<'a>> {
        self.attributes().find(|(name, _)| name.bytes().eq_ignore_ascii_case(attribute.as_bytes()))?.1
    }
}
