//! The attributes of a message, by name: the token that is the value of each, and its form on the tape. It must not know the order of
//! attributes.

use super::Message;
use super::{envelope, structure::Structure};
use crate::defect::Reason;
use crate::imap::codec::token::{Read, Tokens, is_atom};
use crate::imap::types::tape::{Item, NONE, Span, halves};
use crate::imap::types::{date, fetch_items};
use crate::wire::class::{Delimiter, EndOfWords};

/// The name of an attribute, with the section that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    /// An attribute without a section.
    Plain(Item),
    /// `BODY[..]<..>`, `BINARY[..]<..>`, and their old names: the section's text and the origin.
    Section(Span, u32),
    /// `BINARY.SIZE[..]`
    BinarySize(Span),
}

impl Name {
    #[inline(always)]
    pub(super) fn read(tokens: &mut Tokens<'_>) -> Read<Self> {
        match common(tokens.cursor.rest()) {
            Some((length, item)) => {
                tokens.cursor.advance(length);
                Ok(Self::Plain(item))
            }
            None => Self::read_any(tokens),
        }
    }

    #[inline(never)]
    fn read_any(tokens: &mut Tokens<'_>) -> Read<Self> {
        let name = tokens.cursor.take_while(|byte| is_atom(byte) && byte != b'[' && byte != b'<');
        if tokens.peek() == Some(b'[') {
            return Self::with_section(name, tokens);
        }
        if name.is_empty() { Err(Reason::Syntax) } else { Ok(Self::without_section(name, tokens.cursor.at())) }
    }

    fn without_section(name: &[u8], end: usize) -> Self {
        let mut buffer = [0; 16];
        let Some(upper) = buffer.get_mut(..name.len()) else {
            return Self::Plain(Item::Unknown);
        };
        upper.copy_from_slice(name);
        upper.make_ascii_uppercase();
        match &*upper {
            b"RFC822" => Self::Section(Span::new(end, end), NONE),
            // The section's name is the end of the attribute's name.
            b"RFC822.HEADER" | b"RFC822.TEXT" => Self::Section(Span::new(end + 7 - name.len(), end), NONE),
            b"UID" => Self::Plain(Item::Uid),
            b"BODY" => Self::Plain(Item::BodyStructure),
            b"ANNOTATION" => Self::Plain(Item::Annotation),
            upper => Self::Plain(named(upper)),
        }
    }

    fn with_section(name: &[u8], tokens: &mut Tokens<'_>) -> Read<Self> {
        let section = section(tokens)?;
        let origin = origin(tokens)?;
        Ok(match name {
            _ if [&b"BODY"[..], b"BINARY"].iter().any(|known| is_echo(name, known)) => Self::Section(section, origin),
            // Some servers mix the old name with the new one: `RFC822[]`.
            _ if name.eq_ignore_ascii_case(b"RFC822") && section.range().is_empty() => Self::Section(section, origin),
            _ if name.eq_ignore_ascii_case(b"BINARY.SIZE") => Self::BinarySize(section),
            _ => Self::Plain(Item::Unknown),
        })
    }
}

/// Whether this is the name of the item, or the requested name with `.PEEK`, which some servers repeat.
fn is_echo(name: &[u8], item: &[u8]) -> bool {
    let (head, peek) = name.split_at_checked(item.len()).unwrap_or((name, b""));
    head.eq_ignore_ascii_case(item) && (peek.is_empty() || peek.eq_ignore_ascii_case(b".PEEK"))
}

/// The length of a frequent name in its usual spelling, and its item.
#[inline(always)]
fn common(rest: &[u8]) -> Option<(usize, Item)> {
    let (name, item): (&[u8], Item) = match rest.first()? {
        b'U' => (b"UID ", Item::Uid),
        b'F' => (b"FLAGS ", Item::Flags),
        b'M' => (b"MODSEQ ", Item::Modseq),
        b'I' => (b"INTERNALDATE ", Item::InternalDate),
        b'R' => (b"RFC822.SIZE ", Item::Size),
        b'E' => (b"ENVELOPE ", Item::Envelope),
        b'B' => (b"BODYSTRUCTURE ", Item::BodyStructure),
        _ => return None,
    };
    rest.starts_with(name).then_some((name.len() - 1, item))
}

