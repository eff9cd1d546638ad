//! The checksum that every client computes over what it has read, in the order of the wire. Equal sums mean equal values; NIL and the
//! empty string differ. It reads every byte, sixteen at a time, so that it costs little beside the parsing that it checks.
//!
//! Of one message: UID; each flag and their number; INTERNALDATE in Unix seconds; RFC822.SIZE; the envelope; the body structure.
//! - envelope: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id; an address list is of each address name,
//!   adl, mailbox, host, then their number (NIL: 0).
//! - multipart: [`MULTIPART`], each part, the number of parts, subtype, parameters, disposition, language, location.
//! - one part: [`PART`], type, subtype, parameters, id, description, encoding, octets; of a message/rfc822 its envelope, structure and
//!   lines; of a text its lines; then md5, disposition, language, location.
//! - parameters: of each name and value, then their number (NIL: 0). Disposition: NIL, or type and parameters. Language: each tag, then
//!   their number (NIL: 0).
//!
//! Numbers come last so that no client must walk a list twice.
//!
//! Types, encodings, disposition types and parameter names are [`Sum::token`]s: read without regard to case. Everything else is exact.

/// Begins a multipart.
pub const MULTIPART: u64 = 2;
/// Begins any other part.
pub const PART: u64 = 1;

const K0: u64 = 0xd6e8_feb8_6659_fd93;
const K1: u64 = 0xa076_1d64_78bd_642f;
const K2: u64 = 0xe703_7ed1_a0b4_28db;
const NIL: u64 = 0x8ebc_6af0_9c88_c6e3;
/// The bit that makes an ASCII letter lower case, in all eight bytes.
const LOWER: u64 = 0x2020_2020_2020_2020;

/// A running checksum of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// Adds a number.
    #[inline]
    pub fn number(&mut self, n: u64) {
        self.push(n ^ K1);
    }

    /// Adds the number of things in a list, after them.
    #[inline]
    pub fn count(&mut self, n: usize) {
        self.number(n as u64);
    }

    /// Adds exact bytes.
    #[inline]
    pub fn text(&mut self, bytes: &[u8]) {
        self.push(digest(bytes, 0));
    }

    /// Adds exact bytes or NIL.
    #[inline]
    pub fn ntext(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.text(bytes),
            None => self.nil(),
        }
    }

    /// Adds a word whose case does not matter.
    #[inline]
    pub fn token(&mut self, bytes: &[u8]) {
        self.push(digest(bytes, LOWER));
    }

    /// Adds NIL.
    #[inline]
    pub fn nil(&mut self) {
        self.push(NIL);
    }

    /// The sum so far.
    pub fn value(self) -> u64 {
        self.0
    }

    #[inline]
    fn push(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(K0);
    }
}

/// A running checksum of a long run of bytes, the same however the run is cut into pieces.
#[derive(Clone, Debug)]
pub struct Run {
    state: u64,
    len: u64,
    rest: [u8; 16],
}

impl Default for Run {
    fn default() -> Self {
        Self { state: K2, len: 0, rest: [0; 16] }
    }
}

impl Run {
    /// Adds the next bytes of the run.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let held = (self.len % 16) as usize;
        self.len += bytes.len() as u64;
        if held > 0 {
            let taken = bytes.len().min(16 - held);
            self.rest[held..held + taken].copy_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if held + taken < 16 {
                return;
            }
            self.state = step(self.state, &self.rest);
        }
        let (blocks, rest) = bytes.as_chunks::<16>();
        self.state = blocks.iter().fold(self.state, step);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    /// The sum of all bytes and their number.
    pub fn value(&self) -> u64 {
        let mut rest = [0; 16];
        let held = (self.len % 16) as usize;
        rest[..held].copy_from_slice(&self.rest[..held]);
        step(self.state, &rest) ^ self.len
    }

    /// The number of bytes so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no bytes were added.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[inline]
fn step(state: u64, block: &[u8; 16]) -> u64 {
    fold(word(block, 0) ^ state, word(block, 8) ^ K1)
}

#[inline]
fn digest(bytes: &[u8], mask: u64) -> u64 {
    let len = bytes.len();
    let (a, b) = match len {
        0 => (0, 0),
        1..4 => (u64::from(bytes[0]) << 16 | u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1]), 0),
        4..8 => (half(bytes, 0), half(bytes, len - 4)),
        8..=16 => (word(bytes, 0), word(bytes, len - 8)),
        _ => return digest_long(bytes, mask),
    };
    fold((a | mask) ^ K1, (b | mask) ^ K2 ^ len as u64)
}

#[inline]
fn digest_long(bytes: &[u8], mask: u64) -> u64 {
    let len = bytes.len();
    let mut state = len as u64;
    let mut at = 0;
    while at + 16 < len {
        state = fold((word(bytes, at) | mask) ^ state, (word(bytes, at + 8) | mask) ^ K1);
        at += 16;
    }
    fold((word(bytes, len - 16) | mask) ^ state, (word(bytes, len - 8) | mask) ^ K2)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u64 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u64::from(u32::from_le_bytes(four))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(write: impl FnOnce(&mut Sum)) -> u64 {
        let mut sum = Sum::default();
        write(&mut sum);
        sum.value()
    }

    #[test]
    fn every_byte_of_a_text_counts() {
        for len in 0..70 {
            let text = vec![b'a'; len];
            let whole = of(|s| s.text(&text));
            assert_ne!(whole, of(|s| s.text(&vec![b'a'; len + 1])), "length {len}");
            for at in 0..len {
                let mut other = text.clone();
                other[at] = b'b';
                assert_ne!(whole, of(|s| s.text(&other)), "byte {at} of {len}");
            }
        }
    }

    #[test]
    fn a_token_has_no_case_and_a_text_has() {
        for word in ["7BIT", "TEXT", "PLAIN", "X", "", "QUOTED-PRINTABLE", "VND.OPENXMLFORMATS-OFFICEDOCUMENT"] {
            let lower = word.to_lowercase();
            assert_eq!(of(|s| s.token(word.as_bytes())), of(|s| s.token(lower.as_bytes())), "{word}");
            if !word.is_empty() {
                assert_ne!(of(|s| s.text(word.as_bytes())), of(|s| s.text(lower.as_bytes())), "{word}");
            }
        }
    }

    #[test]
    fn nil_is_not_the_empty_string_and_order_counts() {
        assert_ne!(of(|s| s.ntext(None)), of(|s| s.ntext(Some(b""))));
        assert_ne!(
            of(|s| {
                s.text(b"a");
                s.text(b"b")
            }),
            of(|s| {
                s.text(b"b");
                s.text(b"a")
            })
        );
        assert_ne!(
            of(|s| {
                s.text(b"ab");
                s.text(b"")
            }),
            of(|s| {
                s.text(b"a");
                s.text(b"b")
            })
        );
    }

    #[test]
    fn a_run_has_one_sum_however_it_is_cut() {
        let bytes: Vec<u8> = (0..200u8).collect();
        let mut whole = Run::default();
        whole.update(&bytes);
        for cut in 0..bytes.len() {
            let mut parts = Run::default();
            parts.update(&bytes[..cut]);
            parts.update(&bytes[cut..]);
            assert_eq!(parts.value(), whole.value(), "cut at {cut}");
        }
        let mut single = Run::default();
        for byte in &bytes {
            single.update(&[*byte]);
        }
        assert_eq!(single.value(), whole.value());
        whole.update(&[0]);
        assert_ne!(single.value(), whole.value());
    }
}
