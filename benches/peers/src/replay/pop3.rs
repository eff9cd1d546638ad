//! The POP3 side of the replay server: a fixed maildrop, dot-stuffed in advance. Any user and password are right; DELE deletes nothing.

use std::io::{self, Read, Write};

use super::line::Lines;

/// How much is gathered before it is written while further commands are waiting.
const BATCH: usize = 256 * 1024;

/// The messages as they are sent, each with its closing dot.
#[derive(Debug, Default)]
pub struct Maildrop {
    wire: Vec<u8>,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    start: usize,
    end: usize,
    octets: usize,
}

impl Maildrop {
    /// Adds a message with CRLF line ends.
    pub fn push(&mut self, message: &[u8]) {
        let start = self.wire.len();
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            if line.first() == Some(&b'.') {
                self.wire.push(b'.');
            }
            self.wire.extend_from_slice(line);
        }
        self.wire.extend_from_slice(b".\r\n");
        self.messages.push(Message { start, end: self.wire.len(), octets: message.len() });
    }

    /// Serves one connection.
    pub fn session(&self, stream: impl Read + Write) -> io::Result<()> {
        let mut lines = Lines::new(stream, 256 * 1024);
        let mut answer = b"+OK replay ready\r\n".to_vec();
        loop {
            if answer.len() >= BATCH || !lines.more() {
                lines.write(&answer)?;
                answer.clear();
            }
            let Some(line) = lines.next()? else {
                return Ok(());
            };
            if line.eq_ignore_ascii_case("AUTH PLAIN") {
                lines.write(b"+ \r\n")?;
                lines.next()?;
            }
            self.answer(&line, &mut answer);
            if line.eq_ignore_ascii_case("QUIT") {
                return lines.write(&answer);
            }
        }
    }

    fn answer(&self, line: &str, out: &mut Vec<u8>) {
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let number = words.next().and_then(|word| word.parse::<usize>().ok());
        let message = number.and_then(|n| self.messages.get(n.checked_sub(1)?));
        match (verb.as_str(), message) {
            ("CAPA", _) => {
                out.extend_from_slice(b"+OK\r\nUSER\r\nSASL PLAIN\r\nPIPELINING\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n.\r\n")
            }
            ("USER" | "PASS" | "AUTH" | "NOOP" | "RSET" | "QUIT", _) => out.extend_from_slice(b"+OK\r\n"),
            ("STAT", _) => {
                let octets: usize = self.messages.iter().map(|message| message.octets).sum();
                out.extend_from_slice(format!("+OK {} {octets}\r\n", self.messages.len()).as_bytes());
            }
            ("LIST", Some(message)) => {
                out.extend_from_slice(format!("+OK {} {}\r\n", number.unwrap_or(0), message.octets).as_bytes())
            }
            ("LIST", None) if line.len() == 4 => self.listing(out, |n, message| format!("{n} {}\r\n", message.octets)),
            ("UIDL", Some(_)) => {
                out.extend_from_slice(format!("+OK {0} replay-{0}\r\n", number.unwrap_or(0)).as_bytes())
            }
            ("UIDL", None) if line.len() == 4 => self.listing(out, |n, _| format!("{n} replay-{n}\r\n")),
            ("RETR", Some(message)) => {
                out.extend_from_slice(format!("+OK {} octets\r\n", message.octets).as_bytes());
                out.extend_from_slice(&self.wire[message.start..message.end]);
            }
            ("TOP", Some(message)) => self.top(message, words.next(), out),
            ("DELE", Some(_)) => out.extend_from_slice(b"+OK\r\n"),
            _ => out.extend_from_slice(b"-ERR not known here\r\n"),
        }
    }

    fn listing(&self, out: &mut Vec<u8>, line: impl Fn(usize, &Message) -> String) {
        out.extend_from_slice(b"+OK\r\n");
        for (index, message) in self.messages.iter().enumerate() {
            out.extend_from_slice(line(index + 1, message).as_bytes());
        }
        out.extend_from_slice(b".\r\n");
    }

    fn top(&self, message: &Message, lines: Option<&str>, out: &mut Vec<u8>) {
        let wire = &self.wire[message.start..message.end - 3];
        let body = memchr::memmem::find(wire, b"\r\n\r\n").map_or(wire.len(), |at| at + 4);
        let wanted = lines.and_then(|text| text.parse().ok()).unwrap_or(0);
        let end =
            wire[body..].split_inclusive(|byte| *byte == b'\n').take(wanted).map(<[u8]>::len).sum::<usize>() + body;
        out.extend_from_slice(b"+OK\r\n");
        out.extend_from_slice(&wire[..end]);
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(maildrop: &Maildrop, line: &str) -> String {
        let mut out = Vec::new();
        maildrop.answer(line, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn dots_are_stuffed_and_sizes_are_true() {
        let mut maildrop = Maildrop::default();
        maildrop.push(b"A: b\r\n\r\n.one\r\n..two\r\n");
        assert_eq!(said(&maildrop, "RETR 1"), "+OK 21 octets\r\nA: b\r\n\r\n..one\r\n...two\r\n.\r\n");
        assert_eq!(said(&maildrop, "TOP 1 1"), "+OK\r\nA: b\r\n\r\n..one\r\n.\r\n");
        assert_eq!(said(&maildrop, "STAT"), "+OK 1 21\r\n");
        assert_eq!(said(&maildrop, "LIST"), "+OK\r\n1 21\r\n.\r\n");
        assert_eq!(said(&maildrop, "RETR 2"), "-ERR not known here\r\n");
    }
}
