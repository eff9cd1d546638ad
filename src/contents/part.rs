//! [`MimePart`] and its values: one part of a message. It must not know where the part was found, nor how it is decoded.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::draft::Kind;
use super::file_name;
use super::mime::{Disposition, Fields, TransferEncoding};
use super::octets::Octets;
use crate::text::base64;

/// One part of a message, with what a program needs to show it, to store it and to read it.
///
/// It is owned and cheap to clone, so it outlives the response or the message that it comes from. All names and texts are written by the
/// sender: [`safe_file_name`](Self::safe_file_name) is the only one that can be used as the name of a file.
///
/// ```
/// use postroom::{Contents, PartRole};
///
/// let contents = Contents::parse(
///     "Content-Type: application/pdf; name*=utf-8''r%C3%A9sum%C3%A9.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
/// );
/// let part = contents.attachments().next().expect("it is one attachment");
/// assert_eq!((part.role(), part.media_type()), (PartRole::Attachment, "application/pdf"));
/// assert_eq!(part.name(), Some("résumé.pdf"));
/// assert_eq!((part.path(), part.size().map(|size| size.octets())), (&[1][..], Some(5)));
/// ```
#[derive(Clone)]
pub struct MimePart {
    pub(super) data: Arc<PartData>,
}

/// What is known of a part.
#[derive(Debug)]
pub(super) struct PartData {
    pub(super) path: Vec<u32>,
    /// Whether `path` names the message that has this multipart as its body.
    pub(super) is_text: bool,
    /// Its place among the parts of the whole message, and the place after the last part inside it.
    pub(super) place: usize,
    pub(super) end: usize,
    pub(super) parent: Option<usize>,
    /// The place of the body of the message that it belongs to.
    pub(super) message: usize,
    pub(super) kind: Kind,
    pub(super) role: PartRole,
    /// The declared name, or one that replaces it.
    pub(super) name: Option<String>,
    pub(super) fields: Fields,
    pub(super) encoded_size: Option<u64>,
    pub(super) encoded: Option<Octets>,
    pub(super) entity: Option<Octets>,
}

/// What a part is for the person who reads the message.
///
/// ```
/// use postroom::{Contents, PartRole};
///
/// let contents = Contents::parse("Content-Type: text/html\r\n\r\n<p>Hi\r\n");
/// assert_eq!(contents.parts().next().map(|part| part.role()), Some(PartRole::Html));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PartRole {
    /// A `multipart/*` that only groups other parts.
    Group,
    /// Plain text of the message's body.
    Text,
    /// HTML of the message's body. It is not sanitised.
    Html,
    /// Another form of the body, such as `text/enriched` or `text/x-amp-html`, for readers that prefer it.
    Alternative,
    /// A picture or another resource that the HTML shows, by its Content-ID.
    Inline,
    /// A file to save.
    Attachment,
    /// An embedded message.
    Message,
    /// A calendar object (iCalendar), as in invitations.
    Calendar,
    /// A report for programs on delivery, reading or abuse (RFC 3464, RFC 8098, RFC 5965).
    Report,
    /// A `multipart/signed`, whose first part is signed, or an `application/pkcs7-mime` that contains what is signed.
    Signed,
    /// A signature apart from what it signs.
    Signature,
    /// A `multipart/encrypted`, a part of one, or an encrypted `application/pkcs7-mime`.
    Encrypted,
}

/// The number of a part's octets after decoding.
///
/// ```
/// use postroom::{Contents, PartSize};
///
/// let contents = Contents::parse("Subject: hi\r\n\r\nHello");
/// assert_eq!(contents.text().and_then(|part| part.size()), Some(PartSize::Exact(5)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PartSize {
    /// Counted, or declared by the server for a part that is not encoded.
    Exact(u64),
    /// Calculated from the size of the encoded part.
    Estimated(u64),
}

impl MimePart {
    pub(super) fn new(data: PartData) -> Self {
        Self { data: Arc::new(data) }
    }

    /// The part's numbers in the message (RFC 9051 §6.4.5.1): `[2, 1]` is `BODY[2.1]`. It is the same for both protocols. A multipart that
    /// is the body of a message has that message's path: the whole message's is empty.
    pub fn path(&self) -> &[u32] {
        &self.data.path
    }

    /// Whether [`path`](Self::path) names the message whose body this multipart is, not a part of its own.
    #[cfg(feature = "imap")]
    pub(crate) fn is_text_of_path(&self) -> bool {
        self.data.is_text
    }

    /// The media type in lower case, such as `text/plain`. It is `text/plain` if the part declares none, or `message/rfc822` in a
    /// `multipart/digest` (RFC 2045 §5.2, RFC 2046 §5.1.5).
    pub fn media_type(&self) -> &str {
        &self.data.fields.media_type
    }

