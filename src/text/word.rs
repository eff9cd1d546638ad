//! Encoded words (RFC 2047) in text, as mailers write them: without a space beside them, folded, without padding, with a character
//! split over two of them. It must not know which field they come from.

use std::borrow::Cow;

use super::charset::{self, Charset};
use super::{base64, hex, is_blank, unfold};

/// The most bytes of a charset's name.
const LONGEST_LABEL: usize = 64;

/// One encoded word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    label: &'a [u8],
    is_base64: bool,
    text: &'a [u8],
    /// The position after its end, in the bytes that it was read from.
    pub(crate) end: usize,
}

/// The text of a field's value on one line, its encoded words decoded.
///
/// White space between two encoded words is removed, and adjacent words of one charset are decoded together, so that a character may be
/// split over them. Other white space stays, and none is added. Bytes without a declared charset are decoded by
/// [`undeclared`](charset::undeclared), with the charset of the first encoded word.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if !is_to_be_decoded(bytes)
        && let Ok(text) = str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    match unfold(bytes) {
        Cow::Borrowed(line) => decode_line(line),
        Cow::Owned(line) => Cow::Owned(decode_line(&line).into_owned()),
    }
}

/// Whether the bytes may contain an encoded word or a line end.
pub(crate) fn is_to_be_decoded(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"=?").is_some() || memchr::memchr2(b'\r', b'\n', bytes).is_some()
}

fn decode_line(line: &[u8]) -> Cow<'_, str> {
    let mut words = words(line).peekable();
    let Some((_, first)) = words.peek() else {
        return charset::undeclared(line, None);
    };
    let neighbour = Charset::of(first.label);
    let mut out = String::with_capacity(line.len());
    let (mut run, mut behind): (Option<WordRun<'_>>, usize) = (None, 0);
    for (start, word) in words {
        let between = line.get(behind..start).unwrap_or_default();
        behind = word.end;
        match &mut run {
            Some(run) if between.iter().copied().all(is_blank) => {
                if !run.is_continued_by(word) {
                    run.finish(&mut out);
                    *run = WordRun::new(word);
                }
                word.octets(&mut run.octets);
                continue;
            }
            Some(run) => run.finish(&mut out),
            None => {}
        }
        out.push_str(&charset::undeclared(between, neighbour));
        let mut next = WordRun::new(word);
        word.octets(&mut next.octets);
        run = Some(next);
    }
    if let Some(run) = &mut run {
        run.finish(&mut out);
    }
    out.push_str(&charset::undeclared(line.get(behind..).unwrap_or_default(), neighbour));
    Cow::Owned(out)
}

/// The octets of adjacent words of one charset.
struct WordRun<'a> {
    label: &'a [u8],
    octets: Vec<u8>,
}

impl<'a> WordRun<'a> {
    fn new(word: Word<'a>) -> Self {
        Self { label: word.label, octets: Vec::new() }
    }

    /// UTF-7 starts again with each word.
    fn is_continued_by(&self, word: Word<'_>) -> bool {
        self.label.eq_ignore_ascii_case(word.label) && !self.label.eq_ignore_ascii_case(b"utf-7")
    }

    fn finish(&self, out: &mut String) {
        match Charset::of(self.label) {
            Some(charset) => out.push_str(&charset.decode(&self.octets)),
            None => out.push_str(&charset::undeclared(&self.octets, None)),
        }
    }
}

/// The encoded words in the bytes, each with the position of its first byte.
fn words(line: &[u8]) -> impl Iterator<Item = (usize, Word<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memmem::find(line.get(at..)?, b"=?")?;
            match Word::read(line, start) {
                Some(word) => {
                    at = word.end;
                    return Some((start, word));
                }
                None => at = start + 1,
            }
        }
    })
}

