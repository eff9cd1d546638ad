//! Arbitrary bytes to POP3 replies: no panic, no hang, bounded memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom::pop3::fuzzing::replies(data));
