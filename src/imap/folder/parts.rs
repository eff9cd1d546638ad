//! The contents of a message without downloading it, and its parts one by one: decoded by the server if it has BINARY (RFC 3516),
//! otherwise here. It must not know how an encoding is removed.

use std::borrow::{Borrow, BorrowMut};
use std::fmt;
use std::future::{IntoFuture, poll_fn};

use super::section_reader::{AskedSection, Windows};
use super::{Folder, Selected};
use crate::body::Body;
use crate::body::reader::{Chunks, Reader};
use crate::contents::{Contents, MimePart, TransferEncoding};
use crate::error::{Error, Kind, Result};
use crate::imap::session::Imap;
use crate::imap::types::{Items, Uid};
use crate::mailbox::BoxFuture;
use crate::part_body::{PartBody, check};

/// An encoded part of more bytes than this encodes something: more than `=` or an empty line.
pub(super) const NOTHING: u64 = 4;

/// A part that is about to be read, from [`Folder::read_part`]. Await it to get the [`PartBody`]. Nothing is sent before that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Uid;
/// use tokio::io::AsyncReadExt;
///
/// let mut inbox = imap.select("INBOX").await?;
/// let uid = Uid::new(10)?;
/// if let Some(contents) = inbox.contents(uid).await? {
///     for part in contents.attachments() {
///         let mut rest = Vec::new();
///         inbox.read_part(uid, part).starting_at(1000).await?.read_to_end(&mut rest).await?;
///         println!("{}: {} octets after the first 1000", part.safe_file_name(), rest.len());
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for a multipart, which has no content of its own. Then as
/// [`Folder::read`].
#[must_use = "nothing is read until it is awaited"]
pub struct ReadingPart<'a> {
    selected: Selected<'a>,
    uid: Uid,
    part: MimePart,
    from: u64,
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// The message as a person sees it: its texts and attachments with their names, types and sizes, from BODYSTRUCTURE and two header
    /// fields. No text is downloaded. `None` if the message does not exist. One round trip, as [`get`](Self::get); one more, which
    /// downloads the message, if the server's BODYSTRUCTURE is unreadable.
    ///
    /// For many messages, or beside other calls, [`fetch`](Self::fetch) or [`get`](Self::get) [`Items::contents`], and ask
    /// [`Fetched::contents`](crate::imap::Fetched::contents).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// if let Some(contents) = inbox.contents(Uid::new(10)?).await? {
    ///     for part in contents.attachments() {
    ///         println!("{} ({:?})", part.safe_file_name(), part.size());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`Kind::Missing`](crate::Kind::Missing) if the server sends neither the structure nor the message.
    // Not `&self`: for a `&mut Folder`, the common trait's method of this name would be found before it.
    pub async fn contents(&mut self, uid: Uid) -> Result<Option<Contents>> {
        self.find_contents(uid).await
    }

    /// Reads one part of a message, decoded, while it arrives: await the [`ReadingPart`]. The part comes from the message's
    /// [`contents`](Self::contents). Its memory is that of [`read`](Self::read), whatever the size of the part; so are the round trips,
    /// and the cost of dropping it.
    ///
    /// If the server supports BINARY, it decodes base64 and quoted-printable (RFC 3516), which takes a quarter less of the network. If it
    /// refuses to, which takes one more round trip, or does not support BINARY, the part is decoded here. If its encoding is malformed,
    /// what can be decoded is, and [`PartBody::defects`] has [`Defect::Encoding`](crate::Defect::Encoding) at the end. If the contents
    /// were made of the message's bytes, the part is read from these and nothing is sent.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let uid = Uid::new(10)?;
    /// if let Some(contents) = inbox.contents(uid).await? {
    ///     for part in contents.attachments() {
    ///         let mut octets = Vec::new();
    ///         inbox.read_part(uid, part).await?.read_to_end(&mut octets).await?;
    ///         println!("{}: {} octets", part.safe_file_name(), octets.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn read_part(&mut self, uid: Uid, part: &MimePart) -> ReadingPart<'_> {
        ReadingPart { selected: self.selected(), uid, part: part.clone(), from: 0 }
    }

    /// Reads one part as text in UTF-8. The declared charset is used unless the text shows that it is another; without one, that of a byte
    /// order mark or of HTML's `<meta>`, UTF-8 if the text is valid, or windows-1252. What is not a character becomes U+FFFD, and so does
    /// NUL. HTML keeps its markup and is not sanitised. It costs what [`read_part`](Self::read_part) costs.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let uid = Uid::new(9)?;
    /// let contents = inbox.contents(uid).await?;
    /// if let Some(part) = contents.as_ref().and_then(|contents| contents.text()) {
    ///     println!("{}", inbox.read_text(uid, part).await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read_part`](Self::read_part) and those of reading; [`Kind::Limit`](crate::Kind::Limit) if the text has more octets than
    /// [`Limits::literal`](crate::Limits::literal).
    pub async fn read_text(&mut self, uid: Uid, part: &MimePart) -> Result<String> {
        let most = self.session().limits().literal;
        self.read_part(uid, part).await?.into_text(part, most).await
    }
}

