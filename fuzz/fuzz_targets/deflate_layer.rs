//! Arbitrary bytes as the compressed data of a peer, and the same bytes compressed and read back: nothing is lost, no read gives more than
//! it was asked for, and it ends. The layer's memory does not depend on its input, and what it makes is kept here only to be compared.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom::fuzzing_deflate(data));