impl<'a> Word<'a> {
    /// The encoded word that begins at this position. It reads no further than the start of the next one.
    pub(crate) fn read(line: &'a [u8], start: usize) -> Option<Self> {
        let inside = line.get(start..)?.strip_prefix(b"=?")?;
        let length = inside.iter().take(LONGEST_LABEL).position(|&byte| byte == b'?')?;
        let (label, rest) = inside.split_at_checked(length)?;
        // RFC 2231 §5: a language may follow the charset.
        let label = label.split(|&byte| byte == b'*').next().filter(|label| is_label(label))?;
        let (is_base64, rest) = match rest {
            [b'?', b'B' | b'b', b'?', rest @ ..] => (true, rest),
            [b'?', b'Q' | b'q', b'?', rest @ ..] => (false, rest),
            _ => return None,
        };
        let mut marks = memchr::memchr_iter(b'?', rest).map(|at| (at, at.checked_sub(1).and_then(|at| rest.get(at))));
        let (end, _) = marks.find(|&(at, before)| rest.get(at + 1) == Some(&b'=') || before == Some(&b'='))?;
        let (text, behind) = rest.split_at_checked(end).filter(|(_, behind)| behind.starts_with(b"?="))?;
        let word = Self { label, is_base64, text, end: line.len() - behind.len() + 2 };
        (!is_base64 || word.is_sound()).then_some(word)
    }

    /// Whether its base64 encodes anything.
    fn is_sound(self) -> bool {
        self.text.iter().copied().all(is_blank) || base64::decoded_len(self.text) > 0
    }

    fn octets(self, out: &mut Vec<u8>) {
        if self.is_base64 {
            out.append(&mut base64::decode(self.text));
            return;
        }
        let mut rest = self.text;
        while let Some((&first, behind)) = rest.split_first() {
            let (octet, behind) = match (first, behind) {
                (b'_', _) => (b' ', behind),
                (b'=', [high, low, after @ ..]) => {
                    hex(*high).zip(hex(*low)).map_or((first, behind), |(high, low)| (high << 4 | low, after))
                }
                _ => (first, behind),
            };
            out.push(octet);
            rest = behind;
        }
    }
}

/// Whether this can be the name of a charset.
pub(crate) fn is_label(label: &[u8]) -> bool {
    !label.is_empty() && label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+()".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_where_they_stand() {
        for (bytes, text) in [
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?/A==?= x", "Grüßeü x"),
            ("=?utf-8?Q?Salg=C3=B8_12B?=.pdf", "Salgø 12B.pdf"),
            ("x=?utf-8?Q?=C3=A9?=y  z", "xéy  z"),
            ("=?UTF-8?B?0KPQstA=?= =?utf-8?B?uQ==?=", "Увй"),
            ("=?utf-8?B?aGVsbG8?=", "hello"),
            ("=?utf-8?Q?a=b=c?=", "a=b=c"),
            ("=?utf-8?Q?what??=", "what?"),
            ("=?utf-8?Q?=?=", "="),
            ("=?utf-8*de?Q?=C3=A9?=", "é"),
            ("=?utf-8?Q?a?=\r\n\t=?utf-8?Q?b?=\r\n c", "ab c"),
            ("=?utf-8?Q?=E2=82?= =?iso-8859-1?Q?=E4?=", "\u{fffd}ä"),
            ("=?x-nobody?Q?caf=E9_=3D?=", "café ="),
            ("=?utf-8?Q?open =?utf-8?Q?ok?=", "=?utf-8?Q?open ok"),
            ("=?utf-8?X?a?= =?utf-8?B?!?= =? =?=", "=?utf-8?X?a?= =?utf-8?B?!?= =? =?="),
            ("=?utf-8?Q??= =?utf-8?B??=", ""),
        ] {
            assert_eq!(decode(bytes.as_bytes()), text, "{bytes}");
        }
        assert!(matches!(decode(b"plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn bytes_beside_words_are_in_their_charset() {
        assert_eq!(decode(b"\xb1 =?iso-8859-2?Q?=B1?= \xb1"), "ą ą ą");
        assert_eq!(decode(b"F\xe5 =?utf-8?Q?=C3=A9?="), "Få é");
        assert_eq!(decode(b"F\xe5 et bil"), "Få et bil");
    }

    #[test]
    fn time_grows_no_faster_than_the_text() {
        for piece in ["=?", "=?utf-8?Q?", "=?utf-8?B?a", "=?utf-8?Q?a?= ", "=?a?Q??", "?=", "\r\n "] {
            let text = piece.repeat(400_000 / piece.len());
            let begun = std::time::Instant::now();
            let _ = decode(text.as_bytes());
            assert!(begun.elapsed().as_secs() < 20, "{piece}");
        }
    }
}
