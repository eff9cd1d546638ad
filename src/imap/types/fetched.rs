//! What a server sent about one message: a view of a shared tape, cheap to clone. Its accessors cannot fail, since the codec
//! validated everything. It must not know the wire, nor who asked.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use time::OffsetDateTime;

use super::address::Address;
use super::annotation::Annotation;
use super::date;
use super::envelope::Envelope;
use super::fetch_items::fetch_items;
use super::section::Section;
use super::structure::{BodyStructure, Strings};
use super::tape::envelope::FIELDS;
use super::tape::{HEAD, Item, NONE, Record, Span, Tape, number, reason, span, str_of, word};
use super::text::Str;
use super::uid::{SeqNum, Uid};
use crate::defect::{Defect, Reason};
use crate::flags::Flags;
use crate::judge::Verdict;

/// One message of a FETCH response (RFC 9051 §7.5.2): the items that were asked for, or data that the server sends on its own.
///
/// An accessor returns `None` or an empty iterator if the response does not contain its item. Values are slices of the received bytes,
/// so a message costs no allocation and no copy. It keeps alive the whole block that was read with it, which may hold other messages;
/// [`detach`](Self::detach) copies a message that you want to keep for long.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 12 FETCH (UID 40 FLAGS (\\Seen) RFC822.SIZE 5 BODY[] {5}\r\nhello)\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// assert_eq!(message.uid().map(u32::from), Some(40));
/// assert_eq!((message.size(), &message.body().unwrap()[..]), (Some(5), &b"hello"[..]));
/// assert!(message.envelope().is_none() && message.defects().next().is_none());
/// ```
#[derive(Clone)]
pub struct Fetched {
    tape: Arc<Tape>,
    at: u32,
}

/// One section of a message: the answer to `BODY[..]`, `BINARY[..]` or `RFC822` (RFC 9051 §7.5.2).
///
/// ```
/// use postroom::imap::{Section, codec::fetched};
///
/// let line = b"* 1 FETCH (BODY[HEADER]<0> {6}\r\nA: b\r\n)\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let header = message.section(&Section::HEADER).unwrap();
/// assert_eq!((header.name().as_ref(), header.origin()), ("HEADER", Some(0)));
/// assert_eq!(&header.bytes().unwrap()[..], b"A: b\r\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FetchedSection<'a> {
    record: Record<'a>,
    block: &'a Bytes,
    name: Span,
    origin: u32,
    value: Span,
}

