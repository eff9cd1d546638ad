//! Address lists of RFC 5322 as IMAP's ENVELOPE shows them: encoded words stay as they are (RFC 3501 §7.4.2).

use super::print;

/// One element of an address list. A missing host is empty, since NIL there means a group.
enum Address {
    Mailbox { name: Option<Vec<u8>>, route: Option<Vec<u8>>, local: Vec<u8>, host: Vec<u8> },
    GroupStart(Vec<u8>),
    GroupEnd,
}

/// Prints the list, or NIL if it is empty.
pub(super) fn print_list(value: Option<&[u8]>, out: &mut Vec<u8>) {
    let all = value.map(|value| Parser { text: value, at: 0 }.list()).unwrap_or_default();
    if all.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for address in &all {
        let (name, route, local, host) = match address {
            Address::Mailbox { name, route, local, host } => {
                (name.as_deref(), route.as_deref(), Some(local.as_slice()), Some(host.as_slice()))
            }
            Address::GroupStart(name) => (None, None, Some(name.as_slice()), None),
            Address::GroupEnd => (None, None, None, None),
        };
        out.push(b'(');
        print::nstring(name, out);
        for value in [route, local, host] {
            out.push(b' ');
            print::nstring(value, out);
        }
        out.push(b')');
    }
    out.push(b')');
}

/// The first address of a list; of a group, only its name is known, as the part before the `@`.
#[derive(Default)]
pub(super) struct First {
    pub(super) name: Option<Vec<u8>>,
    pub(super) local: Vec<u8>,
    pub(super) host: Vec<u8>,
}

pub(super) fn first(value: &[u8]) -> Option<First> {
    match (Parser { text: value, at: 0 }).list().into_iter().next()? {
        Address::Mailbox { name, local, host, .. } => Some(First { name, local, host }),
        Address::GroupStart(local) => Some(First { local, ..First::default() }),
        Address::GroupEnd => None,
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

/// A lexical token: a special character, or a word with whether it was quoted.
enum Token {
    Special(u8),
    Word(Vec<u8>),
    Comment(Vec<u8>),
}

impl Parser<'_> {
    fn list(mut self) -> Vec<Address> {
        let mut all = Vec::new();
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut comment = None;
        let mut bare: Option<Vec<u8>> = None;
        let mut grouped = false;
        loop {
            let token = self.token();
            match token {
                Some(Token::Word(word)) => match &mut bare {
                    Some(host) => host.extend_from_slice(&word),
                    None => words.push(word),
                },
                Some(Token::Comment(text)) => comment = Some(text),
                Some(Token::Special(b'<')) => {
                    let name = phrase(&mut words);
                    all.extend(self.angle(name));
                    comment = None;
                    bare = None;
                    self.skip_to_separator();
                }
                Some(Token::Special(b'@')) => bare = Some(Vec::new()),
                Some(Token::Special(b'.')) => match (&mut bare, words.last_mut()) {
                    (Some(host), _) => host.push(b'.'),
                    (None, Some(word)) => {
                        word.push(b'.');
                        if let Some(Token::Word(next)) = self.token_if_word() {
                            word.extend_from_slice(&next);
                        }
                    }
                    (None, None) => words.push(b".".to_vec()),
                },
                Some(Token::Special(b':')) if !grouped => {
                    grouped = true;
                    all.push(Address::GroupStart(phrase(&mut words).unwrap_or_default()));
                }
                Some(Token::Special(b',' | b';')) | None => {
                    if let Some(local) = phrase(&mut words) {
                        all.push(Address::Mailbox {
                            name: comment.take(),
                            route: None,
                            local,
                            host: bare.take().unwrap_or_default(),
                        });
                    }
                    comment = None;
                    bare = None;
                    if grouped && !matches!(token, Some(Token::Special(b','))) {
                        grouped = false;
                        all.push(Address::GroupEnd);
                    }
                    if token.is_none() {
                        return all;
                    }
                }
                Some(Token::Special(other)) => words.push(vec![other]),
            }
        }
    }

    /// The text between `<` and `>`, possibly with a source route.
    fn angle(&mut self, name: Option<Vec<u8>>) -> Option<Address> {
        let rest = self.text.get(self.at..)?;
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        let inner = rest.get(..end)?.trim_ascii();
        self.at += (end + 1).min(rest.len());
        let (route, address) = match inner.first().zip(memchr::memchr(b':', inner)) {
            Some((b'@', colon)) => (inner.get(..colon).map(<[u8]>::to_vec), inner.get(colon + 1..)?),
            _ => (None, inner),
        };
        let (local, host) = match memchr::memrchr(b'@', address) {
            Some(at) => (address.get(..at)?, address.get(at + 1..).unwrap_or_default().to_vec()),
            None => (address, Vec::new()),
        };
        let local = Parser { text: local, at: 0 }.unquoted();
        Some(Address::Mailbox { name, route, local, host })
    }

    fn unquoted(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(token) = self.token() {
            match token {
                Token::Word(word) => out.extend(word),
                Token::Special(byte) => out.push(byte),
                Token::Comment(_) => {}
            }
        }
        out
    }

    fn skip_to_separator(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            if matches!(byte, b',' | b';') {
                break;
            }
            self.at += 1;
        }
    }

    fn token_if_word(&mut self) -> Option<Token> {
        let next = self.text.get(self.at)?;
        (!is_special(*next) && !next.is_ascii_whitespace()).then(|| self.token())?
    }

    fn token(&mut self) -> Option<Token> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let first = *self.text.get(self.at)?;
        match first {
            b'"' => Some(Token::Word(self.enclosed(b'"'))),
            b'(' => Some(Token::Comment(self.enclosed(b')'))),
            _ if is_special(first) => {
                self.at += 1;
                Some(Token::Special(first))
            }
            _ => {
                let rest = self.text.get(self.at..)?;
                let ends = |byte: &u8| is_special(*byte) || byte.is_ascii_whitespace();
                let word = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
                self.at += word.len();
                Some(Token::Word(word.to_vec()))
            }
        }
    }

    /// A quoted string or a comment, its escapes undone; nested comments are kept.
    fn enclosed(&mut self, close: u8) -> Vec<u8> {
        let mut out = Vec::new();
        let mut depth = 1;
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            if byte == b'\\' {
                out.extend(self.text.get(self.at));
                self.at += 1;
                continue;
            }
            depth += i32::from(close == b')' && byte == b'(');
            depth -= i32::from(byte == close);
            if depth == 0 {
                break;
            }
            out.push(byte);
        }
        out
    }
}

fn phrase(words: &mut Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let phrase = words.join(&b' ');
    words.clear();
    (!phrase.is_empty()).then_some(phrase)
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' | b'"' | b'(' | b')')
}