/// `[..]`, up to the bracket that is not inside a string. The header names in it may be quoted strings or literals.
fn section(tokens: &mut Tokens<'_>) -> Read<Span> {
    tokens.eat(b'[');
    let start = tokens.cursor.at();
    loop {
        tokens.cursor.take_while(|byte| !matches!(byte, b']' | b'"' | b'{' | b'\r' | b'\n'));
        match tokens.peek() {
            Some(b']') => break,
            Some(b'"') => drop(tokens.quoted()?),
            Some(b'{') => {
                // A brace that announces no literal is an ordinary character.
                let brace = tokens.cursor.at();
                if tokens.literal().is_err() {
                    tokens.cursor.seek(brace + 1);
                }
            }
            _ => return Err(Reason::Unterminated),
        }
    }
    let span = Span::new(start, tokens.cursor.at());
    tokens.eat(b']');
    Ok(span)
}

fn origin(tokens: &mut Tokens<'_>) -> Read<u32> {
    if !tokens.eat(b'<') {
        return Ok(NONE);
    }
    let origin = tokens.cursor.number().and_then(|origin| u32::try_from(origin).ok()).ok_or(Reason::Number)?;
    // Some servers repeat the requested length.
    tokens.cursor.take_while(|byte| byte == b'.' || byte.is_ascii_digit());
    if tokens.eat(b'>') { Ok(origin) } else { Err(Reason::Syntax) }
}

macro_rules! readers {
    ($($what:literal $adds:literal $constant:ident $method:ident $kind:ident $name:literal $read:ident $(, $has:ident)?;)*) => {
        /// The item with this name, which is in upper case.
        fn named(upper: &[u8]) -> Item {
            let all = [$(($name, Item::$kind)),*];
            all.into_iter().find(|(name, _)| name.as_bytes() == upper).map_or(Item::Unknown, |(_, item)| item)
        }

        impl Message<'_, '_> {
            #[inline(always)]
            fn plain_value(&mut self, item: Item, name: Span) -> Read<()> {
                match item {
                    Item::Uid => self.uid(),
                    $(Item::$kind => self.$read(item, name),)*
                    Item::Annotation | Item::AnnotationNames => self.annotations(),
                    Item::Section | Item::BinarySize | Item::Unknown | Item::Defect => self.unknown(name),
                }
            }
        }
    };
}

fetch_items!(readers);

