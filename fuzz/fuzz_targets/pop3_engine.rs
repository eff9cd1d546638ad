//! Arbitrary bytes to the POP3 engine: no panic, no hang, bounded memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom::pop3::fuzzing::engine(data));
