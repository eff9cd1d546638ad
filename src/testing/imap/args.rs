//! A cursor over one command: its text, with a NUL in the place of each literal, and the literals. It must not know a command.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;

use super::name;
use crate::testing::store;

/// Why a command does not end with OK.
pub(super) enum Stop {
    No(String),
    Bad(String),
    Io(io::Error),
    /// The tagged reply was sent already.
    Answered,
}

impl Stop {
    pub(super) fn no(text: &str) -> Self {
        Self::No(text.to_owned())
    }

    pub(super) fn bad(text: &str) -> Self {
        Self::Bad(text.to_owned())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[derive(Clone, Default)]
pub(super) struct Args {
    /// Whether mailbox names are in UTF-8.
    utf8: bool,
    text: Vec<u8>,
    at: usize,
    literals: VecDeque<Bytes>,
}

impl Args {
    pub(super) fn new(utf8: bool) -> Self {
        Self { utf8, ..Self::default() }
    }

    pub(super) fn push_text(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    pub(super) fn push_literal_mark(&mut self) {
        self.text.push(0);
    }

    pub(super) fn push_literal(&mut self, literal: Bytes) {
        self.literals.push_back(literal);
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Whether these characters are next.
    pub(super) fn is_next(&self, start: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(start))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.peek().is_none()
    }

    pub(super) fn end(&self) -> Result<(), Stop> {
        if self.is_at_end() { Ok(()) } else { Err(Stop::bad("Unexpected arguments")) }
    }

    /// Reads this byte, if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Stop::Bad(format!("Expected {:?} at column {}", char::from(byte), self.at)))
        }
    }

    pub(super) fn space(&mut self) -> Result<(), Stop> {
        self.expect(b' ')
    }

    fn run(&mut self, wanted: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.text.get(start..self.at).and_then(|run| std::str::from_utf8(run).ok()).unwrap_or_default()
    }

    fn run_of(&mut self, wanted: impl Fn(u8) -> bool, what: &str) -> Result<String, Stop> {
        match self.run(wanted) {
            "" => Err(Stop::Bad(format!("Expected {what}"))),
            run => Ok(run.to_owned()),
        }
    }

    /// The tag and the space after it.
    pub(super) fn tag(&mut self) -> Result<String, Stop> {
        let tag = self.run_of(|byte| is_astring(byte) && byte != b'+', "a tag")?;
        self.space()?;
        Ok(tag)
    }

    /// A command's name and the space after it, if arguments follow.
    pub(super) fn word(&mut self) -> Result<String, Stop> {
        let word = self.atom()?;
        self.take(b' ');
        Ok(word)
    }

    pub(super) fn atom(&mut self) -> Result<String, Stop> {
        self.run_of(is_atom, "an atom")
    }

    /// A word of FETCH's grammar: letters, digits and dots.
    pub(super) fn item_word(&mut self) -> Result<String, Stop> {
        self.run_of(|byte| byte.is_ascii_alphanumeric() || byte == b'.', "an item")
    }

    pub(super) fn number(&mut self) -> Result<u32, Stop> {
        let digits = self.run_of(|byte| byte.is_ascii_digit(), "a number")?;
        digits.parse().map_err(|_| Stop::bad("The number is too large"))
    }

    /// A mod-sequence.
    pub(super) fn number64(&mut self) -> Result<u64, Stop> {
        let digits = self.run_of(|byte| byte.is_ascii_digit(), "a number")?;
        digits.parse().map_err(|_| Stop::bad("The number is too large"))
    }

    /// A flag in its stored form; `\Recent` is not valid (RFC 3501 §9, flag).
    pub(super) fn flag(&mut self) -> Result<String, Stop> {
        let slash = if self.take(b'\\') { "\\" } else { "" };
        let flag = store::flag(&format!("{slash}{}", self.atom()?));
        if slash.is_empty() || flag.len() > 1 && store_knows(&flag) {
            Ok(flag)
        } else {
            Err(Stop::bad("No such system flag"))
        }
    }

    /// The content of parentheses, with spaces between its parts.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Stop>) -> Result<Vec<T>, Stop> {
        self.expect(b'(')?;
        let mut all = Vec::new();
        while !self.take(b')') {
            if !all.is_empty() {
                self.space()?;
            }
            all.push(one(self)?);
        }
        Ok(all)
    }

    pub(super) fn literal(&mut self) -> Result<Bytes, Stop> {
        self.expect(0)?;
        self.literals.pop_front().ok_or_else(|| Stop::bad("Expected a literal"))
    }

    pub(super) fn quoted(&mut self) -> Result<Vec<u8>, Stop> {
        self.expect(b'"')?;
        let mut value = Vec::new();
        loop {
            let Some(byte) = self.peek() else {
                return Err(Stop::bad("The quoted string has no end"));
            };
            self.at += 1;
            match byte {
                b'"' => return Ok(value),
                b'\\' => {
                    let escaped = self.peek().filter(|byte| matches!(byte, b'"' | b'\\'));
                    value.push(escaped.ok_or_else(|| Stop::bad("Wrong escape in a quoted string"))?);
                    self.at += 1;
                }
                _ => value.push(byte),
            }
        }
    }

    fn string_or(&mut self, wanted: impl Fn(u8) -> bool) -> Result<String, Stop> {
        let value = match self.peek() {
            Some(b'"') => self.quoted()?,
            Some(0) => self.literal()?.to_vec(),
            _ => return self.run_of(wanted, "a string"),
        };
        String::from_utf8(value).map_err(|_| Stop::bad("The string is not UTF-8"))
    }

    pub(super) fn astring(&mut self) -> Result<String, Stop> {
        self.string_or(is_astring)
    }

    /// A reference of LIST.
    pub(super) fn reference(&mut self) -> Result<String, Stop> {
        let name = self.astring()?;
        Ok(if self.utf8 { name::encode(&name) } else { name })
    }

    /// A mailbox pattern of LIST.
    pub(super) fn pattern(&mut self) -> Result<String, Stop> {
        let pattern = self.string_or(|byte| is_astring(byte) || matches!(byte, b'*' | b'%'))?;
        Ok(if self.utf8 { name::encode(&pattern) } else { pattern })
    }

    /// A mailbox name in its stored form.
    pub(super) fn mailbox(&mut self) -> Result<String, Stop> {
        let mut name = self.astring()?;
        if self.utf8 {
            name = name::encode(&name);
        }
        if name.bytes().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
            return Err(Stop::bad("Mailbox names are in modified UTF-7"));
        }
        Ok(store::canonical(&name))
    }

    /// The rest.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let rest = self.text.get(self.at..).unwrap_or_default().to_vec();
        self.at = self.text.len();
        rest
    }

    /// The characters of a sequence set.
    pub(super) fn set_text(&mut self) -> Result<String, Stop> {
        self.run_of(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b':' | b','), "a sequence set")
    }
}

fn store_knows(flag: &str) -> bool {
    ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"].contains(&flag)
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

fn is_astring(byte: u8) -> bool {
    is_atom(byte) || byte == b']'
}
