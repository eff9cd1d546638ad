//! Arbitrary bytes as one line of POP3: a status with its code, a greeting's stamp, and what STAT, LIST and UIDL say in a line.
#![no_main]

use postroom::pop3::codec::{reply, scan_line, stamp, stat, uidl_line};
use postroom_fuzz::within;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = within(data, || reply(data).map(|reply| reply.text().into_owned()));
    let rest = within(data, || (stat(data), stamp(data).map(<[u8]>::len), scan_line(data), uidl_line(data)));
    assert!(rest.1.is_none_or(|len| len <= data.len()));
    std::hint::black_box((text, rest));
});