/// The type of a value that is read in this way, and the method that finds it.
macro_rules! value {
    (type flags) => { Flags<'_> };
    (type date) => { OffsetDateTime };
    (type number) => { u64 };
    (type number_in_parentheses) => { u64 };
    (type envelope) => { Envelope<'_> };
    (type structure) => { BodyStructure<'_> };
    (type string_in_parentheses) => { Str<'_> };
    (type preview) => { Str<'_> };
    (type labels) => { Strings<'_> };
    ($fetched:ident flags $item:expr) => { $fetched.read_flags($item) };
    ($fetched:ident date $item:expr) => { $fetched.read_date($item) };
    ($fetched:ident number $item:expr) => { $fetched.read_number($item) };
    ($fetched:ident number_in_parentheses $item:expr) => { $fetched.read_number($item) };
    ($fetched:ident envelope $item:expr) => { $fetched.read_envelope($item) };
    ($fetched:ident structure $item:expr) => { $fetched.read_structure($item) };
    ($fetched:ident string_in_parentheses $item:expr) => { $fetched.read_string($item) };
    ($fetched:ident preview $item:expr) => { $fetched.read_string($item) };
    ($fetched:ident labels $item:expr) => { $fetched.read_strings($item) };
}

macro_rules! accessors {
    ($($what:literal $adds:literal $constant:ident $method:ident $kind:ident $name:literal $read:ident $(, $has:ident)?;)*) => {
        impl Fetched {
            $(
                #[doc = $what]
                pub fn $method(&self) -> Option<value!(type $read)> {
                    value!(self $read Item::$kind)
                }
            )*
        }
    };
}

fetch_items!(accessors);

impl Fetched {
    pub(crate) fn new(tape: Arc<Tape>, at: u32) -> Self {
        Self { tape, at }
    }

    /// The unique identifier; `None` if the server named the message by its sequence number only.
    pub fn uid(&self) -> Option<Uid> {
        self.words(Item::Uid).and_then(|words| Uid::nonzero(word(words, 0)))
    }

    /// The message sequence number at the moment of the response; `None` if the server sends UIDs instead (RFC 9586).
    pub fn seq(&self) -> Option<SeqNum> {
        SeqNum::nonzero(self.record().word(2))
    }

    /// The bytes of the whole message (`BODY[]`, `RFC822` or `BINARY[]`), as a slice of the received bytes.
    pub fn body(&self) -> Option<Bytes> {
        let whole = self.sections().find(|found| found.origin().is_none() && found.is(&Section::WHOLE));
        whole.and_then(|section| section.bytes())
    }

    /// This section, however the server spells its name.
    pub fn section(&self, section: &Section) -> Option<FetchedSection<'_>> {
        self.sections().find(|found| found.is(section))
    }

    /// All sections in this response.
    pub fn sections(&self) -> impl Iterator<Item = FetchedSection<'_>> {
        let (record, block) = (self.record(), &self.tape.block);
        self.of_kind(Item::Section).map(move |words| FetchedSection {
            record,
            block,
            name: span(words, 0),
            origin: word(words, 2),
            value: span(words, 3),
        })
    }

    /// The size in octets of this part without its transfer encoding (`BINARY.SIZE[..]`, RFC 3516).
    pub fn binary_size(&self, part: &Section) -> Option<u64> {
        let mut sizes = self.of_kind(Item::BinarySize);
        sizes.find_map(|words| size_of(words).filter(|_| part.is_called(span(words, 0).range_in(self.record()))))
    }

    /// The sizes of all parts in this response after decoding, in bytes, each with the part's number.
    pub fn binary_sizes(&self) -> impl Iterator<Item = (Cow<'_, str>, u64)> {
        let record = self.record();
        let name = move |words| String::from_utf8_lossy(span(words, 0).range_in(record));
        self.of_kind(Item::BinarySize).filter_map(move |words| Some((name(words), size_of(words)?)))
    }

    /// The message's annotations (RFC 5257).
    pub fn annotations(&self) -> impl Iterator<Item = Annotation<'_>> {
        let record = self.record();
        let names = self.of_kind(Item::AnnotationNames).flat_map(|words| words.chunks_exact(2));
        self.of_kind(Item::Annotation).chain(names).map(move |words| Annotation::new(record, words))
    }

    /// Attributes that this crate does not know: name and value as received.
    pub fn unknown(&self) -> impl Iterator<Item = (Cow<'_, str>, &[u8])> {
        let record = self.record();
        self.of_kind(Item::Unknown)
            .map(move |words| (String::from_utf8_lossy(record.slice(span(words, 0))), record.slice(span(words, 2))))
    }

    /// What is wrong with this response: values that could not be read, were skipped or are missing, and a whole message that is empty
    /// or does not have the size that the same response declares. All other values are complete.
    pub fn defects(&self) -> impl Iterator<Item = Defect> {
        let (record, block) = (self.record(), &self.tape.block);
        let read = self.of_kind(Item::Defect).map(move |words| {
            let name = String::from_utf8_lossy(record.slice(span(words, 3)));
            let field = (word(words, 7) as usize).checked_sub(1).and_then(|field| FIELDS.get(field));
            match (reason(word(words, 0), number(words, 1)), field) {
                // A missing value without a name is the message itself.
                (Reason::Missing, None) if name.is_empty() => Defect::Missing,
                (Reason::TooLarge(size), None) => Defect::TooLarge { size },
                (reason, field) => Defect::Unreadable {
                    attribute: field.map_or_else(|| name.to_string(), |field| format!("{name} ({field})")),
                    reason,
                    raw: block.slice_ref(record.slice(span(words, 5))),
                },
            }
        });
        read.chain(self.judged())
    }

    /// The defect of the whole message in this response, if there is one.
    fn judged(&self) -> Option<Defect> {
        let whole = self.sections().find(|found| found.origin().is_none() && found.is(&Section::WHOLE))?;
        let received = (!whole.value.is_nil()).then(|| whole.bytes().map_or(0, |bytes| bytes.len() as u64));
        // BINARY[] decodes the parts, so its length differs from RFC822.SIZE.
        let declared = self.size().filter(|_| !whole.is_binary());
        Verdict::of(received, declared).defect()
    }

    /// The decoded subject; `None` if the response has no envelope or the envelope has no subject.
    pub fn subject(&self) -> Option<Cow<'_, str>> {
        self.envelope()?.subject().map(|subject| subject.decoded())
    }

    /// The first author; `None` if the response has no envelope or the envelope has no author.
    pub fn from(&self) -> Option<Address<'_>> {
        self.envelope()?.from().next()
    }

    /// The whole response as received, except for literals that were skipped.
    pub fn raw(&self) -> Bytes {
        self.tape.block.slice_ref(self.record().bytes)
    }

    /// The same message in its own memory, so that it no longer keeps alive the bytes that were read with it. Copies this message once.
    #[must_use]
    pub fn detach(&self) -> Self {
        let block = Bytes::copy_from_slice(self.record().bytes);
        Self { tape: Arc::new(Tape { block, words: self.detach_words() }), at: 0 }
    }

    /// Its words, for a block that contains only this message's bytes.
    pub(crate) fn detach_words(&self) -> Vec<u32> {
        let record = self.record();
        let mut words = record.words.to_vec();
        let length = u32::try_from(record.bytes.len()).unwrap_or(NONE);
        words.iter_mut().zip([0, length]).for_each(|(place, word)| *place = word);
        words
    }

    /// The memory that it keeps alive, in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.tape.block.len() + 4 * self.tape.words.len()
    }

    fn read_flags(&self, item: Item) -> Option<Flags<'_>> {
        let record = self.record();
        record.item(item).map(|(_, words)| {
            let list = span(words, 0);
            match list.is_nil() {
                true => {
                    Flags::odd(words.as_chunks().0.iter().skip(1).map(|words: &[u32; 2]| record.slice(span(words, 0))))
                }
                false => Flags::list(record.slice(list)),
            }
        })
    }

    fn read_envelope(&self, item: Item) -> Option<Envelope<'_>> {
        let record = self.record();
        record.item(item).map(|(at, _)| Envelope::new(record, at))
    }

    fn read_structure(&self, item: Item) -> Option<BodyStructure<'_>> {
        let record = self.record();
        record.item(item).map(|(at, _)| BodyStructure::new(record, record.word(at)))
    }

    fn read_strings(&self, item: Item) -> Option<Strings<'_>> {
        let record = self.record();
        record.item(item).map(|(at, words)| Strings::new(record, at, words.len()))
    }

    #[inline]
    fn record(&self) -> Record<'_> {
        self.tape.record(self.at)
    }

    #[inline]
    fn words(&self, item: Item) -> Option<&[u32]> {
        self.record().item(item).map(|(_, words)| words)
    }

    fn of_kind(&self, item: Item) -> impl Iterator<Item = &[u32]> {
        self.record().items().filter(move |&(kind, _, _)| kind == item as u32).map(|(_, _, words)| words)
    }

    fn read_number(&self, item: Item) -> Option<u64> {
        self.words(item).filter(|words| !words.is_empty()).map(|words| number(words, 0))
    }

    fn read_string(&self, item: Item) -> Option<Str<'_>> {
        let words = self.words(item)?;
        str_of(self.record(), span(words, 0))
    }

    fn read_date(&self, item: Item) -> Option<OffsetDateTime> {
        self.words(item).and_then(|words| date::unpack([word(words, 0), word(words, 1), word(words, 2)]))
    }
}

