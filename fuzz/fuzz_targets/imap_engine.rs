//! Arbitrary bytes to the IMAP engine, between requests, cancellations and the passing of time: no panic, no hang, every request
//! ends, and memory stays within the bound.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    postroom::imap::fuzzing::prepare();
    postroom_fuzz::within(data, || postroom::imap::fuzzing::engine(data));
});
