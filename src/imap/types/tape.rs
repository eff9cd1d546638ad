//! The record of parsed FETCH responses: a flat row of numbers with the position of each value in the received bytes. The codec writes
//! it in one pass, and the views read it. Only this file knows both sides. It must not know the grammar.

use bytes::Bytes;

use super::fetch_items::fetch_items;
use super::text::Str;
use crate::defect::Reason;

/// A message is `start, end, seq, words`, followed by its items in that number of words. An item is its [`Item`], the number of its
/// words, and the words. Offsets of bytes are relative to the message's frame and offsets of words to the message, so a message can be
/// moved without changes.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) block: Bytes,
    pub(crate) words: Vec<u32>,
}

/// The number of words before a message's items.
pub(crate) const HEAD: usize = 4;
/// Means "none" in a field in which every smaller number is a value.
pub(crate) const NONE: u32 = u32::MAX;
/// The longest frame that offsets can describe: [`Span::escaped`] uses one bit of a length.
pub(crate) const LONGEST: usize = (u32::MAX >> 1) as usize - 1;

const ESCAPED: u32 = 1 << 31;

macro_rules! kinds {
    ($($what:literal $adds:literal $constant:ident $method:ident $kind:ident $name:literal $read:ident $(, $has:ident)?;)*) => {
        /// The kind of an item. An item that was answered with NIL has no words, or a NIL span.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u32)]
        pub(crate) enum Item {
            /// uid
            Uid,
            $(
                #[doc = $what]
                $kind,
            )*
            /// name span, origin, value span
            Section,
            /// name span, low, high
            BinarySize,
            /// entry span, then name span and value span of each attribute
            Annotation,
            /// span of each entry
            AnnotationNames,
            /// name span, value span
            Unknown,
            /// reason, low, high, name span, value span, 1 + the field of an envelope or 0
            Defect,
        }
    };
}

// The words of these items, by the way in which they are read:
// flags: the span of the list; or a NIL span, and the span of each flag
// date: date, time, offset, as in `date.rs`
// number, number_in_parentheses: low, high
// envelope: as in [`envelope`]
// structure: the root's place, then the parts, as in [`part`]
// string_in_parentheses, preview: a span
// labels: the span of each label
fetch_items!(kinds);

/// The words of an envelope: four spans, then the end of each of the six address lists; addresses follow, four spans each.
pub(crate) mod envelope {
    pub(crate) const DATE: usize = 0;
    pub(crate) const SUBJECT: usize = 2;
    pub(crate) const IN_REPLY_TO: usize = 4;
    pub(crate) const MESSAGE_ID: usize = 6;
    pub(crate) const ENDS: usize = 8;
    pub(crate) const HEAD: usize = 14;
    pub(crate) const ADDRESS: usize = 8;
    /// The names of the fields in RFC 9051 §9, in their order.
    pub(crate) const FIELDS: [&str; 10] = [
        "env-date",
        "env-subject",
        "env-from",
        "env-sender",
        "env-reply-to",
        "env-to",
        "env-cc",
        "env-bcc",
        "env-in-reply-to",
        "env-message-id",
    ];
    /// An envelope without any field or address.
    pub(crate) static BLANK: [u32; HEAD] = {
        let (nil, end) = (super::NONE, HEAD as u32);
        [nil, nil, nil, nil, nil, nil, nil, nil, end, end, end, end, end, end]
    };
}

/// The words of one part of a body structure. `FIRST` and `NEXT` are places of parts, `ENVELOPE` is one of an envelope;
/// parameters and languages are given by place and count of words.
pub(crate) mod part {
    pub(crate) const KIND: usize = 0;
    /// What `KIND` is for a leaf of which no more is known.
    pub(crate) const BASIC: u32 = 0;
    /// The position among the parent's children, from 1.
    pub(crate) const ORDINAL: usize = 1;
    pub(crate) const PARENT: usize = 2;
    pub(crate) const NEXT: usize = 3;
    pub(crate) const FIRST: usize = 4;
    pub(crate) const TYPE: usize = 5;
    pub(crate) const SUBTYPE: usize = 7;
    pub(crate) const PARAMS: usize = 9;
    pub(crate) const DISPOSITION: usize = 11;
    pub(crate) const DISPOSITION_PARAMS: usize = 13;
    pub(crate) const LANGUAGE: usize = 15;
    pub(crate) const LOCATION: usize = 17;
    pub(crate) const ID: usize = 19;
    pub(crate) const DESCRIPTION: usize = 21;
    pub(crate) const ENCODING: usize = 23;
    pub(crate) const MD5: usize = 25;
    pub(crate) const SIZE: usize = 27;
    pub(crate) const LINES: usize = 29;
    pub(crate) const ENVELOPE: usize = 31;
    pub(crate) const EXTENSION: usize = 32;
    pub(crate) const WORDS: usize = 34;
    /// A part of which nothing is known.
    pub(crate) static BLANK: [u32; WORDS] = {
        let mut words = [super::NONE; WORDS];
        words[KIND] = BASIC;
        words
    };
}

