//! Arbitrary challenges, one a line, to every mechanism: each is answered or the exchange is cancelled. Where the first byte is
//! odd, the lines are put into base64, which no fuzzer keeps whole.
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
