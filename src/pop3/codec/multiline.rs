//! Finds the end of multi-line replies (RFC 1939 §3) and removes stuffed dots. It looks at each byte once, however the
//! bytes arrive, and does not know what they mean.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

/// Finds the end of one multi-line body: CR LF dot CR LF, and nothing else. A bare LF does not begin or end a line
/// here; otherwise a message's text could cut it short.
///
/// [`lenient`](Self::lenient) is for servers that do not send CR: then a bare LF ends a line too.
///
/// Dots that the server stuffed at the beginning of lines are removed in place; everything else is unchanged.
///
/// ```
/// use postroom::pop3::codec::{Cut, Multiline};
///
/// let mut input = *b"Subject: dots\r\n\r\n..\r\n.\r\n+OK";
/// let Cut { body, len, .. } = Multiline::new().scan(&mut input).unwrap();
/// assert_eq!(&input[..body], b"Subject: dots\r\n\r\n.\r\n");
/// assert_eq!(&input[len..], b"+OK");
/// ```
#[derive(Clone, Debug)]
pub struct Multiline {
    /// What must precede a dot, and the dot.
    finder: Finder<'static>,
    lenient: bool,
    /// No byte was seen yet: a dot here begins a line.
    fresh: bool,
    /// The body found so far ends here.
    kept: usize,
    /// The body continues here. Between `kept` and `from` is a gap left by removed dots.
    from: usize,
    /// Everything before this is part of the body and was searched.
    at: usize,
}

/// The end of a body.
///
/// ```
/// use postroom::pop3::codec::Multiline;
///
/// let mut input = *b"text\r\n.\r\n";
/// let cut = Multiline::new().scan(&mut input).unwrap();
/// assert_eq!((cut.body, cut.len), (6, 9));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cut {
    /// The length of the body, including its last CRLF.
    pub body: usize,
    /// The length of the input that it used, including the line of the final dot.
    pub len: usize,
}

impl Default for Multiline {
    fn default() -> Self {
        Self::new()
    }
}

impl Multiline {
    /// A scanner at the beginning of a body.
    pub fn new() -> Self {
        Self { finder: Finder::new(b"\r\n."), lenient: false, fresh: true, kept: 0, from: 0, at: 0 }
    }

    /// A scanner for a server whose lines may end in LF alone. It cuts short a message that has a lone dot between two
    /// LFs, and the text after that is taken for replies: use it only for servers that need it.
    ///
    /// ```
    /// use postroom::pop3::codec::Multiline;
    ///
    /// let mut input = *b"a\n..b\n.\n";
    /// assert!(Multiline::new().scan(&mut input.clone()).is_none());
    /// let cut = Multiline::lenient().scan(&mut input).unwrap();
    /// assert_eq!(&input[..cut.body], b"a\n.b\n");
    /// ```
    pub fn lenient() -> Self {
        Self { finder: Finder::new(b"\n."), lenient: true, ..Self::new() }
    }

    /// Resets it to the beginning of the next body.
    pub fn reset(&mut self) {
        (self.fresh, self.kept, self.from, self.at) = (true, 0, 0, 0);
    }

    /// Looks for the end. `input` begins with the body. If the result is `None`, more bytes are needed: call it again
    /// with the same input and more bytes after it.
    pub fn scan(&mut self, input: &mut [u8]) -> Option<Cut> {
        loop {
            let dot = self.find_dot(input)?;
            match (input.get(dot + 1), input.get(dot + 2)) {
                (Some(b'\r'), Some(b'\n')) => return Some(self.end(input, dot, dot + 3)),
                (Some(b'\n'), _) if self.lenient => return Some(self.end(input, dot, dot + 2)),
                (None, _) | (Some(b'\r'), None) => return None,
                _ => {
                    self.keep(input, dot);
                    (self.fresh, self.from, self.at) = (false, dot + 1, dot + 1);
                }
            }
        }
    }

    fn end(&mut self, input: &mut [u8], dot: usize, len: usize) -> Cut {
        self.keep(input, dot);
        self.at = dot;
        Cut { body: self.kept, len }
    }

    /// The number of bytes that are known to belong to the body.
    pub fn known(&self) -> usize {
        self.kept + (self.at - self.from)
    }

    /// Takes the [known](Self::known) part of the body out of the input, after [`scan`](Self::scan) returned `None`.
    pub fn take(&mut self, input: &mut BytesMut) -> Bytes {
        let at = self.at.min(input.len());
        self.keep(input, at);
        let body = input.split_to(self.kept).freeze();
        input.advance(at - self.kept);
        (self.kept, self.from, self.at) = (0, 0, 0);
        body
    }

    /// The next dot that begins a line. If there is none, the next search starts after what was seen.
    fn find_dot(&mut self, input: &[u8]) -> Option<usize> {
        if self.fresh {
            match input.first() {
                Some(b'.') => return Some(0),
                Some(_) => self.fresh = false,
                None => return None,
            }
        }
        let before = self.finder.needle().len() - 1;
        match self.finder.find(input.get(self.at..)?) {
            Some(hit) => {
                self.at += hit;
                Some(self.at + before)
            }
            None => {
                self.at = self.at.max(input.len().saturating_sub(before));
                None
            }
        }
    }

    /// Moves the bytes up to `to` next to what is kept.
    fn keep(&mut self, input: &mut [u8], to: usize) {
        if self.kept < self.from && self.from < to {
            input.copy_within(self.from..to, self.kept);
        }
        self.kept += to - self.from;
        self.from = to;
    }
}

