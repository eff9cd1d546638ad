//! Large messages made on the fly: a fixed block of lines repeated, its length no multiple of any window, so that a piece
//! from the wrong place changes the checksum.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checksum::Run;
use crate::prng::Prng;

/// The number of lines in the block: a prime.
const LINES: usize = 8_209;

/// The block a large message repeats.
#[derive(Clone, Debug)]
pub struct Body {
    block: Arc<[u8]>,
    /// Where in the block it begins.
    shift: u64,
    len: u64,
}

impl Body {
    /// A message of `len` bytes.
    pub fn new(len: u64) -> Self {
        let mut block = b"From: Ada <ada@example.org>\r\nSubject: a very large message\r\n\r\n".to_vec();
        for line in 0..LINES {
            let start = block.len();
            block.extend_from_slice(format!("{line:06} ").as_bytes());
            while block.len() < start + 76 {
                block.push(b'a' + ((line * 7 + block.len()) % 26) as u8);
            }
            block.extend_from_slice(b"\r\n");
        }
        Self { block: block.into(), shift: 0, len }
    }

    /// The base64 of [`octets`](octets), over and over, in this number of lines of 57 octets each.
    pub fn encoded(lines: u64) -> Self {
        let line = |octets: &[u8]| STANDARD.encode(octets) + "\r\n";
        let block: String = octets().chunks(57).map(line).collect();
        Self { block: block.into_bytes().into(), shift: 0, len: lines * 78 }
    }

    /// This number of messages of 1 to 2 MB, no two alike.
    pub fn many(count: u64) -> Vec<Self> {
        let first = Self::new(0);
        let one = |index| {
            let mut random = Prng::of_message(4, index);
            Self {
                shift: random.below(first.block.len() as u64),
                len: random.between(1_000_000, 2_000_000),
                ..first.clone()
            }
        };
        (1..=count).map(one).collect()
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes from `offset` that are contiguous in the block, at most `most`; none at the end.
    pub fn piece(&self, offset: u64, most: u64) -> &[u8] {
        let within = ((self.shift + offset) % self.block.len() as u64) as usize;
        let left = self.len.saturating_sub(offset).min(most);
        let take = left.min((self.block.len() - within) as u64) as usize;
        &self.block[within..within + take]
    }

    /// The checksum of all its bytes.
    pub fn sum(&self) -> u64 {
        let mut run = Run::default();
        self.add_to(&mut run);
        run.value()
    }

    /// Adds all its bytes to a checksum.
    pub fn add_to(&self, run: &mut Run) {
        let mut done = 0;
        while done < self.len {
            let piece = self.piece(done, u64::MAX);
            run.update(piece);
            done += piece.len() as u64;
        }
    }
}

/// The octets that [`Body::encoded`] repeats.
pub fn octets() -> Vec<u8> {
    let mut random = Prng::of_message(5, 1);
    (0..57 * LINES).map(|_| random.below(256) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_bodies_are_of_1_to_2_mb_and_differ() {
        let bodies = Body::many(3);
        assert!(bodies.iter().all(|body| (1_000_000..=2_000_000).contains(&body.len())));
        assert_ne!(bodies[0].piece(0, 4096), bodies[1].piece(0, 4096));
        assert_eq!(bodies[2].sum(), Body::many(3)[2].sum());
    }

    #[test]
    fn pieces_make_the_whole_and_a_shifted_piece_is_seen() {
        let body = Body::new(2_000_000);
        let mut run = Run::default();
        while run.len() < body.len() {
            run.update(body.piece(run.len(), 65_536));
        }
        assert_eq!(run.value(), body.sum());
        assert!(body.piece(2_000_000, 10).is_empty());
        assert_ne!(body.piece(0, 65_536), body.piece(65_536, 65_536));
    }
}
