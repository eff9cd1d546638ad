//! A server of either protocol that answers each reading of a message, and declares its size, as the test says. It counts
//! commands and octets, and knows no test.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// How a message is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Text(String),
    /// IMAP: `BODY[] NIL`.
    Nil,
    /// IMAP: `BODY[] ""`.
    Quoted,
    /// IMAP: `BODY[] {0}`; POP3: `+OK` and an empty text.
    Empty,
    /// IMAP: the size and no body.
    NoBody,
    /// IMAP: `RFC822.SIZE 0 BODY[] {0}`, as pymap answers for a message that is gone.
    Zero,
    /// POP3: `-ERR`. IMAP: the message is left out.
    Refused,
}

#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) name: u32,
    pub(crate) declared: usize,
    /// For the first reading, the second and so on; the last one applies to all later readings.
    pub(crate) answers: Vec<Answer>,
    /// Another session expunges it after it was listed.
    pub(crate) goes: bool,
    /// The same, at that reading.
    pub(crate) goes_at: usize,
    pub(crate) readings: usize,
    /// IMAP: how many times its header is missing.
    pub(crate) hides: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Post {
    pub(crate) letters: Vec<Letter>,
    /// POP3: whether it has no UIDL.
    pub(crate) nameless: bool,
    /// IMAP: whether it refuses to search.
    pub(crate) no_search: bool,
    /// What it says in addition to its listing, at its end.
    pub(crate) noise: &'static str,
    pub(crate) commands: Vec<String>,
    pub(crate) sent: usize,
    /// The octets after which the connection is closed; what was done by then stays done.
    pub(crate) cut: Option<usize>,
}

pub(crate) type Shared = Arc<Mutex<Post>>;

pub(crate) fn text(subject: &str) -> String {
    format!("Subject: {subject}\r\n\r\nThis is {subject}.\r\n")
}

impl Letter {
    /// A message whose declared size is wrong by this many octets.
    pub(crate) fn new(name: u32, off: isize) -> Self {
        let text = text(&format!("message {name}"));
        let declared = text.len().saturating_add_signed(off);
        Self { name, declared, answers: vec![Answer::Text(text)], goes: false, goes_at: 0, readings: 0, hides: 0 }
    }

    pub(crate) fn answers(self, declared: usize, answers: impl Into<Vec<Answer>>) -> Self {
        Self { declared, answers: answers.into(), ..self }
    }

    fn read(&mut self) -> Answer {
        self.readings += 1;
        self.goes |= self.readings == self.goes_at;
        self.answers[(self.readings - 1).min(self.answers.len() - 1)].clone()
    }

    fn header(&self) -> String {
        let Some(Answer::Text(text)) = self.answers.last() else { return String::new() };
        text.split_inclusive("\r\n\r\n").next().unwrap().to_owned()
    }

    /// The body as IMAP sends it, with its prefix.
    fn body(&mut self, section: &str) -> String {
        let declared = self.declared;
        match self.read() {
            Answer::Text(text) => format!("RFC822.SIZE {declared} {section} {{{}}}\r\n{text}", text.len()),
            Answer::Nil => format!("RFC822.SIZE {declared} {section} NIL"),
            Answer::Quoted => format!("RFC822.SIZE {declared} {section} \"\""),
            Answer::Empty => format!("RFC822.SIZE {declared} {section} {{0}}\r\n"),
            Answer::NoBody => format!("RFC822.SIZE {declared}"),
            Answer::Zero => format!("RFC822.SIZE 0 {section} {{0}}\r\n"),
            Answer::Refused => String::new(),
        }
    }
}

/// Whether the connection goes on.
async fn send(stream: &mut BufReader<DuplexStream>, post: &Shared, text: &str) -> bool {
    let end = {
        let mut post = post.lock().unwrap();
        post.sent += text.len();
        let end = post.cut.map_or(text.len(), |left| left.min(text.len()));
        post.cut = post.cut.map(|left| left - end);
        end
    };
    stream.write_all(&text.as_bytes()[..end]).await.is_ok() && end == text.len()
}

/// What the client says after this was sent to it.
async fn next_line(stream: &mut BufReader<DuplexStream>, post: &Shared, out: &str) -> Option<String> {
    let mut line = String::new();
    let heard = send(stream, post, out).await && stream.read_line(&mut line).await.is_ok_and(|count| count > 0);
    heard.then_some(line)
}

pub(crate) async fn imap(stream: DuplexStream, post: Shared) {
    let mut stream = BufReader::new(stream);
    let mut uids: Vec<u32> = post.lock().unwrap().letters.iter().map(|letter| letter.name).collect();
    let mut out = "* PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS] ready\r\n".to_owned();
    while let Some(line) = next_line(&mut stream, &post, &out).await {
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        let mut post = post.lock().unwrap();
        post.commands.push(command.to_owned());
        out = imap_answer(command, &mut post, &mut uids);
        let refused = post.no_search && command.starts_with("UID SEARCH");
        out.push_str(&format!("{tag} {}\r\n", if refused { "NO not now" } else { "OK done" }));
    }
}

