//! The body structure of a message (RFC 9051 §7.5.2): views of a tape that do no work until a value is read. They must not know how a
//! structure is written on the wire.

use std::fmt;

use super::Section;
use super::envelope::Envelope;
use super::tape::{NONE, Record, number, part as at, span, str_of, word};
use super::text::Str;
use crate::text::param;

/// One part of a message with the parts inside it (RFC 9051 §7.5.2). The root is the body of the message.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 120 4)\
///     (\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 9000) \"mixed\"))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let root = message.body_structure().unwrap();
/// let image = root.walk().find(|part| part.is("image", "png")).unwrap();
/// assert_eq!((image.section().to_string().as_str(), image.size()), ("2", Some(9000)));
/// assert_eq!(image.filename().as_deref(), Some("a.png"));
/// ```
#[derive(Clone, Copy)]
pub struct BodyStructure<'a> {
    record: Record<'a>,
    part: &'a [u32; at::WORDS],
}

/// The kind of a part.
///
/// ```
/// use postroom::imap::{PartKind, codec::fetched};
///
/// let line = b"* 1 FETCH (BODYSTRUCTURE (\"text\" \"html\" NIL NIL NIL \"7bit\" 120 4))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// assert_eq!(message.body_structure().unwrap().kind(), PartKind::Text);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Any other leaf.
    Basic,
    /// `text/*`: a leaf with a number of lines.
    Text,
    /// `message/rfc822` or `message/global`: it has an envelope and one child.
    Message,
    /// `multipart/*`: it has children and no content of its own.
    Multipart,
}

const _: () = assert!(Kind::Basic as u32 == at::BASIC);

/// An iterator over the parameters of a header field, as pairs of name and value. The value is `None` if the server sends a name
/// without a value.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 120 4))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let (name, value) = message.body_structure().unwrap().params().next().unwrap();
/// assert_eq!(name, "charset");
/// assert_eq!(value.unwrap(), "utf-8");
/// ```
#[derive(Clone)]
pub struct Params<'a>(Strings<'a>);

/// An iterator over a list of strings.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (X-GM-LABELS (Work \"To do\"))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let labels: Vec<String> = message.gmail_labels().unwrap().map(|label| label.to_string()).collect();
/// assert_eq!(labels, ["Work", "To do"]);
/// ```
#[derive(Clone)]
pub struct Strings<'a> {
    record: Record<'a>,
    next: usize,
    end: usize,
}

/// An iterator over the children of a part.
///
/// ```
/// use postroom::imap::codec::fetched;
///
/// let line = b"* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 120 4)\
///     (\"text\" \"html\" NIL NIL NIL \"7bit\" 300 9) \"alternative\"))\r\n";
/// let message = fetched((&line[..]).into(), &postroom::Limits::default()).unwrap();
/// let sections: Vec<String> = message.body_structure().unwrap().children().map(|part| part.section().to_string()).collect();
/// assert_eq!(sections, ["1", "2"]);
/// ```
#[derive(Clone)]
pub struct Parts<'a> {
    record: Record<'a>,
    next: u32,
}

