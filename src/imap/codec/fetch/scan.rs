//! A cheap scan of a FETCH response: the names of its attributes in order, with their values skipped. This is enough to know which
//! message it is about and what it contains. It reads no value except the UID. It must not know who asked.

use super::attribute::Name;
use crate::imap::codec::frame::Elided;
use crate::imap::codec::token::{Room, Tokens};
use crate::imap::types::tape::{Item, LONGEST, NONE};
use crate::wire::Cursor;

/// One attribute of a FETCH response, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Named<'a> {
    /// `UID` with its value; `None` if that is no UID.
    Uid(Option<u32>),
    /// Any other attribute without brackets.
    Attribute(Item),
    /// `BODY[..]<..>`, `RFC822` or `BINARY[..]<..>`.
    Section {
        /// Whether the server removed the transfer encoding (`BINARY`).
        binary: bool,
        /// The text between the brackets.
        section: &'a [u8],
        /// The offset of the first byte, if the server sends one.
        origin: Option<u32>,
    },
    /// `BINARY.SIZE[..]` with the text between the brackets.
    BinarySize(&'a [u8]),
}

/// A scan over the attributes of one response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    tokens: Tokens<'a>,
    /// The value of the last name, if it must still be skipped.
    value: Option<Value>,
}

/// The kind of value that the last name has.
#[derive(Clone, Copy, Debug)]
enum Value {
    Any,
    /// A string or NIL. If it is missing, the next attribute follows directly.
    String,
}

impl<'a> Scan<'a> {
    /// Begins a scan of a whole response, or of its beginning up to a literal. `at` is the end of its first tokens. `None` if no list of
    /// attributes begins there.
    #[inline]
    pub(crate) fn new(frame: &'a [u8], at: usize, elided: &'a [Elided]) -> Option<Self> {
        if frame.len() > LONGEST {
            return None;
        }
        let mut tokens = Tokens::new(Cursor::new(frame, at), elided, 0, Room::default());
        tokens.eat(b'(').then_some(Self { tokens, value: None })
    }

    /// The next attribute. `None` at the end, or if the rest of the response cannot be parsed.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Named<'a>> {
        if let Some(value) = self.value.take() {
            self.skip(value)?;
        }
        loop {
            self.tokens.skip_spaces();
            match self.tokens.peek()? {
                b'\r' | b'\n' => return None,
                // An extra parenthesis, or one that Domino puts around an attribute. The last one is followed by the line end.
                b'(' | b')' => self.tokens.cursor.advance(1),
                _ => return self.named(),
            };
        }
    }

    #[inline]
    fn named(&mut self) -> Option<Named<'a>> {
        // Fast path: nearly every response has these two, in their usual spelling.
        match self.tokens.cursor.rest() {
            [b'U', b'I', b'D', b' ', ..] => {
                self.tokens.cursor.advance(4);
                Some(self.uid())
            }
            [b'F', b'L', b'A', b'G', b'S', b' ', ..] => {
                self.tokens.cursor.advance(6);
                self.value = Some(Value::Any);
                Some(Named::Attribute(Item::Flags))
            }
            _ => self.rarely_named(),
        }
    }

    fn rarely_named(&mut self) -> Option<Named<'a>> {
        let start = self.tokens.cursor.at();
        let name = Name::read(&mut self.tokens).ok()?;
        self.value = Some(Value::Any);
        Some(match name {
            Name::Plain(Item::Uid) => self.uid(),
            Name::Plain(item) => Named::Attribute(item),
            Name::Section(section, origin) => {
                self.value = Some(Value::String);
                let binary = self.tokens.cursor.byte(start + 1).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'I'));
                let origin = Some(origin).filter(|&origin| origin != NONE);
                Named::Section { binary, section: self.tokens.slice(section), origin }
            }
            Name::BinarySize(section) => Named::BinarySize(self.tokens.slice(section)),
        })
    }

    #[inline]
    fn uid(&mut self) -> Named<'a> {
        self.value = None;
        self.tokens.skip_spaces();
        let uid = self.tokens.number().ok().flatten();
        Named::Uid(uid.and_then(|uid| u32::try_from(uid).ok()).filter(|&uid| uid > 0))
    }

    fn skip(&mut self, value: Value) -> Option<()> {
        self.tokens.skip_spaces();
        match (value, self.tokens.peek()?) {
            (_, b')' | b'\r' | b'\n') => Some(()),
            (Value::String, b'"' | b'{' | b'~') | (Value::Any, _) => self.tokens.skip_value().ok(),
            (Value::String, _) => {
                self.tokens.nil();
                Some(())
            }
        }
    }
}

/// How far back from a literal its attribute's name is searched for, in bytes.
const LONGEST_NAME: usize = 8192;

