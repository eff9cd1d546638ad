//! One very large message made on the fly: a fixed block of lines over and over, its length no multiple of any window, so that a piece
//! from the wrong place changes the checksum.

use crate::checksum::Run;

/// The number of lines in the block: a prime.
const LINES: usize = 8_209;

/// The block a large message repeats.
#[derive(Debug)]
pub struct Body {
    block: Vec<u8>,
    len: u64,
}

impl Body {
    /// A message of `len` bytes.
    pub fn new(len: u64) -> Self {
        let mut block =
            b"From: Ada <ada@example.org>\r\nSubject: a very large message\r\n\r\n".to_vec();
        for line in 0..LINES {
            let start = block.len();
            block.extend_from_slice(format!("{line:06} ").as_bytes());
            while block.len() < start + 76 {
                block.push(b'a' + ((line * 7 + block.len()) % 26) as u8);
            }
            block.extend_from_slice(b"\r\n");
        }
        Self { block, len }
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As many bytes from `offset` as lie together in the block, at most `most`; none at the end.
    pub fn piece(&self, offset: u64, most: u64) -> &[u8] {
        let within = (offset % self.block.len() as u64) as usize;
        let left = self.len.saturating_sub(offset).min(most);
        let take = left.min((self.block.len() - within) as u64) as usize;
        &self.block[within..within + take]
    }

    /// The checksum of all its bytes.
    pub fn sum(&self) -> u64 {
        let mut run = Run::default();
        while run.len() < self.len {
            run.update(self.piece(run.len(), u64::MAX));
        }
        run.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