impl Message<'_, '_> {
    /// Reads one attribute: its name and its value. What cannot be read becomes a defect.
    pub(super) fn attribute(&mut self) {
        let start = self.tokens.cursor.at();
        let name = Name::read(&mut self.tokens);
        let span = Span::new(start, self.tokens.cursor.at());
        self.tokens.skip_spaces();
        let value = self.tokens.cursor.at();
        let mark = self.tape.len();
        let read = match name {
            Ok(_) if matches!(self.tokens.peek(), None | Some(b')' | b'\r' | b'\n')) => Err(Reason::Missing),
            Ok(name) => self.value(name, span),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = read {
            self.tape.truncate(mark);
            self.salvage(reason, span, value);
        }
    }

    #[inline(always)]
    pub(super) fn value(&mut self, name: Name, span: Span) -> Read<()> {
        match name {
            Name::Plain(item) => self.plain_value(item, span),
            Name::Section(section, origin) => self.section(section, origin),
            Name::BinarySize(section) => self.binary_size(section),
        }
    }

    #[inline(always)]
    fn uid(&mut self) -> Read<()> {
        let uid = self.tokens.number()?.and_then(|uid| u32::try_from(uid).ok()).filter(|&uid| uid > 0);
        self.put(Item::Uid, [uid.ok_or(Reason::Number)?]);
        Ok(())
    }

    /// The number. An item without words if the server sends NIL or -1 for unknown: that is an answer too.
    #[inline(always)]
    fn number(&mut self, item: Item, _: Span) -> Read<()> {
        match self.tokens.number()? {
            Some(number) => self.put(item, halves(number)),
            None => self.put(item, []),
        }
        Ok(())
    }

    fn binary_size(&mut self, section: Span) -> Read<()> {
        let ([a, b], size) = (section.words(), self.tokens.number()?);
        match size.map(halves) {
            Some([low, high]) => self.put(Item::BinarySize, [a, b, low, high]),
            None => self.put(Item::BinarySize, [a, b]),
        }
        Ok(())
    }

    #[inline(always)]
    fn number_in_parentheses(&mut self, item: Item, name: Span) -> Read<()> {
        self.in_parentheses(|message| message.number(item, name), item)
    }

    fn string(&mut self, item: Item) -> Read<()> {
        let span = self.tokens.nstring()?;
        self.put(item, span.words());
        Ok(())
    }

    fn string_in_parentheses(&mut self, item: Item, _: Span) -> Read<()> {
        self.in_parentheses(|message| message.string(item), item)
    }

    /// A string. Dovecot versions from before RFC 8970 send `(FUZZY "text")`.
    fn preview(&mut self, item: Item, _: Span) -> Read<()> {
        if !self.tokens.eat(b'(') {
            return self.string(item);
        }
        self.tokens.atom()?;
        self.tokens.skip_spaces();
        self.string(item)?;
        if self.tokens.closes() { Ok(()) } else { Err(Reason::Syntax) }
    }

    /// `(value)`, or the value without parentheses, which some servers send.
    #[inline]
    fn in_parentheses(&mut self, read: impl FnOnce(&mut Self) -> Read<()>, item: Item) -> Read<()> {
        if !self.tokens.eat(b'(') {
            return read(self);
        }
        if matches!(self.tokens.peek(), Some(b'(' | b')' | b' ')) {
            return self.in_odd_parentheses(read, item);
        }
        read(self)?;
        if self.tokens.closes() { Ok(()) } else { Err(Reason::Syntax) }
    }

    /// The value in more than one pair of parentheses, or empty parentheses, which mean NIL.
    #[cold]
    fn in_odd_parentheses(&mut self, read: impl FnOnce(&mut Self) -> Read<()>, item: Item) -> Read<()> {
        let mut open = 1;
        self.tokens.skip_spaces();
        while self.tokens.eat(b'(') {
            open += 1;
            self.tokens.skip_spaces();
        }
        if self.tokens.peek() == Some(b')') {
            self.put(item, []);
        } else {
            read(self)?;
        }
        if (0..open).all(|_| self.tokens.closes()) { Ok(()) } else { Err(Reason::Syntax) }
    }

    /// Accepts any words, since servers send `\*`, single backslashes, NIL, `]` and bytes over 127 among flags. The view splits the list
    /// when it is read.
    #[inline(always)]
    fn flags(&mut self, item: Item, _: Span) -> Read<()> {
        if !self.tokens.eat(b'(') {
            return if self.tokens.nil() {
                self.put(item, []);
                Ok(())
            } else {
                Err(Reason::Syntax)
            };
        }
        let start = self.tokens.cursor.at();
        self.tokens.cursor.take_until::<EndOfWords>();
        if self.tokens.peek() != Some(b')') {
            return self.odd_flags(item, start);
        }
        let list = Span::new(start, self.tokens.cursor.at());
        self.tokens.cursor.advance(1);
        self.put(item, list.words());
        Ok(())
    }

    /// Flags of which some are quoted: a NIL span, then a span for each flag.
    #[cold]
    fn odd_flags(&mut self, item: Item, start: usize) -> Read<()> {
        self.tokens.cursor.seek(start);
        let begun = self.begin(item);
        self.tape.extend_from_slice(&Span::NIL.words());
        while !self.tokens.closes() {
            self.tokens.fits(self.tape)?;
            let start = self.tokens.cursor.at();
            let flag = match self.tokens.cursor.take_until::<Delimiter>() {
                b"" => return Err(Reason::Syntax),
                b"\\" | b"NIL" => continue,
                [b'"', ..] => {
                    self.tokens.cursor.seek(start);
                    self.tokens.quoted()?
                }
                flag => Span::new(start, start + flag.len()),
            };
            self.tape.extend_from_slice(&flag.words());
        }
        self.end(begun);
        Ok(())
    }

    fn labels(&mut self, item: Item, _: Span) -> Read<()> {
        if self.tokens.nil() {
            self.put(item, []);
            return Ok(());
        }
        if !self.tokens.eat(b'(') {
            return Err(Reason::Syntax);
        }
        let begun = self.begin(item);
        while !self.tokens.closes() {
            self.tokens.fits(self.tape)?;
            let label = self.tokens.nstring()?;
            self.tape.extend_from_slice(&label.words());
        }
        self.end(begun);
        Ok(())
    }

    /// `(entry (attribute value ...) ...)`, or only the names of changed entries (RFC 5257 §4.3, §5).
    #[inline(never)]
    fn annotations(&mut self) -> Read<()> {
        if self.tokens.nil() {
            return Ok(());
        }
        if !self.tokens.eat(b'(') {
            return Err(Reason::Syntax);
        }
        let (mark, mut names) = (self.tape.len(), None);
        while !self.tokens.closes() {
            self.tokens.fits(self.tape)?;
            let entry = self.tokens.nstring()?;
            self.tokens.skip_spaces();
            match (self.tokens.eat(b'('), names) {
                (true, None) => self.annotated(entry)?,
                (false, None) if self.tape.get(mark..) == Some(&[]) => {
                    names = Some(self.begin(Item::AnnotationNames));
                    self.tape.extend_from_slice(&entry.words());
                }
                (false, Some(_)) => self.tape.extend_from_slice(&entry.words()),
                _ => return Err(Reason::Syntax),
            }
        }
        names.into_iter().for_each(|begun| self.end(begun));
        Ok(())
    }

    fn annotated(&mut self, entry: Span) -> Read<()> {
        let begun = self.begin(Item::Annotation);
        self.tape.extend_from_slice(&entry.words());
        while !self.tokens.closes() {
            self.tokens.fits(self.tape)?;
            let name = self.tokens.nstring()?;
            self.tokens.skip_spaces();
            let value = self.tokens.nstring()?;
            let ([a, b], [c, d]) = (name.words(), value.words());
            self.tape.extend_from_slice(&[a, b, c, d]);
        }
        self.end(begun);
        Ok(())
    }

    #[inline(always)]
    fn date(&mut self, item: Item, _: Span) -> Read<()> {
        let span = self.tokens.nstring()?;
        if span.is_nil() && item == Item::SaveDate {
            self.put(item, []);
            return Ok(());
        }
        self.put(item, date::read(self.tokens.slice(span)).ok_or(Reason::Date)?);
        Ok(())
    }

    fn envelope(&mut self, item: Item, name: Span) -> Read<()> {
        let (begun, start) = (self.begin(item), self.tokens.cursor.at());
        if envelope::read(&mut self.tokens, self.tape).is_err() {
            return self.odd_envelope(begun, start, name);
        }
        self.end(begun);
        Ok(())
    }

    #[cold]
    fn odd_envelope(&mut self, begun: usize, start: usize, name: Span) -> Read<()> {
        let mut faults = Vec::new();
        self.tokens.cursor.seek(start);
        self.tape.truncate(begun);
        envelope::read_odd(&mut self.tokens, self.tape, &mut faults)?;
        self.end(begun);
        self.lose_fields(name, &faults);
        Ok(())
    }

    fn structure(&mut self, item: Item, name: Span) -> Read<()> {
        let mut faults = Vec::new();
        let begun = self.begin(item);
        let (tokens, tape) = (&mut self.tokens, &mut *self.tape);
        Structure { tokens, tape, base: self.base, parts: &mut self.parts, faults: &mut faults }.read()?;
        self.end(begun);
        self.lose_fields(name, &faults);
        Ok(())
    }

    /// The bytes of a section. Yandex leaves out the value; then the next attribute follows.
    fn section(&mut self, section: Span, origin: u32) -> Read<()> {
        let value = match self.tokens.peek() {
            Some(b'"') => self.tokens.quoted()?,
            Some(b'{' | b'~') => self.tokens.literal()?,
            _ if self.tokens.nil() => Span::NIL,
            _ => return Err(Reason::Missing),
        };
        let ([a, b], [c, d]) = (section.words(), value.words());
        self.put(Item::Section, [a, b, origin, c, d]);
        Ok(())
    }

    fn unknown(&mut self, name: Span) -> Read<()> {
        let start = self.tokens.cursor.at();
        self.tokens.skip_value()?;
        let ([a, b], [c, d]) = (name.words(), Span::new(start, self.tokens.cursor.at()).words());
        self.put(Item::Unknown, [a, b, c, d]);
        Ok(())
    }
}