    /// The decoded parameter of `Content-Type` with this name, in any letter case: `method` of a calendar object, `format` of text.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.data.fields.param(name)
    }

    /// The declared charset, as the sender writes it. `None` if the part declares none, or US-ASCII: IMAP servers show that in place of
    /// none, and what is ASCII is the same in every charset.
    pub fn charset(&self) -> Option<&str> {
        let charset = self.param("charset")?.trim();
        let is_ascii = ["us-ascii", "ascii"].iter().any(|ascii| charset.eq_ignore_ascii_case(ascii));
        Some(charset).filter(|charset| !charset.is_empty() && !is_ascii)
    }

    /// The transfer encoding.
    pub fn encoding(&self) -> TransferEncoding {
        self.data.fields.encoding
    }

    /// How the sender wants it to be shown; `None` if the part does not say.
    pub fn disposition(&self) -> Option<Disposition> {
        self.data.fields.disposition
    }

    /// `Content-ID` without angle brackets. HTML refers to it as `cid:` (RFC 2392).
    pub fn content_id(&self) -> Option<&str> {
        self.data.fields.content_id.as_deref()
    }

    /// `Content-Location`.
    pub fn content_location(&self) -> Option<&str> {
        self.data.fields.location.as_deref()
    }

    /// `Content-Description`, decoded.
    pub fn description(&self) -> Option<&str> {
        self.data.fields.description.as_deref()
    }

    /// What it is for the person who reads the message.
    pub fn role(&self) -> PartRole {
        self.data.role
    }

    /// The name to show: the declared one (RFC 2183, decoded by RFC 2231 and RFC 2047 in every form that senders use); for an embedded
    /// message without one its subject and `.eml`; for other attachments without one a name of the part's numbers and the usual
    /// extension of its type, such as `part-2.pdf`. `None` for other parts without a name.
    ///
    /// It is the sender's text and can contain anything. Use [`safe_file_name`](Self::safe_file_name) for files.
    pub fn name(&self) -> Option<&str> {
        self.data.name.as_deref()
    }

    /// The name that the sender declares, decoded: the `filename` of Content-Disposition, otherwise the `name` of Content-Type.
    pub fn declared_name(&self) -> Option<&str> {
        self.data.fields.declared_name.as_deref()
    }

    /// A name for a file with this part, made from [`name`](Self::name), that every common file system accepts: without folders, control
    /// characters, invisible characters and characters that change the direction of text; not a name that Windows reserves; not `.` or
    /// `..`; without a space or a dot at its end; at most 140 octets of UTF-8. The extension stays if it is cut; the type's usual
    /// extension is added if there is none.
    ///
    /// Two parts may have the same. An extension such as `.exe` stays: whether it is safe to open the file is another question.
    pub fn safe_file_name(&self) -> String {
        file_name::safe(self.name(), self.declared_name().is_some(), self.media_type(), &self.data.path)
    }

    /// The size after decoding; `None` for a multipart, and if the server does not tell. From the bytes of a message it is exact, except
    /// in quoted-printable, and base64 costs one pass over the part. From BODYSTRUCTURE, and of a message that is kept in a temporary file,
    /// it is exact if the part is not encoded.
    pub fn size(&self) -> Option<PartSize> {
        let encoded = self.encoded_size()?;
        let memory = self.data.encoded.as_ref().and_then(Octets::memory);
        Some(match (self.encoding(), memory) {
            (TransferEncoding::Base64, Some(bytes)) => PartSize::Exact(base64::decoded_len(bytes) as u64),
            // Lines of 76 digits and a line end.
            (TransferEncoding::Base64, None) => PartSize::Estimated(estimate(encoded, 57, 78)),
            // Lines of 45 octets in 61 characters and a line end.
            (TransferEncoding::Uuencode, _) => PartSize::Estimated(estimate(encoded, 45, 63)),
            (TransferEncoding::QuotedPrintable, _) => PartSize::Estimated(encoded),
            (TransferEncoding::Identity | TransferEncoding::Other, _) => PartSize::Exact(encoded),
        })
    }

    /// The size in the transfer encoding, as the server declares it or as it is in the message; `None` for a multipart.
    pub fn encoded_size(&self) -> Option<u64> {
        self.data.encoded_size
    }

    /// The part as it is in the message, byte for byte, with its own header: what a signature in `multipart/signed` is made of (RFC
    /// 1847 §2.1). It shares the message's memory. `None` if the message is kept in a temporary file, where
    /// [`PartBody::entity`](crate::PartBody::entity) reads it, and if only BODYSTRUCTURE is known: the sections of the part's header and
    /// content give the same bytes then.
    pub fn entity(&self) -> Option<&Bytes> {
        self.data.entity.as_ref()?.memory()
    }

    /// The same, wherever it is.
    pub(crate) fn kept_entity(&self) -> Option<&Octets> {
        self.data.entity.as_ref()
    }

    /// The content in its transfer encoding; `None` if only BODYSTRUCTURE is known.
    pub(crate) fn encoded(&self) -> Option<&Octets> {
        self.data.encoded.as_ref()
    }

    /// Whether it contains other parts of the same message.
    pub fn is_multipart(&self) -> bool {
        self.data.kind == Kind::Multipart
    }
}

impl PartSize {
    /// The number, exact or not.
    pub fn octets(self) -> u64 {
        match self {
            Self::Exact(octets) | Self::Estimated(octets) => octets,
        }
    }

    /// Whether it is exact.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

impl fmt::Debug for MimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MimePart")
            .field("path", &self.path())
            .field("role", &self.role())
            .field("media_type", &self.media_type())
            .field("name", &self.name())
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

fn estimate(size: u64, times: u64, of: u64) -> u64 {
    u64::try_from(u128::from(size) * u128::from(times) / u128::from(of)).unwrap_or(u64::MAX)
}