macro_rules! strings {
    ($($(#[$doc:meta])* $name:ident $field:ident,)*) => {
        impl<'a> BodyStructure<'a> {
            $($(#[$doc])*
            pub fn $name(&self) -> Option<Str<'a>> {
                self.string(at::$field)
            })*
        }
    };
}

strings! {
    /// `Content-ID`.
    id ID,
    /// `Content-Description`, undecoded: see [`Str::decoded`].
    description DESCRIPTION,
    /// `Content-Transfer-Encoding`; `None` for a multipart.
    encoding ENCODING,
    /// `Content-MD5`.
    md5 MD5,
    /// `Content-Disposition` without its parameters, such as `attachment`; see
    /// [`disposition_params`](Self::disposition_params).
    disposition DISPOSITION,
    /// `Content-Location`.
    location LOCATION,
}

impl Kind {
    pub(crate) fn of(media: &[u8], subtype: &[u8]) -> Self {
        if media.eq_ignore_ascii_case(b"TEXT") {
            return Self::Text;
        }
        let message = media.eq_ignore_ascii_case(b"MESSAGE")
            && (subtype.eq_ignore_ascii_case(b"RFC822") || subtype.eq_ignore_ascii_case(b"GLOBAL"));
        if message { Self::Message } else { Self::Basic }
    }
}

impl<'a> BodyStructure<'a> {
    pub(crate) fn new(record: Record<'a>, place: u32) -> Self {
        let part = record.words.get(place as usize..).and_then(<[u32]>::first_chunk);
        Self { record, part: part.unwrap_or(&at::BLANK) }
    }

    /// The kind of the part.
    pub fn kind(&self) -> Kind {
        match self.word(at::KIND) {
            kind if kind == Kind::Text as u32 => Kind::Text,
            kind if kind == Kind::Message as u32 => Kind::Message,
            kind if kind == Kind::Multipart as u32 => Kind::Multipart,
            _ => Kind::Basic,
        }
    }

    /// The media type before the `/`, in the server's letter case.
    pub fn media_type(&self) -> Str<'a> {
        match self.kind() {
            Kind::Multipart => Str::new(b"multipart", false),
            _ => self.string(at::TYPE).unwrap_or(Str::EMPTY),
        }
    }

    /// The subtype after the `/`, in the server's letter case; empty if the server sends none.
    pub fn subtype(&self) -> Str<'a> {
        self.string(at::SUBTYPE).unwrap_or(Str::EMPTY)
    }

    /// Whether the part has this type, such as `("text", "html")`, in any letter case.
    pub fn is(&self, media_type: &str, subtype: &str) -> bool {
        self.media_type().eq_ignore_ascii_case(media_type) && self.subtype().eq_ignore_ascii_case(subtype)
    }

    /// The parameters of `Content-Type`.
    pub fn params(&self) -> Params<'a> {
        Params(self.strings(at::PARAMS))
    }

    /// The value of the `Content-Type` parameter with exactly this name, in any letter case.
    pub fn param(&self, name: &str) -> Option<Str<'a>> {
        self.params().find(name)
    }

    /// The parameters of `Content-Disposition`.
    pub fn disposition_params(&self) -> Params<'a> {
        Params(self.strings(at::DISPOSITION_PARAMS))
    }

    /// The file name from `Content-Disposition`, or from `Content-Type` if there is none, decoded by [`Params::decoded`]. It comes from the
    /// sender: never use it as a path without checks.
    pub fn filename(&self) -> Option<std::borrow::Cow<'a, str>> {
        let name = self.disposition_params().decoded("filename").filter(|name| !name.is_empty());
        name.or_else(|| self.params().decoded("name"))
    }

    /// The tags of `Content-Language`.
    pub fn language(&self) -> Strings<'a> {
        self.strings(at::LANGUAGE)
    }

    /// Unknown extension data after all other fields (RFC 9051 §9, `body-extension`), as received; empty if there is none.
    pub fn extension(&self) -> &'a [u8] {
        self.record.slice(span(self.part, at::EXTENSION)).trim_ascii_end()
    }

    /// The size in bytes, in the transfer encoding; `None` for a multipart or if the server sends no size. Some servers send wrong sizes.
    pub fn size(&self) -> Option<u64> {
        self.number(at::SIZE)
    }

    /// The number of lines of a text or a message.
    pub fn lines(&self) -> Option<u64> {
        self.number(at::LINES)
    }

    /// The envelope of an embedded message.
    pub fn envelope(&self) -> Option<Envelope<'a>> {
        let place = self.word(at::ENVELOPE);
        (place != NONE).then(|| Envelope::new(self.record, place as usize))
    }

    /// The parts of a multipart, or the body of an embedded message.
    pub fn children(&self) -> Parts<'a> {
        Parts { record: self.record, next: self.word(at::FIRST) }
    }

    /// The part that contains this one; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let place = self.word(at::PARENT);
        (place != NONE).then(|| Self::new(self.record, place))
    }

    /// The [`Section`] with this part's content, to fetch or read it by (RFC 9051 §6.4.5.1): `BODY[2.1]`. For a multipart that is the body
    /// of a message it is that message's text.
    ///
    /// ```
    /// use postroom::Limits;
    /// use postroom::imap::codec;
    ///
    /// let frame = b"* 1 FETCH (BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 9 1)\
    ///     (\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 30 1) \"ALTERNATIVE\"))\r\n";
    /// let message = codec::fetched(frame[..].into(), &Limits::default())?;
    /// let html = message.body_structure().and_then(|root| root.walk().find(|part| part.is("text", "html")));
    /// assert_eq!(html.map(|part| part.section().to_string()).as_deref(), Some("2"));
    /// # Ok::<(), codec::UnreadableFetch>(())
    /// ```
    pub fn section(&self) -> Section {
        let (numbers, is_text) = self.path();
        let section = Section::of_path(numbers);
        if is_text { section.text() } else { section }
    }

    /// Its number among its parent's children. One that cannot be read is not among them, but is counted.
    pub(crate) fn number_in_parent(&self) -> u32 {
        self.word(at::ORDINAL)
    }

    /// The numbers of `BODY[2.1]`, and whether they name the message that has this multipart as its body.
    fn path(&self) -> (Vec<u32>, bool) {
        let inherits = |part: &Self, parent: Option<Self>| {
            part.kind() == Kind::Multipart && parent.is_none_or(|parent| parent.kind() == Kind::Message)
        };
        let is_text = inherits(self, self.parent());
        let mut numbers = Vec::new();
        let mut part = *self;
        loop {
            let parent = part.parent();
            if !inherits(&part, parent) {
                numbers.push(part.word(at::ORDINAL));
            }
            match parent {
                Some(parent) => part = parent,
                None => break,
            }
        }
        numbers.reverse();
        (numbers, is_text)
    }

    /// This part and all parts inside it, each before its children.
    pub fn walk(&self) -> impl Iterator<Item = Self> + use<'a> {
        let mut pending = vec![*self];
        std::iter::from_fn(move || {
            let part = pending.pop()?;
            let begun = pending.len();
            pending.extend(part.children());
            pending.get_mut(begun..).into_iter().for_each(<[Self]>::reverse);
            Some(part)
        })
    }

    #[inline]
    fn word(&self, field: usize) -> u32 {
        word(self.part, field)
    }

    #[inline]
    fn string(&self, field: usize) -> Option<Str<'a>> {
        str_of(self.record, span(self.part, field))
    }

    fn number(&self, field: usize) -> Option<u64> {
        Some(number(self.part, field)).filter(|&number| number != u64::MAX)
    }

    #[inline]
    fn strings(&self, field: usize) -> Strings<'a> {
        let place = self.word(field);
        let next = if place == NONE { 0 } else { place as usize };
        let count = if place == NONE { 0 } else { self.word(field + 1) as usize };
        Strings { record: self.record, next, end: next + count }
    }
}

