//! An arbitrary BODYSTRUCTURE, and arbitrary bytes after a NUL as the fields of the header: the contents are consistent, and each part has
//! the number that the structure gives it.
#![no_main]

use postroom::Limits;
use postroom::imap::{Response, codec};
use postroom_fuzz::{contents, within_each};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (structure, header) = data.iter().position(|&byte| byte == 0).map_or((data, &[][..]), |at| data.split_at(at));
    let fields = format!(" BODY[HEADER.FIELDS (LIST-UNSUBSCRIBE)] {{{}}}\r\n", header.len());
    let frame = [b"* 1 FETCH (UID 7 BODYSTRUCTURE ", structure, fields.as_bytes(), header, b")\r\n"].concat();
    let frame = bytes::Bytes::from(frame);
    let Ok(Response::Fetch(fetched)) = codec::response(&frame, &Limits::default()) else { return };
    let Some(root) = fetched.body_structure() else { return };
    let Some(found) = within_each(&frame, contents::EACH, || fetched.contents()) else { return };
    contents::check(&found);
    if fetched.body().is_some() {
        // The structure was followed by a whole message, such as `RFC822 "..."`, which comes before it.
        return;
    }
    let named: Vec<String> = root.walk().map(|part| part.section().to_string()).collect();
    for part in found.parts() {
        assert!(named.contains(&part.section().to_string()), "{} is none of {named:?}", part.section());
    }
});
