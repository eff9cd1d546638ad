//! Uuencoded text (POSIX `uuencode`), as old mail has it with the transfer encoding `x-uuencode`. It comes in pieces. It must not know
//! what is encoded.

/// The longest line that is read. A line of uuencoded text has 61 characters.
const LONGEST_LINE: usize = 1000;

/// Decodes the lines between `begin` and `end`. What is before and after them is ignored.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The beginning of the next line.
    line: Vec<u8>,
    stage: Stage,
    flaws: u64,
}

#[derive(Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Before,
    Inside,
    After,
}

impl Decoder {
    /// Appends the octets of the next piece.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = tail.get(1..).unwrap_or_default();
            self.extend_line(line);
            self.end_line(out);
        }
        self.extend_line(rest);
    }

    /// Decodes a last line without an end.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() {
            self.end_line(out);
        }
        self.flaws += u64::from(self.stage != Stage::After);
        self.stage = Stage::After;
    }

    /// The number of malformed lines; also the missing `begin` or `end`.
    pub(crate) fn flaws(&self) -> u64 {
        self.flaws
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        let space = LONGEST_LINE.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(bytes.get(..space).unwrap_or_default());
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        let mut line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        match self.stage {
            Stage::Before if text.starts_with(b"begin ") => self.stage = Stage::Inside,
            Stage::Inside if text == b"end" => self.stage = Stage::After,
            Stage::Inside => self.flaws += u64::from(!decode_line(text, out)),
            Stage::Before | Stage::After => {}
        }
        line.clear();
        self.line = line;
    }
}

/// Whether the line is well-formed. Spaces at its end may be missing.
fn decode_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((&first, characters)) = line.split_first() else { return true };
    let Some(length) = value(first).map(usize::from) else { return false };
    let mut is_sound = characters.len() <= length.div_ceil(3) * 4 + 1;
    let mut octets = Vec::with_capacity(48);
    for group in characters.chunks(4) {
        let digit = |at: usize| group.get(at).map_or(Some(0), |&byte| value(byte));
        is_sound &= (0..4).all(|at| digit(at).is_some());
        let bits = (0..4).fold(0_u32, |bits, at| bits << 6 | u32::from(digit(at).unwrap_or_default()));
        let [_, group @ ..] = bits.to_be_bytes();
        octets.extend_from_slice(&group);
    }
    octets.resize(length, 0);
    out.extend_from_slice(&octets);
    is_sound
}

fn value(byte: u8) -> Option<u8> {
    matches!(byte, 0x20..=0x60).then(|| byte.wrapping_sub(0x20) & 0x3f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::transfer::{self, TransferDecoder};

    const TEXT: &str = "A file:\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n$0V%T<P \r\n`\r\nend\r\nBye.\r\n";

    fn in_pieces(text: &str, size: usize) -> (Vec<u8>, u64) {
        transfer::tests::in_pieces(TransferDecoder::Uuencode(Decoder::default()), text.as_bytes(), size)
    }

    #[test]
    fn lines_between_begin_and_end_are_decoded() {
        for size in [1, 2, 7, 1000] {
            assert_eq!(in_pieces(TEXT, size), (b"CatCats".to_vec(), 0));
        }
    }

    #[test]
    fn what_is_malformed_is_counted() {
        assert_eq!(in_pieces("begin 644 a\n#0V%T\n", 3), (b"Cat".to_vec(), 1));
        assert_eq!(in_pieces("begin 644 a\n#0V%\u{7f}\n\u{7f}\nend", 3).1, 2);
        assert_eq!(in_pieces(&"x".repeat(100_000), 999), (Vec::new(), 1));
    }
}