impl<'a> ReadingPart<'a> {
    /// Begins at this octet of the decoded part, to continue where an earlier reading ended ([`PartBody::position`]). After the end of the
    /// part, there is nothing to read.
    ///
    /// It costs nothing if the server decodes the part (BINARY), or if the part is not encoded. Otherwise the part is transferred from its
    /// beginning, and decoded up to the octet: lines of base64 have any length, so nothing else is certain.
    pub fn starting_at(self, octet: u64) -> Self {
        Self { from: octet, ..self }
    }

    async fn send(self) -> Result<PartBody<'a>> {
        let Self { selected, uid, part, from } = self;
        if check(&part)?.encoded().is_some() {
            return PartBody::kept(&part, from);
        }
        selected.info()?;
        let decodes = decodes(selected.session, &part);
        read_decoded(&part, from, decodes, |asked| windows(selected, uid, asked)).await
    }
}

impl<S: Borrow<Imap>> Folder<S> {
    /// Whether the server may decode this part.
    pub(crate) fn decodes(&self, part: &MimePart) -> bool {
        decodes(self.session(), part)
    }

    /// What [`contents`](Self::contents) does.
    pub(crate) async fn find_contents(&self, uid: Uid) -> Result<Option<Contents>> {
        let Some(fetched) = self.get(uid, Items::new().contents()).await? else { return Ok(None) };
        if let Some(contents) = fetched.contents() {
            return Ok(Some(contents));
        }
        let Some(whole) = self.get(uid, Items::MESSAGE).await? else { return Ok(None) };
        let missing = || Error::new(Kind::Missing, "the server sent neither the structure nor the text of the message");
        whole.contents().ok_or_else(missing).map(Some)
    }
}

/// Reads a part, decoded by the server if it does that, otherwise here. `open` reads a section of the message.
pub(crate) async fn read_decoded<'a, C>(
    part: &MimePart,
    from: u64,
    decodes: bool,
    open: impl Fn(AskedSection) -> Result<C> + Send,
) -> Result<PartBody<'a>>
where
    C: Chunks + Send + 'a,
{
    let section = part.section();
    if decodes {
        let reader = Reader::new(open(AskedSection::new(section.clone(), true, from))?);
        if let Some(body) = decoded_by_server(reader, part, from).await? {
            return Ok(body);
        }
    }
    let (skip, start) = if part.encoding().decoder().is_identity() { (0, from) } else { (from, 0) };
    let mut reader = Reader::new(open(AskedSection::new(section, false, start))?);
    // A message that does not exist is an error here, not of the reader.
    poll_fn(|cx| reader.poll_begin(cx)).await?;
    Ok(PartBody::decoded(reader, part, skip, from))
}

/// `None` if the server refuses to decode it (UNKNOWN-CTE), or says that there is nothing in it.
async fn decoded_by_server<'a>(
    mut reader: Reader<impl Chunks + Send + 'a>,
    part: &MimePart,
    from: u64,
) -> Result<Option<PartBody<'a>>> {
    match poll_fn(|cx| reader.poll_begin(cx)).await {
        Ok(()) => {
            let is_doubtful = reader.is_at_end() && from == 0 && part.encoded_size().is_none_or(|size| size > NOTHING);
            Ok((!is_doubtful).then(|| PartBody::new(Body::judged(reader), part, from)))
        }
        // The other way shows whether the message exists.
        Err(error) if error.is_refusal() && !error.is_retryable() || error.kind() == Kind::Missing => {
            tracing::debug!(%error, "the server does not decode a part");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn decodes(session: &Imap, part: &MimePart) -> bool {
    let is_encoded = matches!(part.encoding(), TransferEncoding::Base64 | TransferEncoding::QuotedPrintable);
    is_encoded && session.check_items(&Items::new().text(part.section(), true, None)).is_ok()
}

fn windows(selected: Selected<'_>, uid: Uid, asked: AskedSection) -> Result<Windows<'_>> {
    Windows::new(selected.session.link(), selected.session.limits(), selected.selection, uid, asked)
}

impl<'a> IntoFuture for ReadingPart<'a> {
    type Output = Result<PartBody<'a>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for ReadingPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ReadingPart");
        out.field("uid", &self.uid).field("part", &self.part).field("from", &self.from).finish_non_exhaustive()
    }
}
