//! A reading position in a slice of bytes. Every look is bounds-checked and answers `None` or "nothing" at the end, so a
//! parser built on it cannot panic. It knows bytes and line ends, and must not know what any of them mean.

/// Bytes and how many of them were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    /// The offset of the next byte.
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to an offset that was read before, or ahead; never behind the end.
    #[inline(always)]
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at.min(self.bytes.len());
    }

    /// The next byte, still unread.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The byte after the next.
    #[inline(always)]
    pub(crate) fn peek_second(&self) -> Option<u8> {
        self.bytes.get(self.at.saturating_add(1)).copied()
    }

    /// Everything unread.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The bytes there, read or not.
    #[inline(always)]
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// What was read since `start`.
    #[inline(always)]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Reads `count` bytes unseen; false, and nothing read, where fewer are left.
    #[inline(always)]
    pub(crate) fn advance(&mut self, count: usize) -> bool {
        match self.at.checked_add(count) {
            Some(at) if at <= self.bytes.len() => {
                self.at = at;
                true
            }
            _ => false,
        }
    }

    /// Reads this byte, if it is the next.
    #[inline(always)]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Reads the line end, CRLF or a bare LF, if it is next.
    #[inline]
    pub(crate) fn eat_line_end(&mut self) -> bool {
        let start = self.at;
        self.eat(b'\r');
        if self.eat(b'\n') {
            return true;
        }
        self.at = start;
        false
    }

    /// Reads spaces, as many as there are.
    #[inline(always)]
    pub(crate) fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Reads while the byte passes, and gives what was read.
    #[inline(always)]
    pub(crate) fn take_while(&mut self, pass: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let count = rest.iter().position(|&byte| !pass(byte)).unwrap_or(rest.len());
        self.at += count;
        rest.get(..count).unwrap_or_default()
    }

    /// Reads decimal digits as a number; `None` where there is none or it does not fit.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut value = u64::from(digit(self.peek()?)?);
        self.at += 1;
        while let Some(next) = self.peek().and_then(digit) {
            value = value.checked_mul(10)?.checked_add(u64::from(next))?;
            self.at += 1;
        }
        Some(value)
    }
}

#[inline(always)]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// Where the first quote, backslash or control character stands, or the length.
///
/// Most strings of this wire are shorter than a block: what is looked at once needs no branch on how long they are.
#[inline(always)]
pub(crate) fn find_special(bytes: &[u8]) -> usize {
    match bytes.first_chunk().map(specials) {
        None | Some(0) => find_far_special(bytes),
        Some(hits) => hits.trailing_zeros() as usize,
    }
}

#[inline(never)]
fn find_far_special(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    let mut at = 0;
    for block in blocks {
        let hits = specials(block);
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    at + tail.iter().position(|&byte| is_special(byte)).unwrap_or(tail.len())
}

const BLOCK: usize = 32;

/// One bit for each byte that is special, the first one's the lowest. Compiled to vector instructions wherever there are any:
/// each byte becomes its bit within eight, and a multiplication gathers the eight.
#[inline(always)]
fn specials(block: &[u8; BLOCK]) -> u32 {
    let mut bits = *block;
    for (at, byte) in bits.iter_mut().enumerate() {
        *byte = if is_special(*byte) { 1 << (at % 8) } else { 0 };
    }
    let (words, _) = bits.as_chunks::<8>();
    let gathered = words.iter().map(|word| u64::from_le_bytes(*word).wrapping_mul(u64::from_ne_bytes([1; 8])) >> 56);
    gathered.rev().fold(0, |all, eight| all << 8 | eight as u32)
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_found_wherever_it_stands() {
        for length in 0..80 {
            let plain = vec![0xe9_u8; length];
            assert_eq!(find_special(&plain), length);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let expected = if byte < 0x20 || byte == b'"' || byte == b'\\' { at } else { length };
                    assert_eq!(find_special(&bytes), expected, "byte {byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_none() {
        assert_eq!(Cursor::new(b"18446744073709551615 ", 0).number(), Some(u64::MAX));
        assert_eq!(Cursor::new(b"18446744073709551616 ", 0).number(), None);
        assert_eq!(Cursor::new(b"x", 0).number(), None);
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let mut cursor = Cursor::new(b"ab", 9);
        assert_eq!((cursor.at(), cursor.peek(), cursor.rest()), (2, None, &b""[..]));
        assert!(!cursor.advance(usize::MAX));
    }
}
