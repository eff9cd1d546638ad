//! Arbitrary bytes to one complete IMAP response: no panic, no hang, bounded memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom::imap::fuzzing::response(data));
