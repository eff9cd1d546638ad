//! What a POP3 server says, of arbitrary values: status lines with codes, listings and capabilities. It must not know how a reply
//! is split into pieces.

use std::num::NonZeroU32;
use std::time::Duration;

use arbitrary::Arbitrary;
use postroom::pop3::codec::{Indicator, Reply, language_line, scan_line, stat, uidl_line};
use postroom::pop3::{Capabilities, Expire};

use super::wire::{Line, Word};

/// A status line.
#[derive(Arbitrary, Clone, Debug)]
pub struct Verdict {
    ok: bool,
    code: Option<(Word, Option<Word>, Option<u32>)>,
    text: Line,
}

/// What follows on further lines, or on the same one.
#[derive(Arbitrary, Clone, Debug)]
pub enum Listing {
    Stat(u64, u64),
    Scan(Vec<(NonZeroU32, u64)>),
    Uidl(Vec<(NonZeroU32, Word)>),
    Capa(Announced),
    Lang(Vec<(Word, Line)>),
}

/// The content of CAPA.
#[derive(Arbitrary, Clone, Debug)]
pub struct Announced {
    names: Vec<(Word, Line)>,
    mechanisms: Vec<Word>,
    delay: Option<(u32, bool)>,
    expire: Option<(Option<u16>, bool)>,
    utf8_user: Option<bool>,
}

impl Verdict {
    /// With its line end.
    pub fn write(&self) -> String {
        let word = if self.ok { "+OK" } else { "-ERR" };
        let code = self.code.as_ref().map_or_else(String::new, |(name, level, data)| {
            let level = level.as_ref().map_or_else(String::new, |level| format!("/{}", level.0));
            let data = data.map_or_else(String::new, |data| format!(" {data}"));
            format!("[{}{level}{data}] ", name.0)
        });
        format!("{word} {code}{}\r\n", self.text())
    }

    /// Every value is found.
    pub fn check(&self, read: &Reply<'_>) {
        assert_eq!(read.indicator, if self.ok { Indicator::Ok } else { Indicator::Err });
        let found = read.code.as_ref().map(|code| (code.name().to_owned(), code.data().to_owned()));
        let said = self.code.as_ref().map(|(name, level, data)| {
            let level = level.as_ref().map_or_else(String::new, |level| format!("/{}", level.0));
            let name = format!("{}{level}", name.0).to_uppercase();
            (name, data.map_or_else(String::new, |data| data.to_string()))
        });
        assert_eq!(found, said);
        assert_eq!(read.text(), self.text().trim_ascii());
    }

    /// Without a code before it, a text must not look like one.
    fn text(&self) -> String {
        self.text.0.replace('[', "(")
    }
}

impl Listing {
    /// The lines, without their ends; of STAT, what follows its `+OK`.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Stat(messages, octets) => vec![format!("{messages} {octets}")],
            Self::Scan(lines) => lines.iter().map(|(number, octets)| format!("{number} {octets}")).collect(),
            Self::Uidl(lines) => lines.iter().map(|(number, id)| format!("{number} {}", id.0)).collect(),
            Self::Lang(lines) => lines.iter().map(|(tag, name)| format!("{} {}", tag.0, name.0)).collect(),
            Self::Capa(announced) => announced.lines(),
        }
    }

    /// The values of that line are found in these bytes.
    pub fn check(&self, place: usize, line: &[u8]) {
        match self {
            Self::Stat(messages, octets) => {
                let read = stat(line).expect("two numbers");
                assert_eq!((read.messages, read.octets), (*messages, *octets));
            }
            Self::Scan(lines) => {
                let (number, octets) = scan_line(line).expect("a number and a size");
                assert_eq!((number.as_u32(), octets), (lines[place].0.get(), lines[place].1));
            }
            Self::Uidl(lines) => {
                let (number, uidl) = uidl_line(line).expect("a number and an id");
                assert_eq!((number.as_u32(), uidl.as_bytes()), (lines[place].0.get(), lines[place].1.0.as_bytes()));
            }
            Self::Lang(lines) => {
                let read = language_line(line).expect("a tag and a name");
                assert_eq!((&*read.tag, &*read.description), (&*lines[place].0.0, lines[place].1.0.trim_ascii()));
            }
            Self::Capa(announced) => assert_eq!(line, announced.lines()[place].as_bytes()),
        }
    }
}

impl Announced {
    fn lines(&self) -> Vec<String> {
        let mechanisms: String = self.mechanisms.iter().map(|name| format!(" {}", name.0)).collect();
        let varies = |varies: bool| if varies { " USER" } else { "" };
        let mut lines: Vec<_> = self.names.iter().map(|(name, rest)| format!("X{} {}", name.0, rest.0)).collect();
        lines.extend((!mechanisms.is_empty()).then(|| format!("SASL{mechanisms}")));
        lines.extend(self.delay.map(|(seconds, user)| format!("LOGIN-DELAY {seconds}{}", varies(user))));
        lines.extend(self.expire.map(|(days, user)| {
            let days = days.map_or_else(|| "NEVER".to_owned(), |days| days.to_string());
            format!("EXPIRE {days}{}", varies(user))
        }));
        lines.extend(self.utf8_user.map(|user| format!("UTF8{}", varies(user))));
        lines
    }

    /// Every value is found.
    pub fn check(&self, read: &Capabilities) {
        assert!(self.names.iter().all(|(name, _)| read.has(&format!("X{}", name.0))));
        let found: Vec<_> = read.mechanisms().map(str::to_ascii_uppercase).collect();
        assert_eq!(found, self.mechanisms.iter().map(|name| name.0.to_ascii_uppercase()).collect::<Vec<_>>());
        let delay = self.delay.map(|(seconds, _)| Duration::from_secs(seconds.into()));
        assert_eq!(read.login_delay(), delay);
        assert_eq!(read.login_delay_varies(), self.delay.is_some_and(|(_, user)| user));
        let expire = self.expire.map(|(days, _)| days.map_or(Expire::Never, |days| Expire::Days(days.into())));
        assert_eq!(read.expire(), expire);
        assert_eq!(read.expire_varies(), self.expire.is_some_and(|(_, user)| user));
        assert_eq!((read.utf8(), read.utf8_user()), (self.utf8_user.is_some(), self.utf8_user == Some(true)));
    }
}

/// A body as it is sent: with its dots stuffed, and the dot that ends it (RFC 1939 §3).
pub fn stuffed(body: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(body.len() + 3);
    for (at, byte) in body.iter().enumerate() {
        if *byte == b'.' && (at == 0 || body[..at].ends_with(b"\r\n")) {
            sent.push(b'.');
        }
        sent.push(*byte);
    }
    sent.extend_from_slice(b".\r\n");
    sent
}
