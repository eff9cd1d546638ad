//! Messages that are broken in the ways of public reports, made from sound ones. It knows no library that reads them.

use super::sound;
use crate::rng::Rng;

/// A broken message.
pub(crate) struct Broken {
    pub(crate) fault: Fault,
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
}

/// What was done to it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fault {
    NoLastBoundary,
    NoBoundaryBetween,
    BlanksAfterBoundaries,
    NoBlankLine,
    TwoContentTypes,
    NoBoundaryParameter,
    AnotherBoundary,
    NoSubtype,
    OddEncodingLabel,
    UnknownCharset,
    Cut,
    LineFeedsOnly,
    NoPadding,
    ForeignCharacters,
    Comments,
    RandomBytes,
}

impl Fault {
    pub(crate) const ALL: [Self; 16] = [
        Self::NoLastBoundary,
        Self::NoBoundaryBetween,
        Self::BlanksAfterBoundaries,
        Self::NoBlankLine,
        Self::TwoContentTypes,
        Self::NoBoundaryParameter,
        Self::AnotherBoundary,
        Self::NoSubtype,
        Self::OddEncodingLabel,
        Self::UnknownCharset,
        Self::Cut,
        Self::LineFeedsOnly,
        Self::NoPadding,
        Self::ForeignCharacters,
        Self::Comments,
        Self::RandomBytes,
    ];
}

/// The message of this seed, with this fault if it has a place for it.
pub(crate) fn broken(seed: u64, fault: Fault) -> Broken {
    let mut rng = Rng::new(seed ^ 0xb4d);
    let sound = sound(seed);
    let bytes = break_it(&sound.bytes, fault, &mut rng);
    Broken { fault, what: format!("{fault:?} of {}", sound.what), bytes }
}

fn break_it(bytes: &[u8], fault: Fault, rng: &mut Rng) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let is_boundary = |line: &[u8]| line.starts_with(b"--=_");
    let is_last = |line: &[u8]| is_boundary(line) && line.ends_with(b"--\r\n");
    let replace = |lines: &mut Vec<Vec<u8>>, from: &[u8], to: &[u8]| {
        for line in lines {
            if let Some(at) = line.windows(from.len()).position(|found| found.eq_ignore_ascii_case(from)) {
                line.splice(at..at + from.len(), to.iter().copied());
            }
        }
    };
    match fault {
        Fault::NoLastBoundary => remove_one(&mut lines, rng, is_last),
        Fault::NoBoundaryBetween => remove_one(&mut lines, rng, |line| is_boundary(line) && !is_last(line)),
        Fault::NoBlankLine => remove_one(&mut lines, rng, |line| line == b"\r\n"),
        Fault::BlanksAfterBoundaries => {
            for line in lines.iter_mut().filter(|line| is_boundary(line)) {
                line.splice(line.len() - 2.., *b" \t\r\n");
            }
        }
        Fault::TwoContentTypes => {
            let is_type = |line: &[u8]| line.starts_with(b"Content-Type: ") && !line.ends_with(b";\r\n");
            if let Some(at) = one(&lines, rng, is_type) {
                lines.insert(at + 1, b"Content-Type: application/x-second; name=second\r\n".to_vec());
            }
        }
        Fault::NoBoundaryParameter => replace(&mut lines, b"; boundary=", b"; limit="),
        Fault::AnotherBoundary => replace(&mut lines, b"boundary=\"=_", b"boundary=\"=?"),
        Fault::NoSubtype => {
            replace(&mut lines, b"text/plain", b"text");
            replace(&mut lines, b"application/pdf", b"pdf");
        }
        Fault::OddEncodingLabel => {
            let labels: [&[u8]; 5] = [b"BASE64  ", b"base64 (all of it)", b"\"base64\"", b"x-uuencode", b"base64;"];
            replace(&mut lines, b": base64", &[b": ", labels[rng.below(labels.len())]].concat());
            replace(&mut lines, b": 8bit", b": 8-bit");
        }
        Fault::UnknownCharset => {
            replace(&mut lines, b"charset=\"", b"charset=\"x-");
            replace(&mut lines, b"charset=utf-8", b"charset=");
        }
        Fault::Cut => {
            let end = bytes.len() / 4 + rng.below(bytes.len() - bytes.len() / 4);
            return bytes[..end].to_vec();
        }
        Fault::LineFeedsOnly => lines.iter_mut().for_each(|line| line.retain(|&byte| byte != b'\r')),
        Fault::NoPadding => lines.iter_mut().filter(|line| line.ends_with(b"=\r\n")).for_each(|line| {
            line.retain(|&byte| byte != b'=');
        }),
        Fault::ForeignCharacters => {
            let is_base64 =
                |line: &[u8]| line.len() > 20 && line.trim_ascii_end().iter().all(u8::is_ascii_alphanumeric);
            lines.iter_mut().filter(|line| is_base64(line)).for_each(|line| line.insert(7, b'!'));
        }
        Fault::Comments => {
            replace(&mut lines, b"content-type: ", b"Content-Type: (the type) ");
            replace(&mut lines, b"attachment;", b"attachment (a file);");
        }
        Fault::RandomBytes => {
            for _ in 0..1 + rng.below(4) {
                let line = rng.below(lines.len());
                let at = rng.below(lines[line].len());
                lines[line][at] = b"\"\\;=:()<>-?*%' \tx\xe9"[rng.below(18)];
            }
        }
    }
    lines.concat()
}

fn one(lines: &[Vec<u8>], rng: &mut Rng, is_it: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let places: Vec<usize> = (0..lines.len()).filter(|&at| is_it(&lines[at])).collect();
    (!places.is_empty()).then(|| places[rng.below(places.len())])
}

fn remove_one(lines: &mut Vec<Vec<u8>>, rng: &mut Rng, is_it: impl Fn(&[u8]) -> bool) {
    if let Some(at) = one(lines, rng, is_it) {
        lines.remove(at);
    }
}
