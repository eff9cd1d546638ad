//! A small generator of repeatable numbers (splitmix64): the same seed and index give the same mail on every machine.

/// The seed of all generated mail.
const SEED: u64 = 0x706f_7374_726f_6f6d;

/// A stream of numbers.
#[derive(Debug)]
pub struct Prng(u64);

impl Prng {
    /// The stream of one message: independent of every other message's.
    pub fn of_message(kind: u64, index: u64) -> Self {
        let mut mixed = Self(SEED ^ (kind << 56) ^ index);
        Self(mixed.number())
    }

    /// The next 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}
