//! Arbitrary bytes as a message: it always has contents, in memory that is bounded by its size, and they are consistent.
#![no_main]

use postroom::Contents;
use postroom_fuzz::{contents, within_each};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let message = bytes::Bytes::copy_from_slice(data);
    let found = within_each(data, contents::EACH, || Contents::parse(message.clone()));
    contents::check(&found);
    let encoded: u64 =
        found.parts().filter(|part| part.media_type() != "message/rfc822").filter_map(|part| part.encoded_size()).sum();
    assert!(encoded <= 2 * data.len() as u64, "no byte belongs to two parts");
});
