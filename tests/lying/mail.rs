//! The mail that the lies are about: some messages that differ in length from their neighbours, two of equal length that are not
//! neighbours, and UIDs that are not message numbers. It knows no lie.

use postroom::testing::{Builder, Server};
use time::OffsetDateTime;

pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "alicepw";
/// The delivered messages that are gone.
const GONE: [u32; 3] = [1, 4, 6];

#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) number: u32,
    pub(crate) uid: u32,
    pub(crate) seen: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Mail {
    pub(crate) fn header(&self) -> &[u8] {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        &self.bytes[..end + 4]
    }

    /// The first part, or the text of a message that has no parts.
    pub(crate) fn part(&self) -> &[u8] {
        let text = &self.bytes[self.header().len()..];
        let Some(begin) = text.windows(7).position(|some| some == b"\r\nfirst") else { return text };
        &text[begin + 2..begin + 7]
    }
}

fn letters() -> Vec<Vec<u8>> {
    let tree = "Subject: tree\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
                Content-Type: text/plain\r\n\r\nfirst\r\n--b\r\nContent-Type: application/octet-stream; name=a.bin\r\n\
                Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\n";
    let long: String = (0..300).map(|line| format!("{line:04} {}\r\n", "x)".repeat(20))).collect();
    let letters = [
        "Subject: gone\r\n\r\nhere no more\r\n",
        "Subject: plain\r\n\r\nOne line.\r\n",
        "Subject: twin\r\n\r\nalpha alpha alpha\r\n",
        "Subject: gone too\r\n\r\nhere no more\r\n",
        tree,
        "Subject: gone as well\r\n\r\nhere no more\r\n",
        "Subject: twin\r\n\r\nbravo bravo bravo\r\n",
        "Subject: dots\r\n\r\n.\r\n..\r\n.a line\r\ngr\u{fc}n\r\n",
        &format!("Subject: long\r\n\r\n{long}"),
        "Subject: no text\r\nFrom: a@example.org\r\n\r\n",
    ];
    letters.iter().map(|letter| letter.as_bytes().to_vec()).collect()
}

/// A server with this mail in the inbox, and the mail as the server has it.
pub(crate) fn server(builder: Builder) -> (Server, Vec<Mail>) {
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let server = builder.user(USER, PASSWORD).clock(now).in_memory().unwrap();
    for (at, letter) in letters().into_iter().enumerate() {
        server.deliver(USER, "INBOX", letter, if at % 3 == 2 { &["\\Seen"] } else { &[] }).unwrap();
    }
    for uid in GONE {
        server.expunge(USER, "INBOX", uid).unwrap();
    }
    let snapshot = server.snapshot(USER).unwrap();
    let mail = snapshot.messages("INBOX").iter().zip(1..).map(|(message, number)| Mail {
        number,
        uid: message.uid,
        seen: message.flags.iter().any(|flag| flag == "\\Seen"),
        bytes: message.bytes.to_vec(),
    });
    (server, mail.collect())
}

/// What a layer must know to invent something.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) mail: Vec<Mail>,
    /// Whether the call deletes what it has read: a message with two answers is in doubt then.
    pub(crate) deletes: bool,
}

impl World {
    pub(crate) fn of(&self, uid: u32) -> Option<&Mail> {
        self.mail.iter().find(|mail| mail.uid == uid)
    }

    pub(crate) fn numbered(&self, number: u32) -> Option<&Mail> {
        self.mail.iter().find(|mail| mail.number == number)
    }
}
