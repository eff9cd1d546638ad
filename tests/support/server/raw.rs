//! A plain IMAP session by hand, to deliver mail for the client under test and to see what it stored. It must not use
//! the client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::server::Mail;

pub(crate) struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    pub(crate) fn login(port: u16, user: &str, password: &str) -> Self {
        let mut raw = Self { stream: BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()) };
        raw.line();
        raw.send(format!("a LOGIN {} {{{}+}}\r\n{password}\r\n", quoted(user), password.len()).as_bytes());
        raw.ok();
        raw
    }

    pub(crate) fn create(&mut self, mailbox: &str) {
        self.send(format!("a CREATE {}\r\n", quoted(mailbox)).as_bytes());
        self.ok();
    }

    /// All in one write; the server must offer LITERAL+.
    pub(crate) fn append(&mut self, mailbox: &str, messages: &[Vec<u8>]) {
        let mut all = Vec::new();
        for message in messages {
            all.extend_from_slice(format!("a APPEND {} {{{}+}}\r\n", quoted(mailbox), message.len()).as_bytes());
            all.extend_from_slice(message);
            all.extend_from_slice(b"\r\n");
        }
        let mut writing = self.stream.get_ref().try_clone().unwrap();
        let writer = std::thread::spawn(move || writing.write_all(&all).unwrap());
        for _ in messages {
            self.ok();
        }
        writer.join().unwrap();
    }

    /// Every message of the mailbox in the order of their UIDs.
    pub(crate) fn messages(&mut self, mailbox: &str) -> Vec<Vec<u8>> {
        self.send(format!("a EXAMINE {}\r\n", quoted(mailbox)).as_bytes());
        self.ok();
        self.send(b"a UID FETCH 1:* BODY.PEEK[]\r\n");
        self.ok()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// The literals that came before the OK.
    fn ok(&mut self) -> Vec<Vec<u8>> {
        let mut literals = Vec::new();
        loop {
            let line = self.line();
            if let Some((_, size)) = line.strip_suffix("}\r\n").and_then(|line| line.rsplit_once('{')) {
                let mut literal = vec![0; size.parse().unwrap()];
                self.stream.read_exact(&mut literal).unwrap();
                literals.push(literal);
            } else if let Some(reply) = line.strip_prefix("a ") {
                assert!(reply.starts_with("OK"), "{reply}");
                return literals;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        assert!(!line.is_empty(), "the server closed the connection");
        String::from_utf8_lossy(&line).into_owned()
    }
}

/// A server whose mail is delivered and read back by such a session.
pub(crate) trait ByRaw {
    /// As this user.
    fn session(&self, user: &str) -> Raw;

    /// A mailbox's name on the wire.
    fn path(&self, mailbox: &str) -> String {
        modified_utf7(mailbox)
    }
}

impl<S: ByRaw> Mail for S {
    fn make_mailbox(&self, user: &str, mailbox: &str) {
        self.session(user).create(&self.path(mailbox));
    }

    fn deliver(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]) {
        self.session(user).append(&self.path(mailbox), messages);
    }

    fn stored(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>> {
        self.session(user).messages(&self.path(mailbox))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A mailbox's name in modified UTF-7 (RFC 3501 §5.1.3).
pub(crate) fn modified_utf7(name: &str) -> String {
    let mut out = String::new();
    for run in name.split_inclusive(|c: char| c.is_ascii()) {
        let (foreign, ascii) = match run.char_indices().next_back() {
            Some((place, last)) if last.is_ascii() => run.split_at(place),
            _ => (run, ""),
        };
        if !foreign.is_empty() {
            let bytes: Vec<u8> = foreign.encode_utf16().flat_map(u16::to_be_bytes).collect();
            out += &format!("&{}-", STANDARD_NO_PAD.encode(bytes).replace('/', ","));
        }
        out += &ascii.replace('&', "&-");
    }
    out
}
