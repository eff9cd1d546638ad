//! Values from random numbers: a number grows into bytes, and those into a value. Fewer bytes make a smaller value, which is how
//! a failing one shrinks. It must not know the type of the value.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// The number of cases, and the file that keeps the failing ones.
pub(crate) fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(10_000),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/codec/slow/round_trip.regressions"))),
        ..ProptestConfig::default()
    }
}

/// Values that are made from at most this many bytes.
pub(crate) fn grown<T: for<'a> Arbitrary<'a> + Debug>(most: usize) -> impl Strategy<Value = T> {
    (any::<u64>(), 0..=most).prop_map(|(seed, len)| {
        let bytes = bytes(seed, len);
        T::arbitrary(&mut Unstructured::new(&bytes)).expect("a value of whatever bytes there are")
    })
}

/// By SplitMix64.
fn bytes(mut seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
