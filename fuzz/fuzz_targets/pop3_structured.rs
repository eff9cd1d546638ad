//! POP3 replies that are well formed, made of arbitrary values: each gives its values back, alone and within a listing that comes
//! in pieces.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use postroom::pop3::codec::{Lines, Multiline, Status, capabilities, language_line, reply, scan_line, stat, uidl_line};
use postroom_fuzz::{stuffed, within};

#[derive(Arbitrary, Debug)]
struct Said {
    ok: bool,
    code: Option<(Vec<Letter>, Option<u32>)>,
    text: String,
    listing: Listing,
    step: u8,
}

#[derive(Arbitrary, Debug)]
enum Listing {
    None,
    Stat(u64, u64),
    Scan(Vec<(std::num::NonZeroU32, u64)>),
    Uidl(Vec<(std::num::NonZeroU32, Vec<Letter>)>),
    Capa { names: Vec<Vec<Letter>>, mechanisms: Vec<Vec<Letter>>, delay: Option<u32> },
    Lang(Vec<(Vec<Letter>, String)>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Letter(u8);

libfuzzer_sys::fuzz_target!(|said: Said| {
    said.status();
    match &said.listing {
        Listing::None => {}
        Listing::Stat(messages, octets) => {
            let read = stat(format!("{messages} {octets}").as_bytes()).expect("two numbers");
            assert_eq!((read.messages, read.octets), (*messages, *octets));
        }
        Listing::Scan(lines) => {
            let sent: Vec<_> = lines.iter().map(|(number, octets)| format!("{number} {octets}")).collect();
            let read = |line: &[u8]| scan_line(line).map(|(number, octets)| (number.to_string(), octets));
            said.listed(&sent, |line, place| {
                assert_eq!(read(line), Some((lines[place].0.to_string(), lines[place].1)))
            });
        }
        Listing::Uidl(lines) => {
            let sent: Vec<_> = lines.iter().map(|(number, id)| format!("{number} {}", word(id))).collect();
            said.listed(&sent, |line, place| {
                let (number, uidl) = uidl_line(line).expect("a number and an id");
                assert_eq!(
                    (number.to_string(), uidl.as_bytes()),
                    (lines[place].0.to_string(), word(&lines[place].1).as_bytes())
                );
            });
        }
        Listing::Lang(lines) => {
            let sent: Vec<_> = lines.iter().map(|(tag, name)| format!("{} {}", word(tag), line(name))).collect();
            said.listed(&sent, |one, place| {
                let read = language_line(one).expect("a tag and a name");
                assert_eq!(
                    (read.tag, &read.description[..]),
                    (word(&lines[place].0), line(&lines[place].1).trim_ascii())
                );
            });
        }
        Listing::Capa { names, mechanisms, delay } => said.capabilities(names, mechanisms, *delay),
    }
});

impl Said {
    fn status(&self) {
        let code = self.code.as_ref().map(|(name, data)| {
            let data = data.map_or_else(String::new, |data| format!(" {data}"));
            (word(name).to_uppercase(), data)
        });
        let front = code.as_ref().map_or_else(String::new, |(name, data)| format!("[{name}{data}] "));
        // Without a code in front, a text must not look like one.
        let text = line(&self.text).replace('[', "(");
        let sent = format!("{} {front}{text}\r\n", if self.ok { "+OK" } else { "-ERR" });
        let read = within(sent.as_bytes(), || reply(sent.as_bytes())).expect("a status");
        assert_eq!(read.status, if self.ok { Status::Ok } else { Status::Err });
        let found = read.code.as_ref().map(|code| (code.name().to_owned(), code.data().to_owned()));
        assert_eq!(found, code.map(|(name, data)| (name, data.trim().to_owned())));
        assert_eq!(read.text(), text.trim_ascii());
    }

    fn capabilities(&self, names: &[Vec<Letter>], mechanisms: &[Vec<Letter>], delay: Option<u32>) {
        let mut sent: Vec<_> = names.iter().map(|name| format!("X{}", word(name))).collect();
        let mechanisms: Vec<_> = mechanisms.iter().map(|name| word(name)).collect();
        sent.extend((!mechanisms.is_empty()).then(|| format!("SASL {}", mechanisms.join(" "))));
        sent.extend(delay.map(|delay| format!("LOGIN-DELAY {delay} USER")));
        let body = sent.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let read = within(body.as_bytes(), || capabilities(body.as_bytes()));
        assert!(names.iter().all(|name| read.has(&format!("X{}", word(name)))));
        let found: Vec<_> = read.mechanisms().map(str::to_ascii_uppercase).collect();
        assert_eq!(found, mechanisms.iter().map(|name| name.to_ascii_uppercase()).collect::<Vec<_>>());
        self.listed(&sent, |line, place| assert_eq!(line, sent[place].as_bytes()));
    }

    /// Sends the lines as a multi-line reply in pieces, and looks at each that comes out.
    fn listed(&self, lines: &[String], look: impl Fn(&[u8], usize)) {
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let sent = stuffed(body.as_bytes());
        let (mut scanner, mut input) = (Multiline::new(), BytesMut::new());
        let mut pieces = sent.chunks(usize::from(self.step) + 1);
        let cut = within(&sent, || {
            loop {
                input.extend_from_slice(pieces.next().expect("the end of the reply"));
                if let Some(cut) = scanner.scan(&mut input) {
                    return cut;
                }
            }
        });
        let read = cut.split(&mut input);
        assert!(read == body.as_bytes() && input.is_empty() && pieces.next().is_none());
        assert_eq!(Lines::new(&read).count(), lines.len());
        Lines::new(&read).enumerate().for_each(|(place, line)| look(line, place));
    }
}

/// A word of letters, digits and a dot in front at times; never empty, and never longer than an id may be.
fn word(letters: &[Letter]) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    let letter = |letter: &Letter| char::from(ALPHABET[usize::from(letter.0) % ALPHABET.len()]);
    let word: String = letters.iter().take(70).map(letter).collect();
    if word.is_empty() { "x".to_owned() } else { word }
}

/// A text that fits into a line.
fn line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