/// The number after a section's name, if there is one.
fn size_of(words: &[u32]) -> Option<u64> {
    (words.len() > 2).then(|| number(words, 2))
}

impl FetchedSection<'_> {
    /// The text between the brackets, such as `1.2` or `HEADER.FIELDS (TO)`; empty for the whole message.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.name.range_in(self.record))
    }

    /// The whole name of the attribute as the server wrote it, such as `BODY[TEXT]<0>` or `RFC822.HEADER`.
    pub fn attribute(&self) -> Cow<'_, str> {
        let (bytes, inside) = (self.record.bytes, self.name.range());
        let head = bytes.get(..inside.end).unwrap_or_default();
        let start = head.get(..inside.start).unwrap_or_default();
        let start = start.iter().rposition(|byte| b" (".contains(byte)).map_or(0, |at| at + 1);
        let rest = bytes.get(inside.end..).unwrap_or_default();
        let tail = match rest {
            [b']', b'<', ..] => memchr::memchr(b'>', rest).map_or(1, |at| at + 1),
            [b']', ..] => 1,
            _ => 0,
        };
        String::from_utf8_lossy(bytes.get(start..inside.end + tail).unwrap_or_default())
    }

    /// Which section it is; `None` if the server's name for it is not a `section-spec` of RFC 9051 §9.
    pub fn section(&self) -> Option<Section> {
        Section::from_wire(&self.name())
    }

    /// Whether this is that section, in any spelling. Usually does not allocate.
    pub(crate) fn is(&self, section: &Section) -> bool {
        section.is_called(self.name.range_in(self.record))
    }

    /// Whether the server has removed the transfer encoding (`BINARY`).
    pub(crate) fn is_binary(&self) -> bool {
        self.attribute().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("BINARY"))
    }

    /// The offset of the bytes within the section, if only a range of it was asked for.
    pub fn origin(&self) -> Option<u32> {
        (self.origin != NONE).then_some(self.origin)
    }

    /// The bytes; `None` if the server sent NIL. They are a slice of the received bytes, or a copy if the server sent a quoted string
    /// with backslashes.
    pub fn bytes(&self) -> Option<Bytes> {
        if self.value.is_escaped() {
            return str_of(self.record, self.value).map(|value| Bytes::from(value.bytes().into_owned()));
        }
        (!self.value.is_nil()).then(|| self.block.slice_ref(self.record.slice(self.value)))
    }
}

impl Span {
    fn range_in(self, record: Record<'_>) -> &[u8] {
        record.slice(self)
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let defects: Vec<_> = self.defects().collect();
        f.debug_struct("Fetched")
            .field("uid", &self.uid())
            .field("seq", &self.seq())
            .field("flags", &self.flags())
            .field("subject", &self.subject())
            .field("defects", &defects)
            .field("words", &(self.record().words.len().saturating_sub(HEAD)))
            .finish_non_exhaustive()
    }
}