/// The attribute whose value is the literal that is announced at the end of these bytes; `None` if the literal is inside a value, or if
/// that is not certain. It examines the end only, no matter how long the response is. The caller must check the result once the response
/// is complete.
pub(crate) fn before_literal(head: &[u8]) -> Option<Named<'_>> {
    let head = head.get(head.len().saturating_sub(LONGEST_NAME)..)?;
    let announced = head.trim_ascii_end().strip_suffix(b"}")?;
    let brace = announced.iter().rposition(|byte| *byte == b'{')?;
    let named = announced.get(..brace)?;
    let named = named.strip_suffix(b"~").unwrap_or(named).trim_ascii_end();
    let bracket = named.iter().rposition(|byte| *byte == b'[').unwrap_or(named.len());
    let before = named.get(..bracket)?.iter().rposition(|byte| matches!(byte, b' ' | b'('))?;
    let mut scan = Scan { tokens: Tokens::new(Cursor::new(named, before + 1), &[], 0, Room::default()), value: None };
    let found = scan.named()?;
    (scan.tokens.cursor.at() == named.len()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::codec::route::split;

    fn scan<'a>(frame: &'a [u8], elided: &'a [Elided]) -> Option<Scan<'a>> {
        Scan::new(frame, frame.len() - split(frame).1.len(), elided)
    }

    fn names(frame: &str) -> Vec<String> {
        let mut scan = scan(frame.as_bytes(), &[]).unwrap();
        let mut names = Vec::new();
        while let Some(named) = scan.next() {
            names.push(match named {
                Named::Uid(uid) => format!("UID {uid:?}"),
                Named::Attribute(item) => format!("{item:?}"),
                Named::Section { binary, section, origin } => {
                    format!("{binary} [{}] {origin:?}", section.escape_ascii())
                }
                Named::BinarySize(section) => format!("size [{}]", section.escape_ascii()),
            });
        }
        names
    }

    #[test]
    fn names_come_in_order_whatever_their_values_are() {
        let frame = "* 7 FETCH (FLAGS (\\Seen) ENVELOPE (\"a)\" (((\"b\"))) {3}\r\n)(\" NIL) UID 9 BODY[] {5}\r\nUID 8 \
            BODY[HEADER.FIELDS (\"a]\")]<7> \"x\" BINARY[1.2] ~{1}\r\n( BINARY.SIZE[3] 4 RFC822.SIZE 5 X-NOTE (a b))\r\n";
        let expected = [
            "Flags",
            "Envelope",
            "UID Some(9)",
            "false [] None",
            "false [HEADER.FIELDS (\\\"a]\\\")] Some(7)",
            "true [1.2] None",
            "size [3]",
            "Size",
            "Unknown",
        ];
        assert_eq!(names(frame), expected);
    }

    #[test]
    fn what_servers_get_wrong_hides_no_other_name() {
        assert_eq!(names("* 7 FETCH ((ENVELOPE (a)) UID 9)\r\n"), ["Envelope", "UID Some(9)"]);
        assert_eq!(names("* 7 FETCH (BODY[] UID 9)\r\n"), ["false [] None", "UID Some(9)"]);
        assert_eq!(names("* 7 FETCH (BODYSTRUCTURE (a)) UID 9)\r\n"), ["BodyStructure", "UID Some(9)"]);
        assert_eq!(names("* 7 FETCH (UID 0 FLAGS)\r\n"), ["UID None", "Flags"]);
        assert_eq!(names("* 7 FETCH (UID 99999999999 FLAGS ()\r\n"), ["UID None", "Flags"]);
        assert!(scan(b"* 7 FETCH\r\n", &[]).is_none() && scan(b"* 7 FETCH UID 9\r\n", &[]).is_none());
    }

    #[test]
    fn the_name_of_a_literal_is_found_from_behind() {
        let section = |section| Some(Named::Section { binary: false, section, origin: None });
        let found = |head: &'static str| before_literal(head.as_bytes());
        assert_eq!(found("* 7 FETCH (UID 9 BODY[] {5}\r\n"), section(b""));
        assert_eq!(found("* 7 FETCH (RFC822 {12345}\r\n"), section(b""));
        assert_eq!(found("* 7 FETCH (BODY[HEADER.FIELDS (A B)] {5}\n"), section(b"HEADER.FIELDS (A B)"));
        let window = Some(Named::Section { binary: true, section: b"1", origin: Some(7) });
        assert_eq!(found("* 7 FETCH (BINARY[1]<7> ~{5}\r\n"), window);
        assert_eq!(found("* 7 FETCH (X-NOTE {5}\r\n"), Some(Named::Attribute(Item::Unknown)));
        for within in [
            "* 7 FETCH (ENVELOPE (NIL {5}\r\n",
            "* 7 FETCH (X \"BODY[]\" {5}\r\n",
            "{5}\r\n",
            "",
            "}\r\n",
            "(x] {5}\r\n",
        ] {
            assert!(!matches!(found(within), Some(Named::Section { .. })), "{within}: {:?}", found(within));
        }
    }

    #[test]
    fn the_last_name_before_a_literal_is_the_one_it_belongs_to() {
        assert_eq!(names("* 7 FETCH (UID 9 X-NOTE {5}\r\n"), ["UID Some(9)", "Unknown"]);
        let mut last = None;
        let left_out = [Elided { at: 30, size: 5 }];
        let mut scan = scan(b"* 7 FETCH (UID 9 BODY[1] {5}\r\n BODY[2] {7}\r\n", &left_out).unwrap();
        while let Some(named) = scan.next() {
            last = Some(named);
        }
        assert_eq!(last, Some(Named::Section { binary: false, section: b"2", origin: None }));
    }
}