/// The position of a string in its frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    length: u32,
}

impl Span {
    pub(crate) const NIL: Self = Self { start: NONE, length: 0 };

    /// A span between two offsets in a frame, which is never longer than [`LONGEST`].
    #[inline(always)]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, length: (end - start) as u32 }
    }

    /// Marks the bytes as the inside of a quoted string with backslashes.
    #[inline(always)]
    pub(crate) fn escaped(self) -> Self {
        Self { start: self.start, length: self.length | ESCAPED }
    }

    #[inline(always)]
    pub(crate) fn is_nil(self) -> bool {
        self.start == NONE
    }

    #[inline(always)]
    pub(crate) fn is_escaped(self) -> bool {
        self.length & ESCAPED != 0
    }

    #[inline(always)]
    pub(crate) fn words(self) -> [u32; 2] {
        [self.start, self.length]
    }

    /// The span that was written as these words.
    #[inline(always)]
    pub(crate) fn of([start, length]: [u32; 2]) -> Self {
        Self { start, length }
    }

    #[inline(always)]
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + (self.length & !ESCAPED) as usize
    }
}

/// One message's words and bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) words: &'a [u32],
    pub(crate) bytes: &'a [u8],
}

impl Tape {
    /// The message that begins at this word.
    #[inline]
    pub(crate) fn record(&self, at: u32) -> Record<'_> {
        let words = self.words.get(at as usize..).unwrap_or_default();
        let end = HEAD + word(words, 3) as usize;
        let bytes = self.block.get(word(words, 0) as usize..word(words, 1) as usize);
        Record { words: words.get(..end).unwrap_or_default(), bytes: bytes.unwrap_or_default() }
    }
}

impl<'a> Record<'a> {
    /// The items in the order the server sent them.
    #[inline]
    pub(crate) fn items(self) -> TapeItems<'a> {
        TapeItems { words: self.words, at: HEAD }
    }

    /// The words of the first item of that kind, and their offset.
    #[inline]
    pub(crate) fn item(self, item: Item) -> Option<(usize, &'a [u32])> {
        self.items().find(|&(kind, _, _)| kind == item as u32).map(|(_, at, words)| (at, words))
    }

    #[inline]
    pub(crate) fn word(self, at: usize) -> u32 {
        word(self.words, at)
    }

    #[inline]
    pub(crate) fn span(self, at: usize) -> Span {
        span(self.words, at)
    }

    #[inline]
    pub(crate) fn slice(self, span: Span) -> &'a [u8] {
        if span.is_nil() {
            return &[];
        }
        self.bytes.get(span.range()).unwrap_or_default()
    }
}

/// An iterator over the items of one message: kind, offset of the words, words.
#[derive(Clone, Debug)]
pub(crate) struct TapeItems<'a> {
    words: &'a [u32],
    at: usize,
}

impl<'a> Iterator for TapeItems<'a> {
    type Item = (u32, usize, &'a [u32]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let kind = *self.words.get(self.at)?;
        let begin = self.at + 2;
        let end = begin + word(self.words, self.at + 1) as usize;
        self.at = end;
        Some((kind, begin, self.words.get(begin..end).unwrap_or_default()))
    }
}

/// The word at an offset, or 0 after the end of the tape. No offset in a tape that the codec wrote is after its end.
#[inline(always)]
pub(crate) fn word(words: &[u32], at: usize) -> u32 {
    words.get(at).copied().unwrap_or_default()
}

#[inline(always)]
pub(crate) fn span(words: &[u32], at: usize) -> Span {
    match words.get(at..).and_then(<[u32]>::first_chunk) {
        Some(&words) => Span::of(words),
        None => Span::NIL,
    }
}

#[inline(always)]
pub(crate) fn number(words: &[u32], at: usize) -> u64 {
    u64::from(word(words, at)) | u64::from(word(words, at + 1)) << 32
}

#[inline(always)]
pub(crate) fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// The reason of a defect, as a code and a size.
pub(crate) fn reason_words(reason: Reason) -> (u32, u64) {
    let size = if let Reason::TooLarge(size) = reason { size } else { 0 };
    let code = REASONS.iter().position(|known| std::mem::discriminant(known) == std::mem::discriminant(&reason));
    (code.unwrap_or_default() as u32, size)
}

/// The reverse of [`reason_words`].
pub(crate) fn reason(code: u32, size: u64) -> Reason {
    match REASONS.get(code as usize) {
        Some(Reason::TooLarge(_)) => Reason::TooLarge(size),
        Some(&reason) => reason,
        None => Reason::Syntax,
    }
}

const REASONS: [Reason; 8] = [
    Reason::Syntax,
    Reason::Unterminated,
    Reason::Number,
    Reason::Date,
    Reason::Nesting,
    Reason::TooLarge(0),
    Reason::TooMany,
    Reason::Missing,
];

#[inline]
pub(crate) fn str_of<'a>(record: Record<'a>, span: Span) -> Option<Str<'a>> {
    (!span.is_nil()).then(|| Str::new(record.slice(span), span.is_escaped()))
}
