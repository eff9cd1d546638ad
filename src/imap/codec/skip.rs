//! Skips bytes that are certainly inside a parenthesised list, one block at a time. It stops before anything that must be read token by
//! token: the end of the list, escapes, literals, odd quotes. It must not know what the list contains.

use wide::u8x16;

/// How many bytes are examined at once.
pub(super) const BLOCK: usize = 64;

/// The position after the skipped blocks, and the number of lists that are open there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Skipped {
    /// The first byte that must be read token by token, or the end of the outermost list; never one inside a quoted string.
    pub(super) at: usize,
    pub(super) depth: usize,
    /// The end of the block that could not be skipped. Another attempt before this position skips nothing.
    pub(super) tried: usize,
}

/// Skips blocks from `at` on, which must not be inside a string, with `depth` open lists.
#[inline]
pub(super) fn skip_blocks(bytes: &[u8], at: usize, depth: usize) -> Skipped {
    let (mut block_at, mut depth) = (at, depth);
    // The beginning of a string that continues after the last block, and the number of lists that are open there.
    let mut string: Option<(usize, usize)> = None;
    while let Some((block, next)) = block_at_offset(bytes, block_at) {
        let marks = Marks::of(block);
        let within = xor_of_all_before(marks.quotes) ^ if string.is_some() { u64::MAX } else { 0 };
        let closing = marks.quotes & !within;
        let ends = marks.ends >> 1 | u64::from(is_end(next)) << (BLOCK - 1);
        let (opens, closes) = (marks.opens & !within, marks.closes & !within);
        let odd = marks.odd | (closing & !ends);
        depth = match (open_after(opens, closes, depth), odd) {
            (Open::Lists(open), 0) => open,
            // The list ends here, and what comes after its end does not matter.
            (Open::None { end }, _) if odd & ((1 << end) - 1) == 0 => {
                let at = block_at + end as usize;
                return Skipped { at, depth: 1, tried: at + BLOCK };
            }
            _ => break,
        };
        let opening = marks.quotes & within;
        string = match within >> (BLOCK - 1) {
            0 => None,
            _ if opening == 0 => string,
            _ => Some((block_at + BLOCK - 1 - opening.leading_zeros() as usize, depth)),
        };
        block_at += BLOCK;
    }
    let (at, depth) = string.unwrap_or_else(|| (begin_of_word(bytes, at, block_at), depth));
    Skipped { at, depth, tried: block_at + BLOCK }
}

/// The beginning of the word that continues at `at`, but not before `from`; `at` itself if there is no such word. A brace inside a word
/// announces no literal, so reading must not resume there.
fn begin_of_word(bytes: &[u8], from: usize, at: usize) -> usize {
    let skipped = bytes.get(from..at).unwrap_or_default();
    let delimiter = skipped.iter().rposition(|byte| matches!(byte, b' ' | b'(' | b')' | b'"'));
    delimiter.map_or(from, |delimiter| from + delimiter + 1)
}

/// What is open after a block.
enum Open {
    Lists(usize),
    /// The outermost list ends inside the block, at this bit.
    None {
        end: u32,
    },
}

#[inline(always)]
fn open_after(opens: u64, mut closes: u64, depth: usize) -> Open {
    let (opened, closed) = (opens.count_ones() as usize, closes.count_ones() as usize);
    if closed >= depth {
        // Rare: only blocks near the outermost level get here.
        let mut before = 0;
        while closes != 0 {
            let opened = (opens & (closes & closes.wrapping_neg()).wrapping_sub(1)).count_ones() as usize;
            before += 1;
            if depth + opened <= before {
                return Open::None { end: closes.trailing_zeros() };
            }
            closes &= closes - 1;
        }
    }
    Open::Lists(depth + opened - closed)
}

#[inline(always)]
fn block_at_offset(bytes: &[u8], at: usize) -> Option<(&[u8; BLOCK], u8)> {
    let (block, rest) = bytes.get(at..)?.split_first_chunk()?;
    Some((block, *rest.first()?))
}

/// One bit for each byte of a block; the lowest bit is the first byte.
struct Marks {
    quotes: u64,
    opens: u64,
    closes: u64,
    /// Bytes that may follow the end of a string.
    ends: u64,
    /// Control characters, backslashes and braces.
    odd: u64,
}

impl Marks {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut marks = Self { quotes: 0, opens: 0, closes: 0, ends: 0, odd: 0 };
        for (part, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            let place = |found: u8x16| u64::from(found.to_bitmask()) << (16 * part);
            let closes = is(b')');
            marks.quotes |= place(is(b'"'));
            marks.opens |= place(is(b'('));
            marks.closes |= place(closes);
            marks.ends |= place(closes | is(b' '));
            marks.odd |= place(bytes.min(u8x16::splat(0x1f)).simd_eq(bytes) | is(b'\\') | is(b'{'));
        }
        marks
    }
}

/// Sets each bit for which the number of set bits up to and including it is odd: the bytes inside quotes.
#[inline(always)]
fn xor_of_all_before(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, step| bits ^ bits << step)
}

/// Whether this byte may follow the end of a string. Strings with any other byte after them are read token by token.
#[inline(always)]
fn is_end(byte: u8) -> bool {
    matches!(byte, b' ' | b')')
}
