//! [`PartBody`]: one part of a message, decoded, as a stream with its progress. It must not know where the bytes come from.

mod decoded;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use self::decoded::{Decoded, Kept};
use crate::body::Body;
use crate::body::reader::{Chunks, Reader};
use crate::contents::{MimePart, PartSize};
use crate::defect::Defect;
use crate::error::{Error, Result};
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf, poll_copy};
use crate::text;

/// One part of a message as an [`AsyncRead`]: decoded, and in bounded memory for any size. As an [`AsyncBufRead`] it shows the octets
/// without copying them.
///
/// It is made by [`Folder::read_part`](crate::imap::Folder::read_part) and [`Mailbox::read_part`](crate::Mailbox::read_part), which say
/// when reading touches the wire. It can be dropped at any time; [`position`](Self::position) is the offset from which it can be read again.
///
/// ```
/// use postroom::{Body, Contents, PartBody};
/// use tokio::io::AsyncReadExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// let contents = Contents::parse("Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n");
/// let part = contents.text().expect("it is a text");
/// let mut body = PartBody::kept(part, 0)?; // usually: mailbox.read_part(&id, part).await?
/// let mut octets = Vec::new();
/// body.read_to_end(&mut octets).await?;
/// assert_eq!((&octets[..], body.position()), (&b"hello"[..], 5));
/// assert!(body.defects().is_empty());
/// # Ok(()) }
/// ```
pub struct PartBody<'a> {
    body: Body<'a>,
    position: u64,
    size: Option<PartSize>,
}

impl<'a> PartBody<'a> {
    /// The decoded octets of a body that is not encoded any more, for implementations of [`Mailbox`](crate::Mailbox). The body begins at
    /// this octet of the part.
    pub fn new(body: Body<'a>, part: &MimePart, position: u64) -> Self {
        Self { body, position, size: part.size() }
    }

    /// Reads a part whose bytes are kept here, as those of [`Contents::parse`](crate::Contents::parse) and, by POP3, of
    /// [`Mailbox::contents`](crate::Mailbox::contents), from this octet on. It never touches the wire. If they are in a temporary file, it
    /// needs a tokio runtime. A position after the end is the end.
    ///
    /// ```
    /// use postroom::{Contents, PartBody};
    ///
    /// let contents = Contents::parse("Subject: hello\r\n\r\nHello.\r\n");
    /// let text = contents.text().expect("it is a text");
    /// assert_eq!(PartBody::kept(text, 5)?.position(), 5);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a multipart, which has no content of its own, and for a part that is known by its
    /// BODYSTRUCTURE only. Reading fails with [`Kind::Storage`](crate::Kind::Storage) if the temporary file cannot be read.
    pub fn kept(part: &MimePart, position: u64) -> Result<PartBody<'static>> {
        let octets = check(part)?.encoded().ok_or_else(not_here)?;
        Ok(PartBody::decoded(Kept::new(octets), part, position, position))
    }

    /// Reads the part as it is in the message, byte for byte, with its own header: what a signature in `multipart/signed` is made of (RFC
    /// 1847 §2.1). It is as [`MimePart::entity`], also for a message that is kept in a temporary file.
    ///
    /// ```
    /// use postroom::{Contents, PartBody};
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// let contents = Contents::parse("Content-Type: text/html\r\n\r\n<p>Hi\r\n");
    /// let html = contents.html().expect("it is HTML");
    /// let mut entity = Vec::new();
    /// PartBody::entity(html)?.read_to_end(&mut entity).await?;
    /// assert_eq!(entity, b"Content-Type: text/html\r\n\r\n<p>Hi\r\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a part that is known by its BODYSTRUCTURE only. Reading fails with
    /// [`Kind::Storage`](crate::Kind::Storage) if the temporary file cannot be read.
    pub fn entity(part: &MimePart) -> Result<PartBody<'static>> {
        let octets = part.kept_entity().ok_or_else(not_here)?;
        let body = Body::judged(Reader::new(Kept::new(octets)));
        Ok(PartBody { body, position: 0, size: Some(PartSize::Exact(octets.len())) })
    }

    /// Over encoded chunks, of which `skip` decoded octets are left out, so that it begins at `position`.
    pub(crate) fn decoded(chunks: impl Chunks + Send + 'a, part: &MimePart, skip: u64, position: u64) -> Self {
        let decoded = Decoded::new(chunks, part.encoding().decoder(), skip);
        Self::new(Body::judged(Reader::new(decoded)), part, position)
    }

    /// The number of octets of the part that were read so far, and before it was resumed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The number of octets of the whole part, if it is known or can be estimated, to show progress.
    pub fn size(&self) -> Option<PartSize> {
        self.size
    }

    /// What is wrong with the part: [`Defect::Encoding`] if its transfer encoding is malformed. It is known at the end of the part, and
    /// empty before. It is also empty if the server has decoded the part.
    pub fn defects(&self) -> Vec<Defect> {
        self.body.defects()
    }

    /// The rest of the part as text in UTF-8, whatever its charset.
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) if it has more than `most` octets, and the errors of reading.
    pub(crate) async fn into_text(mut self, part: &MimePart, most: usize) -> Result<String> {
        let octets = self.rest(most).await?;
        Ok(text::part::decode(&octets, part.charset(), part.media_type() == "text/html"))
    }

    async fn rest(&mut self, most: usize) -> Result<Bytes> {
        let mut octets: Vec<u8> = Vec::new();
        loop {
            let count = poll_fn(|cx| {
                let chunk = ready!(Pin::new(&mut self.body).poll_fill_buf(cx))?;
                if chunk.len() > most.saturating_sub(octets.len()) {
                    return Poll::Ready(Err(Error::limit(format!("the part has more than {most} octets"))));
                }
                octets.extend_from_slice(chunk);
                Poll::Ready(Ok(chunk.len()))
            })
            .await?;
            Pin::new(&mut *self).consume(count);
            if count == 0 {
                return Ok(octets.into());
            }
        }
    }
}

fn not_here() -> Error {
    Error::input("the part's bytes are not here")
}

/// The part, unless it has no content of its own.
pub(crate) fn check(part: &MimePart) -> Result<&MimePart> {
    match part.is_multipart() {
        true => Err(Error::input("a multipart has no content of its own: read the parts inside it")),
        false => Ok(part),
    }
}

impl AsyncRead for PartBody<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        poll_copy(self, cx, buf)
    }
}

impl AsyncBufRead for PartBody<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().body).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.position = self.position.saturating_add(count as u64);
        Pin::new(&mut self.body).consume(count);
    }
}

impl fmt::Debug for PartBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartBody").field("position", &self.position).field("size", &self.size).finish_non_exhaustive()
    }
}
