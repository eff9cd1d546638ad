//! Removes secrets that were sent from texts that people see, in every form in which a server may repeat them. It does not know where
//! the texts are shown.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;
use zeroize::Zeroizing;

use crate::error::Error;

/// Replaces a secret.
pub(crate) const HIDDEN: &str = "<secret>";
/// Shorter strings are not redacted: they would match almost everywhere.
const SHORTEST: usize = 3;
/// The beginning of a secret is hidden at the end of a text, which may have been cut there, if it has at least this length.
const PREFIX: usize = 4;

const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secrets of one connection; wiped when dropped.
#[derive(Default)]
pub(crate) struct Redactor {
    /// The longest first, so that a secret is hidden before its parts.
    forms: Vec<Zeroizing<Vec<u8>>>,
}

impl Redactor {
    /// Learns what was sent: a string or quoted string, or base64 of a SASL message (RFC 4616, RFC 7628, RFC 2195, RFC 5802).
    pub(crate) fn learn(&mut self, sent: &[u8]) {
        let sent = sent.strip_suffix(b"\r\n").unwrap_or(sent);
        // The announcement of a literal is hidden because of its length only. Elsewhere it is not a secret.
        if matches!(sent, [b'{', size @ .., b'}'] if size.iter().all(|byte| byte.is_ascii_digit() || *byte == b'+')) {
            return;
        }
        match sent {
            [b'"', inner @ .., b'"'] => {
                self.add(inner);
                self.learn_raw(&unquoted(inner));
            }
            _ => self.learn_raw(sent),
        }
        if let Ok(message) = TOLERANT.decode(sent) {
            let message = Zeroizing::new(message);
            self.learn_message(&message);
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        self.forms.dedup();
    }

    /// The parts of a SASL message that are secret by themselves.
    fn learn_message(&mut self, message: &[u8]) {
        self.learn_raw(message);
        if let Some(password) = message.rsplit(|byte| *byte == 0).next().filter(|_| message.contains(&0)) {
            self.learn_raw(password);
        }
        for part in message.split(|byte| *byte == 1) {
            for mark in [&b"auth=Bearer "[..], b"auth=bearer "] {
                part.strip_prefix(mark).into_iter().for_each(|token| self.learn_raw(token));
            }
        }
        for mark in [&b",p="[..], b" "] {
            if let Some(at) = memmem::rfind(message, mark) {
                self.learn_raw(message.get(at + mark.len()..).unwrap_or_default());
            }
        }
    }

    /// One secret, in the forms in which it may come back.
    fn learn_raw(&mut self, secret: &[u8]) {
        self.add(secret);
        // The names of response codes are kept in upper case.
        self.add(&secret.to_ascii_uppercase());
        self.add(STANDARD.encode(secret).trim_end_matches('=').as_bytes());
        self.add(&quoted(secret));
        self.add(String::from_utf8_lossy(secret).as_bytes());
        self.add(secret.escape_ascii().to_string().as_bytes());
        secret.split(|byte| *byte == b'\n').for_each(|line| self.add(line.trim_ascii_end()));
    }

    fn add(&mut self, form: &[u8]) {
        if form.len() >= SHORTEST && !self.forms.iter().any(|known| known.as_slice() == form) {
            self.forms.push(Zeroizing::new(form.to_vec()));
        }
    }

    /// The text without any secret.
    pub(crate) fn clean<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean = Cow::Borrowed(text);
        for form in &self.forms {
            if memmem::find(&clean, form).is_some() {
                clean = Cow::Owned(replaced(&clean, form));
            }
            let cut = (PREFIX..form.len()).rev().find(|count| clean.ends_with(form.get(..*count).unwrap_or_default()));
            if let Some(count) = cut {
                let kept = clean.len() - count;
                clean = Cow::Owned([clean.get(..kept).unwrap_or_default(), HIDDEN.as_bytes()].concat());
            }
        }
        clean
    }

    /// The error without any secret in its text, its code, or what caused it.
    pub(crate) fn clean_error(&self, error: Error) -> Error {
        error.cleaned(&|text| match self.clean(text.as_bytes()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(String::from_utf8_lossy(&clean).into_owned()),
        })
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

fn replaced(text: &[u8], form: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memmem::find_iter(text, form) {
        out.extend_from_slice(text.get(from..at).unwrap_or_default());
        out.extend_from_slice(HIDDEN.as_bytes());
        from = at + form.len();
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    out
}

fn quoted(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len() * 2));
    for byte in secret {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

fn unquoted(inner: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        out.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(sent: &[u8], text: &[u8]) -> String {
        let mut redactor = Redactor::default();
        redactor.learn(sent);
        String::from_utf8_lossy(&redactor.clean(text)).into_owned()
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        assert_eq!(cleaned(b"hunter2", b"no hunter2!"), "no <secret>!");
        assert_eq!(cleaned(b"hunter2", b"aHVudGVyMg=="), "<secret>==");
        assert_eq!(cleaned(br#""a\"b\\c""#, br#"a"b\c or a\"b\\c"#), "<secret> or <secret>");
        assert_eq!(cleaned("pässwört".as_bytes(), br"p\xc3\xa4ssw\xc3\xb6rt"), "<secret>");
    }

    #[test]
    fn the_secret_parts_of_a_sasl_message_are_known() {
        let plain = STANDARD.encode(b"\0alice\0hunter2");
        assert_eq!(cleaned(plain.as_bytes(), b"alice and hunter2"), "alice and <secret>");
        let bearer = STANDARD.encode(b"n,a=alice,\x01auth=Bearer to.ken\x01\x01");
        assert_eq!(cleaned(bearer.as_bytes(), b"alice and to.ken"), "alice and <secret>");
        let proof = STANDARD.encode(b"c=biws,r=nonce,p=cHJvb2Y=");
        assert_eq!(cleaned(proof.as_bytes(), b"nonce cHJvb2Y="), "nonce <secret>");
        let digest = STANDARD.encode(b"alice 0123456789abcdef");
        assert_eq!(cleaned(digest.as_bytes(), b"alice 0123456789abcdef 0123456789abcdef"), "<secret> <secret>");
    }

    #[test]
    fn what_a_cut_has_left_of_a_secret_is_hidden_too() {
        assert_eq!(cleaned(b"hunter2", b"you said hunte"), "you said <secret>");
        assert_eq!(cleaned(b"hunter2", b"you said hun"), "you said hun");
    }

    #[test]
    fn what_is_too_short_hides_nothing() {
        assert_eq!(cleaned(b"ab", b"cab drab"), "cab drab");
        assert_eq!(cleaned(b"", b"text"), "text");
        assert_eq!(cleaned(b"{12}", b"BODY[] {12}"), "BODY[] {12}");
    }

    #[test]
    fn an_error_is_cleaned_through_all_its_causes() {
        let mut redactor = Redactor::default();
        redactor.learn(b"hunter2");
        let code = Some(crate::Code::new("X-hunter2", "hunter2"));
        let inner = Error::protocol("got hunter2").with_source(std::io::Error::other("of hunter2"));
        let error = redactor.clean_error(Error::closed("no hunter2").with_code(code).with_source(inner));
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.is::<Error>() && std::error::Error::source(source).is_none());
        let told = format!("{error:?} {error} {source} {:?}", error.code());
        assert!(!told.to_lowercase().contains("hunter2"), "{told}");
        assert_eq!(error.kind(), crate::Kind::Closed);
    }
}
