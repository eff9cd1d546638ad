//! The values of a part's MIME fields (RFC 2045, RFC 2183). They must not know how a field is written, nor parts.

#[cfg(feature = "net")]
use crate::text::transfer::TransferDecoder;

/// The values of a part's MIME fields, decoded.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// In lower case, `text/plain`.
    pub(crate) media_type: String,
    /// The parameters of `Content-Type`, with names in lower case.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) encoding: TransferEncoding,
    pub(crate) disposition: Option<Disposition>,
    pub(crate) content_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) declared_name: Option<String>,
}

/// How a part's octets are encoded for transfer (RFC 2045 §6).
///
/// ```
/// use postroom::{Contents, TransferEncoding};
///
/// let contents = Contents::parse("Content-Transfer-Encoding: BASE64\r\n\r\naGVsbG8=\r\n");
/// assert_eq!(contents.text().map(|part| part.encoding()), Some(TransferEncoding::Base64));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransferEncoding {
    /// Not encoded: `7bit`, `8bit` or `binary`, or not declared.
    #[default]
    Identity,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `x-uuencode`, of old mail.
    Uuencode,
    /// One that this crate does not know. It is read as if it was not encoded.
    Other,
}

/// How the sender wants a part to be shown (RFC 2183).
///
/// ```
/// use postroom::{Contents, Disposition};
///
/// let contents = Contents::parse("Content-Disposition: attachment; filename=a.txt\r\n\r\nHi\r\n");
/// let part = contents.attachments().next();
/// assert_eq!(part.and_then(|part| part.disposition()), Some(Disposition::Attachment));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Disposition {
    /// With the message.
    Inline,
    /// Only on request. Every unknown value means this, too (RFC 2183 §2.8).
    Attachment,
}

impl Fields {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl TransferEncoding {
    /// The encoding with this label, as mailers write it: in any letter case, with a comment or in quotes.
    pub(crate) fn of(label: &[u8]) -> Self {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'(' | b';' | b',');
        let label = label.trim_ascii();
        let label = label.get(..label.iter().position(is_end).unwrap_or(label.len())).unwrap_or_default();
        let label = label.strip_prefix(b"\"").unwrap_or(label);
        let label = label.strip_suffix(b"\"").unwrap_or(label);
        let is = |name: &str| label.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("base64") => Self::Base64,
            () if is("quoted-printable") => Self::QuotedPrintable,
            () if is("x-uuencode") || is("x-uue") || is("uuencode") => Self::Uuencode,
            () if is("") || is("7bit") || is("8bit") || is("binary") => Self::Identity,
            () => Self::Other,
        }
    }

    /// Removes it.
    #[cfg(feature = "net")]
    pub(crate) fn decoder(self) -> TransferDecoder {
        match self {
            Self::Identity | Self::Other => TransferDecoder::Identity,
            Self::Base64 => TransferDecoder::Base64(Default::default()),
            Self::QuotedPrintable => TransferDecoder::QuotedPrintable(Default::default()),
            Self::Uuencode => TransferDecoder::Uuencode(Default::default()),
        }
    }
}

impl Disposition {
    /// The disposition with this name; `None` if there is no name.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let name = name.trim_ascii();
        match name.eq_ignore_ascii_case(b"inline") {
            _ if name.is_empty() => None,
            true => Some(Self::Inline),
            false => Some(Self::Attachment),
        }
    }
}
