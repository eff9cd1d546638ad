//! Base64 as mail contains it (RFC 2045 §6.8): without padding, with foreign characters, several runs in a row, in one piece or many.
//! It must not know what is encoded.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The cleaned characters that are decoded at once.
const BLOCK: usize = 16 * 1024;
/// Canonical padding is not needed, nor that unused bits are 0.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Decodes base64 that comes in pieces of any size, in constant memory.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Characters without line ends that wait to be decoded: at most three between two calls.
    clean: Vec<u8>,
    /// Whether padding has ended the run.
    ended: bool,
    /// The number of padding characters that must follow.
    due: u8,
    flaws: u64,
}

impl Decoder {
    /// Appends the octets of the next piece.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let (mut rest, mut length) = (piece, 0);
        while !rest.is_empty() {
            // Most lines are as long as the one before. If a line end is inside, the block is decoded the odd way.
            let (line, tail) = line_of(rest, length).unwrap_or_else(|| first_line(rest));
            self.clean.extend_from_slice(line);
            (length, rest) = (line.len(), tail);
            if self.clean.len() >= BLOCK {
                self.decode_clean(out);
            }
        }
        self.decode_clean(out);
    }

    /// Appends the octets of an incomplete last group. One character alone encodes nothing.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let group = std::mem::take(&mut self.clean);
        let is_whole = group.is_empty() && self.due == 0;
        self.flaws += u64::from(!is_whole);
        decode_group(&group, out);
        (self.ended, self.due) = (true, 0);
    }

    /// The number of places that are no base64: foreign characters, wrong padding, a last group that is not complete.
    pub(crate) fn flaws(&self) -> u64 {
        self.flaws
    }

    fn decode_clean(&mut self, out: &mut Vec<u8>) {
        let mut clean = std::mem::take(&mut self.clean);
        let whole = clean.len() - clean.len() % 4;
        let before = out.len();
        out.resize(before + whole / 4 * 3, 0);
        let (groups, rest) = clean.split_at_checked(whole).unwrap_or_default();
        let space = out.get_mut(before..).unwrap_or_default();
        let kept = rest.len();
        let is_plain = !self.ended && rest.iter().all(|&byte| digit(byte).is_some());
        if is_plain && ENGINE.decode_slice(groups, space).is_ok() {
            clean.copy_within(whole.., 0);
            clean.truncate(kept);
            self.clean = clean;
        } else {
            out.truncate(before);
            self.decode_odd(&clean, out);
        }
    }

    /// One character after the other: padding, further runs, foreign characters.
    fn decode_odd(&mut self, characters: &[u8], out: &mut Vec<u8>) {
        let mut group = [0; 4];
        let mut len = 0;
        for &byte in characters {
            match byte {
                b'=' => {
                    let digits = group.get(..len).unwrap_or_default();
                    self.end_run(digits, out);
                    len = 0;
                }
                _ if digit(byte).is_some() => {
                    self.flaws += u64::from(std::mem::take(&mut self.ended) || self.due > 0);
                    self.due = 0;
                    if let Some(place) = group.get_mut(len) {
                        *place = byte;
                    }
                    len += 1;
                    if len == group.len() {
                        decode_group(&group, out);
                        len = 0;
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => self.flaws += 1,
            }
        }
        self.clean.clear();
        self.clean.extend_from_slice(group.get(..len).unwrap_or_default());
    }

    fn end_run(&mut self, digits: &[u8], out: &mut Vec<u8>) {
        decode_group(digits, out);
        match (digits.len(), self.due) {
            (2, _) => self.due = 1,
            (3, _) => self.due = 0,
            (0, 1..) => self.due -= 1,
            _ => self.flaws += 1,
        }
        self.ended = true;
    }
}

/// A line of this length and what follows its line end, if the text begins with one.
#[inline]
fn line_of(text: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (line, tail) = text.split_at_checked(length)?;
    Some((line, tail.strip_prefix(b"\r\n")?))
}

/// The first line without its line end, and what follows that.
fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (line, tail) = text.split_at_checked(end).unwrap_or((text, &[]));
    (line.strip_suffix(b"\r").unwrap_or(line), tail.get(1..).unwrap_or_default())
}

/// The decoded octets. Characters outside the alphabet are ignored; a run may end without padding.
pub(crate) fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut decoder = Decoder::default();
    decoder.decode_odd(bytes, &mut out);
    decoder.finish(&mut out);
    out
}