impl Cut {
    /// Takes the body and the line of its final dot out of the input, and returns the body.
    pub fn split(self, input: &mut BytesMut) -> Bytes {
        let body = input.split_to(self.body).freeze();
        input.advance(self.len - self.body);
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a server makes of a body that ends its lines with CRLF.
    fn stuffed(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, &byte) in body.iter().enumerate() {
            if byte == b'.' && (at == 0 || body[..at].ends_with(b"\r\n")) {
                out.push(b'.');
            }
            out.push(byte);
        }
        out.extend_from_slice(b".\r\n");
        out
    }

    /// The body by pieces of the input that end there, kept whole or taken as it comes.
    fn read(wire: &[u8], ends: &[usize], taking: bool) -> (Vec<u8>, usize) {
        read_by(Multiline::new(), wire, ends, taking)
    }

    fn read_by(mut multiline: Multiline, wire: &[u8], ends: &[usize], taking: bool) -> (Vec<u8>, usize) {
        let (mut input, mut body) = (BytesMut::new(), Vec::new());
        let mut from = 0;
        for &end in ends.iter().chain([&wire.len()]) {
            input.extend_from_slice(&wire[from..end]);
            from = end;
            if let Some(cut) = multiline.scan(&mut input) {
                body.extend_from_slice(&cut.split(&mut input));
                return (body, input.len() + wire.len() - end);
            }
            if taking {
                body.extend_from_slice(&multiline.take(&mut input));
            }
        }
        panic!("no end in {}", wire.escape_ascii());
    }

    const BODIES: &[&[u8]] = &[
        b"",
        b".\r\n",
        b"..\r\n",
        b"\r\n",
        b"a\r\n.b\r\n...\r\n",
        b"a\n.\nb\r\n",
        b"a\n.\r\nb\r\n",
        b"a\r.\r\n",
        b".\r.\r\r\n",
        b"\0\xFF\r\n.\0\r\n",
        b"\r\r\n.\r\n",
    ];

    #[test]
    fn every_body_comes_back_byte_for_byte_in_all_two_part_splits() {
        for body in BODIES {
            let wire = [&stuffed(body)[..], b"+OK next\r\n"].concat();
            for split in 0..=wire.len() - 10 {
                for taking in [false, true] {
                    let (read, left) = read(&wire, &[split], taking);
                    assert_eq!((read.as_slice(), left), (*body, 10), "{} at {split}", wire.escape_ascii());
                }
            }
            let bytes: Vec<_> = (1..wire.len()).collect();
            assert_eq!(read(&wire, &bytes, false).0, *body);
            assert_eq!(read(&wire, &bytes, true).0, *body);
        }
    }

    #[test]
    fn the_lenient_form_takes_every_line_end_however_the_bytes_come() {
        for (wire, body) in [
            ("a\n..b\n.\n+OK", "a\n.b\n"),
            ("a\r\n...b\n.\r\n+OK", "a\r\n..b\n"),
            (".\n+OK", ""),
            ("..\n.x\r\n\n.\n+OK", ".\nx\r\n\n"),
            ("a.\n\r.\n.\r\n+OK", "a.\n\r.\n"),
        ] {
            for split in 0..wire.len() - 3 {
                for taking in [false, true] {
                    let (read, left) = read_by(Multiline::lenient(), wire.as_bytes(), &[split], taking);
                    assert_eq!(
                        (read.escape_ascii().to_string(), left),
                        (body.escape_debug().to_string(), 3),
                        "{wire:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_body_without_stuffed_dots_is_a_slice_of_the_block_it_was_read_in() {
        let mut input = BytesMut::from(&b"one\r\ntwo\r\n.\r\n+OK"[..]);
        let start = input.as_ptr();
        let body = Multiline::new().scan(&mut input).unwrap().split(&mut input);
        assert_eq!((&body[..], body.as_ptr()), (&b"one\r\ntwo\r\n"[..], start));
        assert_eq!(&input[..], b"+OK");
    }

    #[test]
    fn what_is_known_of_a_body_can_be_taken() {
        let mut scanner = Multiline::new();
        let mut input = BytesMut::from(&b"one\r\n..two\r\nthr"[..]);
        assert_eq!(scanner.scan(&mut input), None);
        let known = scanner.known();
        let taken = scanner.take(&mut input);
        assert!(known > "one\r\n.two".len() && known == taken.len());
        assert_eq!([&taken[..], &input[..]].concat(), b"one\r\n.two\r\nthr");
        assert_eq!(scanner.known(), 0);
    }

    #[test]
    fn only_the_line_feed_behind_a_carriage_return_ends_anything() {
        for wire in [&b"a\n.\n"[..], b"a\r\n.\n", b"a\n.\r\n", b".\n", b".\r", b"a\r\n.\r", b"a\r\n..\r\n"] {
            let mut input = wire.to_vec();
            assert_eq!(Multiline::new().scan(&mut input), None, "{}", wire.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_body_in_any_chunks(
            pieces in prop::collection::vec(prop::sample::select(vec!["\r\n", ".", "\r", "\n", "x", "\r\n."]), 0..30),
            ends in prop::collection::btree_set(0_usize..100, 0..12),
            taking: bool,
        ) {
            let body = format!("{}\r\n", pieces.concat()).into_bytes();
            let wire = stuffed(&body);
            let ends: Vec<_> = ends.into_iter().filter(|end| *end <= wire.len()).collect();
            prop_assert_eq!(read(&wire, &ends, taking), (body, 0));
        }
    }
}
