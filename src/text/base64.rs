//! Base64 as mail contains it (RFC 2045 §6.8): without padding, with foreign characters, several runs in a row. It must not know
//! what is encoded.

/// The decoded octets. Characters outside the alphabet are ignored; a run may end without padding.
pub(crate) fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut bits, mut digits) = (0_u32, 0_u32);
    for &byte in bytes {
        if byte == b'=' {
            finish(bits, digits, &mut out);
            digits = 0;
        }
        let Some(value) = digit(byte) else { continue };
        bits = bits << 6 | value;
        digits += 1;
        if digits == 4 {
            let [_, octets @ ..] = bits.to_be_bytes();
            out.extend_from_slice(&octets);
            digits = 0;
        }
    }
    finish(bits, digits, &mut out);
    out
}

/// The number of decoded octets.
pub(crate) fn decoded_len(bytes: &[u8]) -> usize {
    let (mut len, mut digits) = (0, 0);
    for &byte in bytes {
        match digit(byte) {
            Some(_) => digits += 1,
            None if byte == b'=' => {
                len += digits * 3 / 4;
                digits = 0;
            }
            None => {}
        }
    }
    len + digits * 3 / 4
}

/// Whether the last run ends in padding, or needs none.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let run = memchr::memrchr(b'=', bytes).map_or(bytes, |at| bytes.get(at..).unwrap_or_default());
    run.iter().filter(|&&byte| digit(byte).is_some()).count() % 4 == 0
}

/// The octets of a run's last two or three digits. One digit alone encodes nothing.
fn finish(bits: u32, digits: u32, out: &mut Vec<u8>) {
    match digits {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
        _ => {}
    }
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_characters_and_further_runs_are_no_end() {
        for text in ["aGVs!bG8=", "a G\r\nVsbG8", "aGU=bGxv", "aGVsbG8====", "aGVsbG8=a"] {
            assert_eq!(decode(text.as_bytes()), b"hello", "{text}");
            assert_eq!(decoded_len(text.as_bytes()), 5, "{text}");
        }
    }

    proptest! {
        #[test]
        fn everything_is_read_with_padding_and_without(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert!(is_whole(STANDARD.encode(&bytes).as_bytes()));
            prop_assert_eq!(is_whole(STANDARD_NO_PAD.encode(&bytes).as_bytes()), bytes.len() % 3 == 0);
            for text in [STANDARD.encode(&bytes), STANDARD_NO_PAD.encode(&bytes)] {
                prop_assert_eq!(&decode(text.as_bytes()), &bytes);
                prop_assert_eq!(decoded_len(text.as_bytes()), bytes.len());
            }
        }

        #[test]
        fn the_length_is_that_of_what_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(decode(&bytes).len(), decoded_len(&bytes));
        }
    }
}