fn imap_answer(command: &str, post: &mut Post, uids: &mut Vec<u32>) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let mut out = String::new();
    match *words.as_slice() {
        ["SELECT", ..] => out.push_str(&format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n", uids.len())),
        ["NOOP"] => {
            for letter in post.letters.iter().filter(|letter| letter.goes) {
                if let Some(at) = uids.iter().position(|uid| *uid == letter.name) {
                    uids.remove(at);
                    out.push_str(&format!("* {} EXPUNGE\r\n", at + 1));
                }
            }
            post.letters.retain(|letter| !letter.goes);
        }
        ["UID", "SEARCH", ..] if post.no_search => {}
        ["UID", "SEARCH", ..] => {
            let found = post.letters.iter().filter(|letter| !letter.goes).map(|letter| format!(" {}", letter.name));
            out.push_str(&format!("* SEARCH{}\r\n", found.collect::<String>()));
        }
        ["UID", "FETCH", set, ..] => {
            for (at, uid) in (1..).zip(uids.iter()).filter(|(_, uid)| is_in(set, **uid)) {
                let Some(letter) = post.letters.iter_mut().find(|letter| letter.name == *uid) else { continue };
                let items = if command.contains("BODY.PEEK[]<") {
                    letter.body("BODY[]<0>")
                } else if command.contains("BODY.PEEK[]") {
                    letter.body("BODY[]")
                } else if command.contains("BODY.PEEK[HEADER]") {
                    let header = letter.header();
                    let hides = letter.hides > 0;
                    letter.hides = letter.hides.saturating_sub(1);
                    if hides { String::new() } else { format!("BODY[HEADER] {{{}}}\r\n{header}", header.len()) }
                } else {
                    let date = "01-Jan-2024 00:00:00 +0000";
                    format!("FLAGS () INTERNALDATE \"{date}\" RFC822.SIZE {}", letter.declared)
                };
                if !items.is_empty() {
                    out.push_str(&format!("* {at} FETCH (UID {uid} {items})\r\n"));
                }
            }
            if command.contains("INTERNALDATE") {
                out.push_str(post.noise);
            }
        }
        ["UID", "EXPUNGE", set] => {
            post.letters.retain(|letter| letter.goes || !is_in(set, letter.name));
            while let Some(at) = uids.iter().position(|uid| is_in(set, *uid)) {
                uids.remove(at);
                out.push_str(&format!("* {} EXPUNGE\r\n", at + 1));
            }
        }
        _ => {}
    }
    out
}

fn is_in(set: &str, uid: u32) -> bool {
    set.split(',').any(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str| if text == "*" { u32::MAX } else { text.parse().unwrap() };
        (number(from)..=number(to)).contains(&uid)
    })
}

pub(crate) async fn pop3(stream: DuplexStream, post: Shared) {
    let mut stream = BufReader::new(stream);
    let names: Vec<u32> = post.lock().unwrap().letters.iter().map(|letter| letter.name).collect();
    let mut marked = Vec::new();
    let mut out = "+OK\r\n".to_owned();
    while let Some(line) = next_line(&mut stream, &post, &out).await {
        let mut post = post.lock().unwrap();
        post.commands.push(line.trim_end().to_owned());
        let mut words = line.split_ascii_whitespace();
        let command = words.next().unwrap_or_default().to_owned();
        let name = words.next().and_then(|word| names.get(word.parse::<usize>().ok()? - 1)).copied();
        let rows: Vec<_> = (1..).zip(&post.letters).map(|(at, letter)| (at, letter.name, letter.declared)).collect();
        let nameless = post.nameless;
        let noise = post.noise;
        let letter = post.letters.iter_mut().find(|letter| Some(letter.name) == name);
        out = match (&*command, letter) {
            ("USER" | "PASS" | "NOOP", _) => "+OK\r\n".to_owned(),
            ("CAPA", _) => "+OK\r\nUSER\r\nPIPELINING\r\nTOP\r\n.\r\n".to_owned(),
            ("STAT", _) => format!("+OK {} 1000\r\n", rows.len()),
            ("LIST", None) => listing(rows.iter().map(|(at, _, declared)| format!("{at} {declared}\r\n"))),
            ("UIDL", None) if !nameless => {
                let rows = rows.iter().map(|(at, name, _)| format!("{at} name{name}\r\n"));
                listing(rows.chain([noise.to_owned()]))
            }
            ("RETR", Some(letter)) => match letter.read() {
                Answer::Text(text) => format!("+OK\r\n{text}.\r\n"),
                Answer::Empty => "+OK\r\n.\r\n".to_owned(),
                _ => "-ERR cannot be read\r\n".to_owned(),
            },
            ("TOP", Some(letter)) => format!("+OK\r\n{}.\r\n", letter.header()),
            ("DELE", Some(letter)) => {
                marked.push(letter.name);
                "+OK\r\n".to_owned()
            }
            ("QUIT", _) => {
                post.letters.retain(|letter| !marked.contains(&letter.name));
                "+OK\r\n".to_owned()
            }
            _ => "-ERR\r\n".to_owned(),
        };
    }
}

fn listing(rows: impl Iterator<Item = String>) -> String {
    format!("+OK\r\n{}.\r\n", rows.collect::<String>())
}
