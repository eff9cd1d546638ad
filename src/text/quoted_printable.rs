//! Quoted-printable (RFC 2045 §6.7) that comes in pieces, in constant memory. It must not know what is encoded.

use super::hex;

/// The longest run of white space whose end is waited for. A longer one is kept as it is: no line of mail is so long (RFC 5322 §2.1.1).
const LONGEST_BLANK: usize = 1000;

/// Decodes quoted-printable. Malformed escapes are kept as they are, and white space before a line end is removed (RFC 2045 §6.7, 3).
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Bytes whose meaning depends on those that follow: white space, or the beginning of an escape.
    held: Vec<u8>,
    flaws: u64,
}

/// What follows an `=`.
enum Escape {
    Octet(u8),
    /// A soft line end of this many bytes.
    SoftEnd(usize),
    Malformed,
    /// It depends on the bytes that follow.
    Open,
}

impl Decoder {
    /// Appends the octets of the next piece.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while !self.held.is_empty() && !rest.is_empty() {
            // What is held, and what decides about it; the rest is not copied.
            let (start, after) = rest.split_at_checked(LONGEST_BLANK).unwrap_or((rest, &[]));
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(start);
            self.decode(&joined, false, out);
            rest = after;
        }
        self.decode(rest, false, out);
    }

    /// Decides about what is held: nothing follows.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.decode(&held, true, out);
    }

    /// The number of escapes that are malformed.
    pub(crate) fn flaws(&self) -> u64 {
        self.flaws
    }

    fn decode(&mut self, bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let mut rest = bytes;
        loop {
            let end = memchr::memchr2(b'=', b'\n', rest).unwrap_or(rest.len());
            let (text, from_end) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            match from_end.split_first() {
                Some((b'=', after)) => {
                    out.extend_from_slice(text);
                    rest = match Escape::read(after, is_last) {
                        Escape::Octet(octet) => {
                            out.push(octet);
                            after.get(2..).unwrap_or_default()
                        }
                        Escape::SoftEnd(length) => after.get(length..).unwrap_or_default(),
                        Escape::Malformed => {
                            self.flaws += 1;
                            out.push(b'=');
                            after
                        }
                        Escape::Open => {
                            self.held = from_end.to_vec();
                            return;
                        }
                    };
                }
                Some((_, after)) => {
                    let line_end: &[u8] = if text.ends_with(b"\r") { b"\r\n" } else { b"\n" };
                    out.extend_from_slice(without_blank(text.strip_suffix(b"\r").unwrap_or(text)));
                    out.extend_from_slice(line_end);
                    rest = after;
                }
                None => return self.hold_blank(text, is_last, out),
            }
        }
    }

    /// White space at the end of a piece may be before a line end. At the end of everything it is.
    fn hold_blank(&mut self, text: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let kept = without_blank(text.strip_suffix(b"\r").unwrap_or(text));
        let blank = text.get(kept.len()..).unwrap_or_default();
        out.extend_from_slice(kept);
        match (is_last, blank.last()) {
            (false, _) if blank.len() <= LONGEST_BLANK => self.held = blank.to_vec(),
            (false, _) | (true, Some(b'\r')) => out.extend_from_slice(blank),
            (true, _) => {}
        }
    }
}

impl Escape {
    fn read(after: &[u8], is_last: bool) -> Self {
        let blank = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match after.get(blank..).unwrap_or_default() {
            [b'\r', b'\n', ..] => Self::SoftEnd(blank + 2),
            [b'\n', ..] => Self::SoftEnd(blank + 1),
            [] | [b'\r'] if !is_last && blank <= LONGEST_BLANK => Self::Open,
            [] if is_last => Self::SoftEnd(blank),
            [high, low, ..] if blank == 0 => {
                hex(*high).zip(hex(*low)).map_or(Self::Malformed, |(high, low)| Self::Octet(high << 4 | low))
            }
            [high] if blank == 0 && !is_last && hex(*high).is_some() => Self::Open,
            _ => Self::Malformed,
        }
    }
}

fn without_blank(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    text.get(..kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::transfer::{self, TransferDecoder};

    fn in_pieces(text: &[u8], size: usize) -> (Vec<u8>, u64) {
        transfer::tests::in_pieces(TransferDecoder::QuotedPrintable(Decoder::default()), text, size)
    }

    #[test]
    fn escapes_line_ends_and_white_space_are_those_of_the_rfc() {
        for (text, octets, flaws) in [
            ("a=3D=e2=82=AC", "a=\u{20ac}", 0),
            ("long =\r\nline=  \t\r\n.", "long line.", 0),
            ("a \t\r\nb  \nc  ", "a\r\nb\nc", 0),
            ("a=20\r\n", "a \r\n", 0),
            ("1=2, =G1 = x =", "1=2, =G1 = x ", 3),
            ("=4", "=4", 1),
            ("a\rb \r", "a\rb \r", 0),
            ("=\r", "=\r", 1),
            ("", "", 0),
        ] {
            assert_eq!(in_pieces(text.as_bytes(), 1000), (octets.into(), flaws), "{text:?}");
        }
    }

    #[test]
    fn endless_white_space_is_not_kept_in_memory() {
        let text = [b"x".to_vec(), vec![b' '; 500_000], b"=".to_vec(), vec![b' '; 500_000]].concat();
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for piece in text.chunks(700) {
            decoder.push(piece, &mut out);
            assert!(decoder.held.len() <= 2 * LONGEST_BLANK);
        }
        decoder.finish(&mut out);
        assert!(out.len() > 990_000);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_what_the_whole_gives(text in "[=A3 \t\r\n]{0,60}", size in 1_usize..9) {
            prop_assert_eq!(in_pieces(text.as_bytes(), size), in_pieces(text.as_bytes(), 1000));
        }

        #[test]
        fn every_octet_survives(octets in prop::collection::vec(any::<u8>(), 0..300), size in 1_usize..100) {
            let text: String =
                octets.chunks(20).map(|line| line.iter().map(|octet| format!("={octet:02X}")).collect::<String>() + "=\r\n").collect();
            prop_assert_eq!(in_pieces(text.as_bytes(), size), (octets, 0));
        }
    }
}
