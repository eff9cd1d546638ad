//! Arbitrary challenges, one per line, to every mechanism: each is answered or the exchange is cancelled. If the first byte is
//! odd, the lines are encoded in base64, which a fuzzer would rarely keep valid.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| match data {
    [form, rest @ ..] if form % 2 == 1 => {
        let lines: Vec<_> = rest.split(|byte| *byte == b'\n').map(|line| STANDARD.encode(line)).collect();
        let text = lines.join("\n");
        within(text.as_bytes(), || postroom::fuzzing_sasl(text.as_bytes()));
    }
    _ => within(data, || postroom::fuzzing_sasl(data)),
});
