//! A reader of one command by the tokens of RFC 9051 §9, strict to the byte: it panics on what the grammar does not allow. It must not
//! know a command.

use postroom::imap::{EntryName, MailboxName, Uids};

/// The rest of the command.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    utf8: bool,
}

impl<'a> Reader<'a> {
    /// A command with its tag and line end.
    pub(crate) fn new(wire: &'a [u8], utf8: bool) -> Self {
        let rest = wire.strip_prefix(b"A1 ").expect("a tag");
        Self { rest, utf8 }
    }

    /// Whether that is next; if it is, it is read.
    pub(crate) fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text.as_bytes());
        rest.inspect(|rest| self.rest = rest).is_some()
    }

    pub(crate) fn expect(&mut self, text: &str) {
        assert!(self.takes(text), "no {text:?} in front of {}", self.rest.escape_ascii());
    }

    pub(crate) fn next(&self) -> u8 {
        self.rest[0]
    }

    pub(crate) fn is_in_front_of(&self, text: &str) -> bool {
        self.rest.starts_with(text.as_bytes())
    }

    pub(crate) fn end(&self) {
        assert_eq!(self.rest, b"\r\n");
    }

    /// Whether the command ends here.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest == b"\r\n"
    }

    fn while_some(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let len = self.rest.iter().take_while(|byte| fits(**byte)).count();
        assert!(len > 0, "nothing fits in {}", self.rest.escape_ascii());
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        str::from_utf8(taken).expect("ASCII")
    }

    /// `atom`, or the name of a part of a command such as `+FLAGS`.
    pub(crate) fn word(&mut self) -> &'a str {
        self.while_some(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte))
    }

    /// A word that also ends before such a bracket.
    pub(crate) fn word_before(&mut self, bracket: &str) -> &'a str {
        self.while_some(|byte| {
            byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte) && !bracket.contains(char::from(byte))
        })
    }

    /// A flag, or an attribute with its backslash; Gmail's may contain `]`.
    pub(crate) fn flag(&mut self) -> &'a str {
        self.while_some(|byte| byte.is_ascii_graphic() && !b"(){%*\"".contains(&byte))
    }

    pub(crate) fn number(&mut self) -> u64 {
        let digits = self.while_some(|byte| byte.is_ascii_digit());
        assert!(digits == "0" || !digits.starts_with('0'), "{digits}");
        digits.parse().expect("a number of 64 bits")
    }

    pub(crate) fn small(&mut self) -> u32 {
        self.number().try_into().expect("a number of 32 bits")
    }

    pub(crate) fn uids(&mut self) -> Uids {
        self.while_some(|byte| byte.is_ascii_digit() || b":,*".contains(&byte)).parse().expect("a set")
    }

    pub(crate) fn astring(&mut self) -> Vec<u8> {
        match self.next() {
            b'"' | b'{' => self.string(),
            _ => self.while_some(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\".contains(&byte)).into(),
        }
    }

    pub(crate) fn string(&mut self) -> Vec<u8> {
        if self.next() == b'{' {
            let bytes = self.literal();
            assert!(!bytes.contains(&0), "a NUL");
            return bytes;
        }
        self.expect("\"");
        let mut text = Vec::new();
        loop {
            match self.byte() {
                b'"' => return text,
                b'\\' => {
                    let escaped = self.byte();
                    assert!(b"\"\\".contains(&escaped));
                    text.push(escaped);
                }
                byte => {
                    assert!(!byte.is_ascii_control() && (self.utf8 || byte.is_ascii()), "{byte} in quotes");
                    text.push(byte);
                }
            }
        }
    }

    /// The content of a literal of either kind.
    pub(crate) fn literal(&mut self) -> Vec<u8> {
        self.expect("{");
        let len = self.number().try_into().expect("a length");
        self.expect("+}\r\n");
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = rest;
        bytes.to_vec()
    }

    pub(crate) fn literal8(&mut self) -> Vec<u8> {
        self.expect("~");
        self.literal()
    }

    pub(crate) fn nstring(&mut self) -> Option<Vec<u8>> {
        if self.takes("NIL") { None } else { Some(self.string()) }
    }

    pub(crate) fn text(&mut self) -> String {
        String::from_utf8(self.astring()).expect("UTF-8")
    }

    pub(crate) fn string_text(&mut self) -> String {
        String::from_utf8(self.string()).expect("UTF-8")
    }

    pub(crate) fn mailbox(&mut self) -> MailboxName {
        MailboxName::from_wire(&self.astring(), self.utf8)
    }

    /// A pattern of LIST, always a string here.
    pub(crate) fn pattern(&mut self) -> String {
        let pattern = self.string();
        if pattern.is_empty() { String::new() } else { MailboxName::from_wire(&pattern, self.utf8).as_str().to_owned() }
    }

    pub(crate) fn entry(&mut self) -> EntryName {
        EntryName::new(&self.text()).expect("an entry")
    }

    /// The items between parentheses, separated by a space.
    pub(crate) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.expect("(");
        let mut all = Vec::new();
        while !self.takes(")") {
            if !all.is_empty() {
                self.expect(" ");
            }
            all.push(one(self));
        }
        all
    }

    /// The remaining items, each after a space, up to the end.
    pub(crate) fn each<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        while self.takes(" ") {
            all.push(one(self));
        }
        all
    }

    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.rest.split_first().expect("more of a string");
        self.rest = rest;
        *byte
    }
}
