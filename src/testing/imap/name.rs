//! Mailbox names: stored in modified UTF-7 (RFC 3501 §5.1.3), sent in UTF-8 if IMAP4rev2 is enabled (RFC 9051 §5.1). It must not know
//! a command.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

pub(super) fn encode(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let plain = |char: char| matches!(char, ' '..='~');
        let run = if plain(first) { rest.find(|char| !plain(char)) } else { rest.find(plain) };
        let (run, after) = rest.split_at_checked(run.unwrap_or(rest.len())).unwrap_or((rest, ""));
        if plain(first) {
            out.push_str(&run.replace('&', "&-"));
        } else {
            let units: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            out.push('&');
            BASE64.encode_string(units, &mut out);
            out.push('-');
        }
        rest = after;
    }
    out
}

/// A name that cannot be decoded stays unchanged.
pub(super) fn decode(name: &str) -> String {
    let mut parts = name.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('-') {
            Some(("", after)) => {
                out.push('&');
                out.push_str(after);
            }
            Some((run, after)) => {
                let bytes = BASE64.decode(run).unwrap_or_default();
                let units = bytes.as_chunks().0.iter().map(|unit| u16::from_be_bytes(*unit));
                out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
                out.push_str(after);
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (utf8, utf7) in [
            ("R&D", "R&-D"),
            ("gr\u{fc}n/\u{1f600}x", "gr&APw-n/&2D3eAA-x"),
            ("INBOX", "INBOX"),
            ("\u{53f0}\u{5317}", "&U,BTFw-"),
        ] {
            assert_eq!((encode(utf8).as_str(), decode(utf7).as_str()), (utf7, utf8));
        }
    }
}
