//! Finds the first byte of a class, one block of bytes at a time. It must not know what is read.

use wide::u8x16;

/// A set of bytes.
pub(crate) trait Class {
    /// All ones at the position of each byte that belongs to the class.
    fn among(bytes: u8x16) -> u8x16;
}

/// Quotes, backslashes and control characters: the bytes that a quoted string cannot contain unescaped.
pub(crate) struct Special;

/// Spaces, parentheses and control characters: the bytes that end a flag.
pub(crate) struct Delimiter;

/// Parentheses, quotes and control characters: the bytes that a list of words cannot contain.
pub(crate) struct EndOfWords;

/// The bytes that end a line.
pub(crate) struct LineFeed;

impl Class for Special {
    #[inline(always)]
    fn among(bytes: u8x16) -> u8x16 {
        up_to(bytes, 0x1f) | bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'))
    }
}

impl Class for Delimiter {
    #[inline(always)]
    fn among(bytes: u8x16) -> u8x16 {
        up_to(bytes, b' ') | bytes.simd_eq(u8x16::splat(b'(')) | bytes.simd_eq(u8x16::splat(b')'))
    }
}

impl Class for EndOfWords {
    #[inline(always)]
    fn among(bytes: u8x16) -> u8x16 {
        let parentheses = bytes.simd_eq(u8x16::splat(b'(')) | bytes.simd_eq(u8x16::splat(b')'));
        up_to(bytes, 0x1f) | bytes.simd_eq(u8x16::splat(b'"')) | parentheses
    }
}

impl Class for LineFeed {
    #[inline(always)]
    fn among(bytes: u8x16) -> u8x16 {
        bytes.simd_eq(u8x16::splat(b'\n'))
    }
}

#[inline(always)]
fn up_to(bytes: u8x16, most: u8) -> u8x16 {
    bytes.min(u8x16::splat(most)).simd_eq(bytes)
}

/// The position of the first byte of the class from `at` on, or the length.
///
/// Most words and strings are shorter than a block: short inputs are handled in one block compare, without a length branch.
#[inline(always)]
pub(crate) fn find<C: Class>(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + BLOCK).and_then(<[u8]>::first_chunk).map(places::<C>) {
        None => find_near_end::<C>(bytes, at),
        Some(0) => find_far::<C>(bytes, at + BLOCK),
        Some(places) => at + places.trailing_zeros() as usize,
    }
}

#[inline(never)]
fn find_far<C: Class>(bytes: &[u8], mut at: usize) -> usize {
    for block in bytes.get(at..).unwrap_or_default().as_chunks().0 {
        let places = places::<C>(block);
        if places != 0 {
            return at + places.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    find_near_end::<C>(bytes, at)
}

/// The same if less than a block is left: it compares the last block of all bytes.
#[inline]
fn find_near_end<C: Class>(bytes: &[u8], at: usize) -> usize {
    match bytes.last_chunk() {
        Some(last) => find_in::<C>(last, bytes.len(), at),
        None => find_in_few::<C>(bytes, at),
    }
}

#[cold]
fn find_in_few<C: Class>(bytes: &[u8], at: usize) -> usize {
    let mut block = [0; BLOCK];
    block.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(place, byte)| *place = *byte);
    find_in::<C>(&block, BLOCK, at + BLOCK - bytes.len()) + bytes.len() - BLOCK
}

/// The same in the block that ends at this position.
#[inline(always)]
fn find_in<C: Class>(block: &[u8; BLOCK], end: usize, at: usize) -> usize {
    let places = places::<C>(block).unbounded_shr(at.saturating_sub(end - BLOCK) as u32);
    (at + places.trailing_zeros() as usize).min(end)
}

const BLOCK: usize = 32;

/// One bit for each byte that belongs to the class. The lowest bit is that of the first byte.
#[inline(always)]
fn places<C: Class>(block: &[u8; BLOCK]) -> u32 {
    let half = |bytes: &[u8; 16]| C::among(u8x16::new(*bytes)).to_bitmask();
    match block.as_chunks().0 {
        [low, high] => half(low) | half(high) << 16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_wherever_it_stands<C: Class>(belongs: impl Fn(u8) -> bool) {
        for (length, front) in (0..80).flat_map(|length| [(length, 0), (length, 7), (length, 40)]) {
            let plain = vec![0xe9_u8; front + length];
            assert_eq!(find::<C>(&plain, front), front + length);
            assert_eq!(find::<C>(&plain, front + length + 1), front + length);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    // The bytes before it are ignored.
                    let mut bytes = vec![b'\n'; front];
                    bytes.resize(front + length, b'x');
                    bytes[front + at] = byte;
                    let expected = front + if belongs(byte) { at } else { length };
                    assert_eq!(find::<C>(&bytes, front), expected, "byte {byte} at {at} of {length} behind {front}");
                }
            }
        }
    }

    #[test]
    fn what_no_string_holds_is_found() {
        found_wherever_it_stands::<Special>(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    }

    #[test]
    fn what_ends_a_line_is_found() {
        found_wherever_it_stands::<LineFeed>(|byte| byte == b'\n');
    }

    #[test]
    fn what_ends_a_word_is_found() {
        found_wherever_it_stands::<Delimiter>(|byte| byte <= b' ' || byte == b'(' || byte == b')');
    }

    #[test]
    fn what_cannot_be_in_a_list_of_words_is_found() {
        found_wherever_it_stands::<EndOfWords>(|byte| byte < 0x20 || matches!(byte, b'"' | b'(' | b')'));
    }
}
