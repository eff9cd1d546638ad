//! Mail of every awkward kind, and readers for a Maildir or an mbox file.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs;
use std::path::Path;

/// Empty, small, with dots, quotes, 8-bit and NUL, the same twice, and one that is not held in memory.
pub(crate) fn letters() -> Vec<Vec<u8>> {
    let mut large = b"Subject: large\r\n\r\n".to_vec();
    while large.len() <= 1 << 20 {
        large.extend_from_slice(b".a line that begins with a dot, and has 60 octets all in all\r\n");
    }
    let small: [&[u8]; 9] = [
        b"\r\n",
        b"Subject: small\r\n\r\nhello\r\n",
        b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n",
        b"Subject: octets\r\n\r\ncaf\xe9 \xff\xfe\r\n",
        b"Subject: nothing\r\n\r\na\0b\r\n\0\r\n",
        b"Subject: twin\r\n\r\nsame\r\n",
        b"Subject: twin\r\n\r\nsame\r\n",
        b"Subject: from\r\n\r\nFrom here\r\n>From there\r\n\r\n\r\n",
        b"Subject: returns\r\n\r\na\rb\r\r\n",
    ];
    let mut letters: Vec<_> = small.map(<[u8]>::to_vec).into();
    letters.insert(5, large);
    letters
}

/// The messages of a Maildir, sorted by their bytes.
pub(crate) fn maildir(path: &Path) -> Vec<Vec<u8>> {
    let files = ["new", "cur"].map(|folder| fs::read_dir(path.join(folder)));
    let files = files.into_iter().flatten().flatten().map(|file| fs::read(file.unwrap().path()).unwrap());
    sorted(files.map(|bytes| with_returns(&bytes)).collect())
}

/// The messages of an mbox file, in the form called mboxrd, sorted by their bytes.
pub(crate) fn mbox(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap_or_default();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let plain = &line[line.iter().take_while(|byte| **byte == b'>').count()..];
        match messages.last_mut() {
            _ if line.starts_with(b"From ") => messages.push(Vec::new()),
            Some(message) if plain.starts_with(b"From ") => message.extend_from_slice(&line[1..]),
            Some(message) => message.extend_from_slice(line),
            None => panic!("the file does not begin with a message"),
        }
    }
    // The empty line after each is the file's own; a torn one has none.
    sorted(messages.iter().map(|message| with_returns(message.strip_suffix(b"\n").unwrap_or(message))).collect())
}

pub(crate) fn sorted(mut messages: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    messages.sort();
    messages
}

/// CRLF can be restored if no message contains a bare LF.
fn with_returns(stored: &[u8]) -> Vec<u8> {
    let lines = stored.split_inclusive(|byte| *byte == b'\n');
    lines
        .flat_map(|line| line.strip_suffix(b"\n").map_or_else(|| line.to_vec(), |line| [line, b"\r\n"].concat()))
        .collect()
}
