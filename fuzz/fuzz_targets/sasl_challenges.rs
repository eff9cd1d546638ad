//! Arbitrary challenges, one a line, to every mechanism: each is answered or the exchange is cancelled.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom_fuzz::within(data, || postroom::fuzzing_sasl(data)));
