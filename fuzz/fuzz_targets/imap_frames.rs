//! Arbitrary bytes to IMAP frames: no panic, no hang, bounded memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom::imap::fuzzing::frames(data));
