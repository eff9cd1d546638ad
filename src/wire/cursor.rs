//! A reading position in a slice of bytes. Every access is bounds-checked and returns `None` or nothing at the end, so a parser that
//! uses it cannot panic. It reads bytes and line ends, and must not know what they mean.

use super::class::{Class, find};

/// Bytes, and the number of them that were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    /// All bytes, read or not.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The offset of the next byte.
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Moves to an offset, backward or forward, at most to the end.
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

    /// All unread bytes.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The byte at this offset, read or not.
    #[inline(always)]
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The bytes in this range, read or not.
    #[inline(always)]
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// All bytes before this offset, read or not.
    pub(crate) fn up_to(&self, end: usize) -> &'a [u8] {
        self.bytes.get(..end).unwrap_or(self.bytes)
    }

    /// The bytes that were read since `start`.
    #[inline(always)]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Skips `count` bytes. `false` if fewer are left; then it skips none.
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

    /// Reads all spaces up to another byte.
    #[inline(always)]
    pub(crate) fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Reads while the predicate holds, and returns the bytes that were read.
    #[inline(always)]
    pub(crate) fn take_while(&mut self, pass: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let count = rest.iter().position(|&byte| !pass(byte)).unwrap_or(rest.len());
        self.at += count;
        rest.get(..count).unwrap_or_default()
    }

    /// The position of the first byte of the class from this offset on, or the end.
    #[inline(always)]
    pub(crate) fn find<C: Class>(&self, at: usize) -> usize {
        find::<C>(self.bytes, at)
    }

    /// Reads up to a byte of the class, and returns the bytes that were read.
    #[inline(always)]
    pub(crate) fn take_until<C: Class>(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at = self.find::<C>(start);
        self.since(start)
    }

    /// Reads decimal digits as a number; `None` if there are none or the number does not fit.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Option<u64> {
        match self.rest().first_chunk().map(|word| few_digits(*word)) {
            Some((digits @ 1..8, value)) => {
                self.at += digits;
                Some(value)
            }
            _ => self.any_number(),
        }
    }

    #[inline(never)]
    fn any_number(&mut self) -> Option<u64> {
        let mut value = u64::from(digit(self.peek()?)?);
        self.at += 1;
        while let Some(next) = self.peek().and_then(digit) {
            value = value.checked_mul(10)?.checked_add(u64::from(next))?;
            self.at += 1;
        }
        Some(value)
    }
}

/// The number of digits at the start of eight bytes, and their value. It has no branch, since the length of numbers is not
/// predictable.
#[inline(always)]
fn few_digits(bytes: [u8; 8]) -> (usize, u64) {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let values = u64::from_le_bytes(bytes) ^ each(b'0');
    // The high bit of each byte over 9. A carry can only come from such a byte.
    let over = (values.wrapping_add(each(0x80 - 10)) | values) & each(0x80);
    let digits = over.trailing_zeros() / 8;
    // The last digit moves to the highest byte, with zeros before the first.
    let values = values.unbounded_shl(64 - 8 * digits);
    // Combines pairs of digits, then pairs of pairs, then both halves.
    let pairs = (values.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    (digits as usize, fours.wrapping_mul(1 + (10_000 << 32)) >> 32)
}

#[inline(always)]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_are_read_with_anything_behind() {
        for text in ["0", "7", "42", "0042", "999", "1234567", "9999999", "12345678", "99999999", "1234567890123"] {
            for behind in [0, b' ', b'/', b':', b')', b'\r', b'x', 0x7f, 0x80, 0xb5, 0xff] {
                for length in 0..10 {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes.extend(std::iter::repeat_n(behind, length));
                    bytes.extend(b"00000000".iter().take(length));
                    let mut cursor = Cursor::new(&bytes, 0);
                    assert_eq!(cursor.number(), text.parse().ok(), "{bytes:?}");
                    assert_eq!(cursor.at(), text.len(), "{bytes:?}");
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
