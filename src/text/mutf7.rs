//! Modified UTF-7, the encoding of mailbox names before a session agrees on UTF-8 (RFC 3501 §5.1.3). Plain functions between text and
//! bytes, which must not know what a valid mailbox name is.

use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Ignores the unused bits at the end of a run, which some servers do not clear.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Writes text in modified UTF-7: printable ASCII as it is, `&` as `&-`, everything else in the shortest base64 runs.
///
/// ```
/// assert_eq!(postroom::imap::codec::mutf7::encode("Entwürfe & mehr"), "Entw&APw-rfe &- mehr");
/// ```
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let plain = is_plain(first);
        let end = rest.find(|c| is_plain(c) != plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match plain {
            true => out.push_str(&run.replace('&', "&-")),
            false => encode_run(run, &mut out),
        }
        rest = after;
    }
    out
}

/// Reads modified UTF-7. Returns `None` if the bytes are not its canonical form, so that no two encodings give the same name: if a byte
/// is outside printable ASCII, or if a base64 run does not end, does not decode to UTF-16, directly follows another one, or encodes
/// printable ASCII, which must be written as itself (RFC 3501 §5.1.3). Only the unused bits at the end of a run are not checked.
///
/// ```
/// use postroom::imap::codec::mutf7::decode;
///
/// assert_eq!(decode(b"Entw&APw-rfe").as_deref(), Some("Entwürfe"));
/// assert_eq!(decode(b"R&D"), None);
/// assert_eq!(decode(b"&AGEAYg-"), None);
/// ```
pub fn decode(bytes: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(bytes.len());
    let (mut rest, mut after_run) = (bytes, false);
    while !rest.is_empty() {
        let end = memchr::memchr(b'&', rest).unwrap_or(rest.len());
        let (plain, run) = rest.split_at_checked(end)?;
        after_run &= plain.is_empty();
        let text = std::str::from_utf8(plain).ok()?;
        out.push_str(Some(text).filter(|text| text.chars().all(is_plain))?);
        rest = match run.split_first() {
            None => run,
            Some((_, run)) => {
                let end = memchr::memchr(b'-', run)?;
                let (coded, after) = run.split_at_checked(end)?;
                if after_run && !coded.is_empty() {
                    return None;
                }
                after_run = !coded.is_empty();
                decode_run(coded, &mut out)?;
                after.get(1..)?
            }
        };
    }
    Some(out)
}

fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

fn encode_run(run: &str, out: &mut String) {
    let utf16: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
    out.push('&');
    BASE64.encode_string(utf16, out);
    out.push('-');
}

fn decode_run(coded: &[u8], out: &mut String) -> Option<()> {
    if coded.is_empty() {
        out.push('&');
        return Some(());
    }
    let bytes = BASE64.decode(coded).ok()?;
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    for c in char::decode_utf16(pairs.iter().map(|&pair| u16::from_be_bytes(pair))) {
        out.push(c.ok().filter(|&c| !is_plain(c))?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_3501_come_out_both_ways() {
        for (text, wire) in [
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("&", "&-"),
            ("\u{1f4ec}", "&2D3c7A-"),
            ("", ""),
            ("a\tb", "a&AAk-b"),
            ("ü&ü", "&APw-&-&APw-"),
        ] {
            assert_eq!(encode(text), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_not_modified_utf_7_is_not_guessed() {
        let illegal = ["&AGEAYg-", "&APwAYQ-", "&APw-&APw-", "&ACY-", "&AEkATgBCAE8AWA-"];
        let wrong = ["&", "a&b", "&A-", "&AP/-", "&2D0-", "&AAAA", "ü", "&=-", "\u{7f}", "&AP8=-"];
        for wrong in wrong.into_iter().chain(illegal) {
            assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_text_survives(text in any::<String>()) {
            let wire = encode(&text);
            prop_assert!(wire.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(decode(wire.as_bytes()), Some(text));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&bytes);
        }
    }
}
