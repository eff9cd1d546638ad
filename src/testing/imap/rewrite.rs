//! What a server may make of a message before it stores it: a field more, or one less. It must not know commands.

use bytes::Bytes;

use crate::testing::options::Options;

const STAMP: &[u8] = b"X-Stored-By: postroom testing\r\n";

/// The message as this server stores it.
pub(super) fn rewritten(message: Bytes, options: &Options) -> Bytes {
    let message = if options.strips_message_ids { without_message_id(&message) } else { message };
    if options.stamps_appends { [STAMP, &message].concat().into() } else { message }
}

/// Without each field of that name, and the lines that continue it (RFC 5322 §2.2.3). The body is not touched.
fn without_message_id(message: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(message.len());
    let (mut is_header, mut is_left_out) = (true, false);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        is_header &= !matches!(line, b"\r\n" | b"\n");
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        is_left_out = is_header && if continues { is_left_out } else { is_message_id(line) };
        if !is_left_out {
            kept.extend_from_slice(line);
        }
    }
    kept.into()
}

fn is_message_id(line: &[u8]) -> bool {
    line.iter()
        .position(|byte| *byte == b':')
        .and_then(|colon| line.get(..colon))
        .is_some_and(|name| name.trim_ascii_end().eq_ignore_ascii_case(b"Message-ID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_field_goes() {
        let message = b"A: 1\r\nMESSAGE-id :\r\n <1@x>\r\nB: 2\r\n 3\r\n\r\nMessage-ID: <2@x>\r\n";
        assert_eq!(without_message_id(message), "A: 1\r\nB: 2\r\n 3\r\n\r\nMessage-ID: <2@x>\r\n");
        assert_eq!(without_message_id(b"Message-ID: <1@x>"), "");
        assert_eq!(without_message_id(b"no colon\nA: 1\n\n"), "no colon\nA: 1\n\n");
    }

    #[test]
    fn a_stamp_comes_first() {
        let options = Options { stamps_appends: true, ..Options::default() };
        let stored = rewritten(Bytes::from_static(b"A: 1\r\n\r\n"), &options);
        assert_eq!(stored, "X-Stored-By: postroom testing\r\nA: 1\r\n\r\n");
        assert_eq!(rewritten(stored.clone(), &Options::default()), stored);
    }
}
