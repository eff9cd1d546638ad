//! [`Digest`]: identifies a message by its bytes, whatever id the server gives it. It must not know where messages come from.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// Header lines that servers write into a message and change from session to session; they are not part of the digest.
const CHANGING: &[&[u8]] = &[
    b"Status",
    b"X-Status",
    b"X-UID",
    b"X-UIDL",
    b"X-Keywords",
    b"X-IMAP",
    b"X-IMAPbase",
    b"X-Mozilla-Status",
    b"X-Mozilla-Status2",
    b"Content-Length",
    b"Lines",
];

/// The longest name among [`CHANGING`], with its colon.
const LONGEST_NAME: usize = 18;

/// SHA-256 over a message, without the header lines that servers add and change themselves (`Status`, `X-UIDL` and their like).
/// Its text form is 64 hexadecimal digits.
///
/// ```
/// use postroom::collect::Digest;
///
/// let digest = Digest::of(b"Subject: hello\r\n\r\nworld\r\n");
/// assert_eq!(Digest::of(b"Status: RO\r\nSubject: hello\r\n\r\nworld\r\n"), digest); // `Status` is the server's
/// assert_eq!(digest.to_string().parse::<Digest>()?, digest);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 32]);

/// The digests of a whole message, or of the beginning of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Digests {
    pub(super) whole: Digest,
    /// Of the header, without the empty line after it: some servers leave that out if only the header is requested.
    pub(super) header: Digest,
}

/// Digests a message piece by piece.
#[derive(Clone)]
pub(super) struct Digester {
    hash: Sha256,
    place: HeaderPlace,
    header: Option<Digest>,
}

/// Where the next byte is in the message.
#[derive(Clone)]
enum HeaderPlace {
    /// In the first bytes of a header line, kept until it is known whether the line counts.
    Name(Vec<u8>),
    /// After the name of a line, which counts or not.
    Line {
        counts: bool,
    },
    /// At the beginning of a line after one that counts or not: a blank continues that one (RFC 5322 §2.2.3).
    Fold {
        counts: bool,
    },
    Text,
}

impl Digest {
    /// The digest of a whole message.
    pub fn of(message: &[u8]) -> Self {
        Digests::of(message).whole
    }

    /// From the 32 bytes of [`as_bytes`](Self::as_bytes).
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Digests {
    pub(super) fn of(message: &[u8]) -> Self {
        let mut digester = Digester::new();
        digester.update(message);
        digester.finish()
    }
}

impl Digester {
    pub(super) fn new() -> Self {
        Self { hash: Sha256::new(), place: HeaderPlace::Name(Vec::new()), header: None }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if matches!(self.place, HeaderPlace::Text) {
                return self.hash.update(bytes);
            }
            let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            let (piece, rest) = bytes.split_at(end);
            self.header_piece(piece);
            bytes = rest;
        }
    }

    /// At most one line of the header, or a piece of one.
    fn header_piece(&mut self, piece: &[u8]) {
        let ends = piece.ends_with(b"\n");
        let counts = match &mut self.place {
            HeaderPlace::Text => return,
            HeaderPlace::Line { counts } => *counts,
            HeaderPlace::Fold { counts } if matches!(piece.first(), Some(b' ' | b'\t')) => *counts,
            HeaderPlace::Fold { .. } => {
                self.place = HeaderPlace::Name(Vec::new());
                return self.header_piece(piece);
            }
            HeaderPlace::Name(kept) => {
                kept.extend_from_slice(piece);
                if !ends && kept.len() < LONGEST_NAME {
                    return;
                }
                let line = std::mem::take(kept);
                return self.line_start(&line, ends);
            }
        };
        if counts {
            self.hash.update(piece);
        }
        self.place = if ends { HeaderPlace::Fold { counts } } else { HeaderPlace::Line { counts } };
    }

    fn line_start(&mut self, line: &[u8], ends: bool) {
        if matches!(line, b"\r\n" | b"\n") {
            self.header = Some(self.now());
            self.place = HeaderPlace::Text;
            return self.hash.update(line);
        }
        let counts = !changes(line);
        if counts {
            self.hash.update(line);
        }
        self.place = if ends { HeaderPlace::Fold { counts } } else { HeaderPlace::Line { counts } };
    }

    fn now(&self) -> Digest {
        Digest(self.hash.clone().finalize().into())
    }

    pub(super) fn finish(mut self) -> Digests {
        if let HeaderPlace::Name(kept) = &mut self.place {
            let line = std::mem::take(kept);
            if !line.is_empty() && !changes(&line) {
                self.hash.update(&line);
            }
        }
        let whole = self.now();
        Digests { whole, header: self.header.unwrap_or(whole) }
    }
}

/// Whether this begins a line that servers change.
fn changes(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    name.len() < line.len() && CHANGING.iter().any(|changing| changing.eq_ignore_ascii_case(name.trim_ascii_end()))
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    /// [`Kind::Input`](crate::Kind::Input) if the text is not 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::input("a digest is 64 hexadecimal digits");
        let mut digest = [0; 32];
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(wrong()) };
        if pairs.len() != digest.len() {
            return Err(wrong());
        }
        for (byte, pair) in digest.iter_mut().zip(pairs) {
            let pair = str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'));
            *byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(wrong)?;
        }
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_that_servers_change_do_not_count() {
        let plain = Digests::of(b"From: a\r\nSubject: b\r\n\r\nText\r\nStatus: kept\r\n");
        let marked = b"X-UIDL: 17\r\nFrom: a\r\nStatus: RO\r\nsubject: b\r\n";
        assert_ne!(Digests::of(marked).whole, plain.whole);
        let marked = b"X-UIDL: 17\r\nFrom: a\r\nSTATUS: RO\r\n folded\r\nSubject: b\r\nX-Mozilla-Status2: 1\r\n\r\nText\r\nStatus: kept\r\n";
        assert_eq!(Digests::of(marked), plain);
        assert_ne!(Digests::of(b"From: a\r\nSubject: b\r\n\r\nText\r\n").whole, plain.whole);
    }

    #[test]
    fn a_header_is_the_same_with_and_without_what_follows() {
        let header = b"From: a\r\nSubject: b\r\n";
        let whole = Digests::of(b"From: a\r\nSubject: b\r\n\r\nText\r\n");
        assert_eq!(Digests::of(header).header, whole.header);
        assert_eq!(Digests::of(b"From: a\r\nSubject: b\r\n\r\n").header, whole.header);
        assert_ne!(Digests::of(b"From: a\r\nSubject: c\r\n\r\nText\r\n").header, whole.header);
    }

    #[test]
    fn the_text_form_comes_back_and_nothing_else_does() {
        let digest = Digest::of(b"message");
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        for wrong in ["", "00", &"+1".repeat(32), &"0g".repeat(32), &"00".repeat(33)] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_digest(
            message in "((X-|)(Status|UIDL|From): [a-z \r]{0,30}\r?\n([ \t]x\n)?){0,5}(\r?\n.{0,40})?",
            cuts: Vec<prop::sample::Index>,
        ) {
            let message = message.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
            cuts.sort_unstable();
            let mut digester = Digester::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([message.len()]) {
                digester.update(&message[from..cut]);
                from = cut;
            }
            prop_assert_eq!(digester.finish(), Digests::of(message));
        }
    }
}