impl<'a> Params<'a> {
    /// The decoded value of a parameter, in any form that senders use: extended (`filename*`), in pieces (`filename*0`, RFC 2231) or
    /// plain, each with or without encoded words. If there are several forms, the extended one comes before pieces, and pieces before
    /// the plain one. Text without a declared charset is read as by [`Str::decoded`].
    pub fn decoded(self, name: &str) -> Option<std::borrow::Cow<'a, str>> {
        let params = self.map(|(name, value)| (name.bytes(), value.unwrap_or(Str::EMPTY).bytes()));
        param::value(params, name.as_bytes())
    }

    /// The value of the first parameter with exactly this name, in any letter case.
    pub fn find(mut self, name: &str) -> Option<Str<'a>> {
        self.by_ref().find(|(found, _)| found.eq_ignore_ascii_case(name)).and_then(|(_, value)| value)
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (Str<'a>, Option<Str<'a>>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next_nullable()?;
        let value = self.0.next_nullable()?;
        Some((name.unwrap_or(Str::EMPTY), value))
    }
}

impl<'a> Strings<'a> {
    pub(crate) fn new(record: Record<'a>, next: usize, count: usize) -> Self {
        Self { record, next, end: next + count }
    }

    #[inline]
    fn next_nullable(&mut self) -> Option<Option<Str<'a>>> {
        if self.next >= self.end {
            return None;
        }
        let span = self.record.span(self.next);
        self.next += 2;
        Some(str_of(self.record, span))
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Str<'a>;

    fn next(&mut self) -> Option<Str<'a>> {
        loop {
            if let Some(string) = self.next_nullable()? {
                return Some(string);
            }
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = BodyStructure<'a>;

    fn next(&mut self) -> Option<BodyStructure<'a>> {
        if self.next == NONE {
            return None;
        }
        let part = BodyStructure::new(self.record, self.next);
        self.next = part.word(at::NEXT);
        Some(part)
    }
}

impl fmt::Debug for Strings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for BodyStructure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStructure")
            .field("section", &format_args!("{}", self.section()))
            .field("type", &format_args!("{}/{}", self.media_type(), self.subtype()))
            .field("params", &self.params())
            .field("size", &self.size())
            .field("disposition", &self.disposition())
            .field("children", &self.children())
            .finish_non_exhaustive()
    }
}

/// Whether only a multipart has this subtype.
pub(crate) fn is_multipart_subtype(word: &[u8]) -> bool {
    const SUBTYPES: [&[u8]; 8] =
        [b"MIXED", b"ALTERNATIVE", b"RELATED", b"DIGEST", b"PARALLEL", b"REPORT", b"SIGNED", b"ENCRYPTED"];
    SUBTYPES.iter().any(|subtype| word.eq_ignore_ascii_case(subtype))
}