/// The number of decoded octets.
pub(crate) fn decoded_len(bytes: &[u8]) -> usize {
    let (mut len, mut digits) = (0, 0);
    for &byte in bytes {
        match digit(byte) {
            Some(_) => digits += 1,
            None if byte == b'=' => {
                len += digits * 3 / 4;
                digits = 0;
            }
            None => {}
        }
    }
    len + digits * 3 / 4
}

/// Whether the last run ends in padding, or needs none.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let run = memchr::memrchr(b'=', bytes).map_or(bytes, |at| bytes.get(at..).unwrap_or_default());
    run.iter().filter(|&&byte| digit(byte).is_some()).count() % 4 == 0
}

/// The octets of up to four characters of the alphabet.
fn decode_group(group: &[u8], out: &mut Vec<u8>) {
    let bits = group.iter().fold(0, |bits, &byte| bits << 6 | digit(byte).unwrap_or_default());
    let octets = bits << (6 * 4_usize.saturating_sub(group.len()));
    let [_, octets @ ..] = octets.to_be_bytes();
    out.extend_from_slice(octets.get(..group.len() * 3 / 4).unwrap_or_default());
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as PADDED, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;
    use crate::text::transfer::{self, TransferDecoder};

    fn in_pieces(text: &[u8], size: usize) -> (Vec<u8>, u64) {
        transfer::tests::in_pieces(TransferDecoder::Base64(Decoder::default()), text, size)
    }

    fn lines(bytes: &[u8], length: usize, end: &str) -> String {
        let text = PADDED.encode(bytes);
        text.as_bytes().chunks(length).map(|line| format!("{}{end}", str::from_utf8(line).unwrap())).collect()
    }

    #[test]
    fn what_is_no_base64_is_counted_and_the_rest_is_decoded() {
        for (text, octets, flaws) in [
            ("aGVsbG8=\r\n", "hello", 0),
            ("aGVs bG8=\r\n\r\n", "hello", 0),
            ("aGVsbG8", "hello", 1),
            ("aGVs!b*G8=", "hello", 2),
            ("aGU=bGxv", "hello", 1),
            ("aGVsbG8====", "hello", 3),
            ("aA=", "h", 1),
            ("aGVsbG8=a", "hello", 2),
            ("=", "", 1),
            ("", "", 0),
        ] {
            assert_eq!(in_pieces(text.as_bytes(), 100), (octets.into(), flaws), "{text}");
        }
    }

    #[test]
    fn foreign_characters_and_further_runs_are_no_end() {
        for text in ["aGVs!bG8=", "a G\r\nVsbG8", "aGU=bGxv", "aGVsbG8====", "aGVsbG8=a"] {
            assert_eq!(decode(text.as_bytes()), b"hello", "{text}");
            assert_eq!(decoded_len(text.as_bytes()), 5, "{text}");
        }
    }

    proptest! {
        #[test]
        fn everything_is_read_with_padding_and_without(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert!(is_whole(PADDED.encode(&bytes).as_bytes()));
            prop_assert_eq!(is_whole(STANDARD_NO_PAD.encode(&bytes).as_bytes()), bytes.len() % 3 == 0);
            for text in [PADDED.encode(&bytes), STANDARD_NO_PAD.encode(&bytes)] {
                prop_assert_eq!(&decode(text.as_bytes()), &bytes);
                prop_assert_eq!(decoded_len(text.as_bytes()), bytes.len());
            }
        }

        #[test]
        fn pieces_and_lines_of_any_length_give_the_same(
            bytes in prop::collection::vec(any::<u8>(), 0..60_000),
            size in 1_usize..70_000,
            length in 1_usize..200,
            ends in any::<bool>(),
        ) {
            let text = lines(&bytes, length, if ends { "\r\n" } else { "\n" });
            prop_assert_eq!(in_pieces(text.as_bytes(), size), (bytes, 0));
        }

        #[test]
        fn odd_bytes_in_pieces_give_what_they_give_at_once(text in "[A-C=!\r\n ]{0,60}", size in 1_usize..20) {
            let (octets, flaws) = in_pieces(text.as_bytes(), 1000);
            prop_assert_eq!(&octets, &decode(text.as_bytes()));
            prop_assert_eq!(in_pieces(text.as_bytes(), size), (octets, flaws));
        }

        #[test]
        fn the_length_is_that_of_what_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(decode(&bytes).len(), decoded_len(&bytes));
        }
    }
}
