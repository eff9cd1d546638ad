//! [`Append`]: a message for APPEND, from memory, a file or a reader, with its flags and date. It must not know how it is sent.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use time::OffsetDateTime;

use crate::Flag;
use crate::error::{Error, Kind, Result};
use crate::io::{AsyncRead, File, ReadBuf};
use crate::mailbox::BoxFuture;

type BoxedReader<'a> = Pin<Box<dyn AsyncRead + Send + 'a>>;
type Open<'a> = dyn Fn() -> BoxFuture<'a, io::Result<BoxedReader<'a>>> + Send + Sync + 'a;
/// Sees the octets in their order, while they are sent.
type Observer<'a> = Arc<dyn Fn(&[u8]) + Send + Sync + 'a>;

/// A message to be put into a mailbox by [`Imap::append`](super::Imap::append), with the flags and the date that it gets there.
///
/// Text and bytes become one by `into`. A message that should not be in memory is a [file](Self::file) or comes from a
/// [function](Self::from_fn) that opens it: both can be opened again, which [`try_clone`](Self::try_clone) needs. A reader that can be
/// read only [once](Self::once) works too. Lines must end in CRLF.
///
/// ```
/// use postroom::Flag;
/// use postroom::imap::Append;
///
/// let message = Append::from("Subject: hello\r\n\r\nworld\r\n").flags([Flag::SEEN]);
/// assert_eq!(message.size(), 25);
/// assert!(message.try_clone().is_some());
/// ```
#[must_use]
pub struct Append<'a> {
    source: UploadSource<'a>,
    observer: Option<Observer<'a>>,
    size: u64,
    pub(super) flags: Vec<Flag>,
    pub(super) date: Option<OffsetDateTime>,
    pub(super) binary: bool,
    pub(super) utf8: bool,
}

enum UploadSource<'a> {
    Bytes(Bytes),
    Slice(&'a [u8]),
    Open(Arc<Open<'a>>),
    Once(BoxedReader<'a>),
}

/// A message that is being sent.
pub(super) struct Opened<'a> {
    source: OpenedSource<'a>,
    observer: Option<Observer<'a>>,
}

enum OpenedSource<'a> {
    Bytes(Bytes),
    Slice(&'a [u8]),
    /// With room for the next octets, kept while the reader has none.
    Reader(BoxedReader<'a>, Vec<u8>),
}

impl<'a> Append<'a> {
    /// A message of exactly `size` octets that `open` opens each time it is sent. IMAP announces the size beforehand: octets after
    /// it are not sent, and if the reader ends before it, the append fails and nothing is stored. `open` runs before anything is sent.
    ///
    /// ```
    /// use postroom::imap::Append;
    ///
    /// let text = "Subject: hello\r\n\r\nworld\r\n";
    /// let message = Append::from_fn(text.len() as u64, move || async move { Ok(text.as_bytes()) });
    /// assert!(message.try_clone().is_some());
    /// ```
    pub fn from_fn<F, O, R>(size: u64, open: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'a,
        O: Future<Output = io::Result<R>> + Send + 'a,
        R: AsyncRead + Send + 'a,
    {
        let open = move || -> BoxFuture<'a, io::Result<BoxedReader<'a>>> {
            let opening = open();
            Box::pin(async move { opening.await.map(|reader| Box::pin(reader) as BoxedReader<'a>) })
        };
        Self::new(UploadSource::Open(Arc::new(open)), size)
    }

    /// A message of exactly `size` octets from a reader that is read once; what [`from_fn`](Self::from_fn) says of the size is true
    /// here too.
    ///
    /// ```
    /// use postroom::imap::Append;
    ///
    /// let message = Append::once(&b"Subject: hello\r\n\r\nworld\r\n"[..], 25);
    /// assert!(message.try_clone().is_none());
    /// ```
    pub fn once(reader: impl AsyncRead + Send + 'a, size: u64) -> Self {
        Self::new(UploadSource::Once(Box::pin(reader)), size)
    }

    /// The flags that it gets; none by default.
    pub fn flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Self {
        self.flags = flags.into_iter().collect();
        self
    }

    /// These flags in addition to those that it has.
    pub(crate) fn also_flags(mut self, flags: impl IntoIterator<Item = Flag>) -> Self {
        let new: Vec<Flag> = flags.into_iter().filter(|flag| !self.flags.contains(flag)).collect();
        self.flags.extend(new);
        self
    }

    /// The date when it arrived, for the server to keep (INTERNALDATE); by default the moment when it is stored.
    pub fn date(mut self, date: OffsetDateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// Marks it as a message that may contain NUL, as in parts without a transfer encoding (BINARY, RFC 3516 §4.4). The server may store
    /// such parts with an encoding.
    ///
    /// ```
    /// use postroom::imap::Append;
    ///
    /// let message = Append::from("Content-Transfer-Encoding: binary\r\n\r\n\0\r\n").binary();
    /// assert_eq!(message.size(), 40);
    /// ```
    pub fn binary(mut self) -> Self {
        self.binary = true;
        self
    }

    /// Marks it as a message whose headers are in UTF-8 (RFC 6855 §4). `UTF8=ACCEPT` must be [enabled](super::Imap::enable).
    ///
    /// ```
    /// use postroom::imap::Append;
    ///
    /// let message = Append::from("Subject: für\r\n\r\n").utf8();
    /// assert_eq!(message.size(), 17);
    /// ```
    pub fn utf8(mut self) -> Self {
        self.utf8 = true;
        self
    }

    /// How many octets it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The same message once more, opened anew when it is sent; `None` for one that is read [once](Self::once). Copies no text.
    pub fn try_clone(&self) -> Option<Self> {
        let source = match &self.source {
            UploadSource::Bytes(bytes) => UploadSource::Bytes(bytes.clone()),
            UploadSource::Slice(slice) => UploadSource::Slice(slice),
            UploadSource::Open(open) => UploadSource::Open(open.clone()),
            UploadSource::Once(_) => return None,
        };
        let (flags, date, binary, utf8) = (self.flags.clone(), self.date, self.binary, self.utf8);
        Some(Self { source, observer: self.observer.clone(), size: self.size, flags, date, binary, utf8 })
    }

    /// Shows the octets to `observer` while they are sent, from the first one each time that the message is sent.
    pub(crate) fn observed(self, observer: impl Fn(&[u8]) + Send + Sync + 'a) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    fn new(source: UploadSource<'a>, size: u64) -> Self {
        Self { source, observer: None, size, flags: Vec::new(), date: None, binary: false, utf8: false }
    }

    pub(super) async fn open(self) -> Result<Opened<'a>> {
        let source = match self.source {
            UploadSource::Bytes(bytes) => OpenedSource::Bytes(bytes),
            UploadSource::Slice(slice) => OpenedSource::Slice(slice),
            UploadSource::Open(open) => OpenedSource::Reader(open().await.map_err(unreadable)?, Vec::new()),
            UploadSource::Once(reader) => OpenedSource::Reader(reader, Vec::new()),
        };
        Ok(Opened { source, observer: self.observer })
    }
}

impl Append<'static> {
    /// The message in a file, which is opened each time it is sent. Its size is asked for now: if the file is shorter when it is sent,
    /// the append fails and nothing is stored.
    ///
    /// ```
    /// # async fn example() -> postroom::Result<()> {
    /// use postroom::imap::Append;
    /// # let path = std::env::temp_dir().join(format!("postroom-append-{}.eml", std::process::id()));
    /// # std::fs::write(&path, "Subject: hello\r\n\r\nworld\r\n").unwrap();
    ///
    /// let message = Append::file(&path).await?;
    /// assert_eq!(message.size(), 25);
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Io`] for a file that cannot be opened.
    pub async fn file(path: impl AsRef<Path>) -> Result<Self> {
        let path: Arc<Path> = path.as_ref().into();
        let size = File::open(&path).await.map_err(unreadable)?.metadata().await.map_err(unreadable)?.len();
        Ok(Self::from_fn(size, move || {
            let path = path.clone();
            async move { File::open(path).await }
        }))
    }
}

impl Opened<'_> {
    /// The next octets, at most `most` of them; empty at the end.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<Bytes>> {
        let piece = ready!(self.source.poll_piece(cx, most))?;
        if let Some(observer) = &self.observer {
            observer(&piece);
        }
        Poll::Ready(Ok(piece))
    }
}

impl OpenedSource<'_> {
    fn poll_piece(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<Bytes>> {
        let (reader, room) = match self {
            Self::Bytes(bytes) => return Poll::Ready(Ok(bytes.split_to(most.min(bytes.len())))),
            Self::Slice(slice) => {
                let (piece, rest) = slice.split_at_checked(most).unwrap_or((slice, &[]));
                *slice = rest;
                return Poll::Ready(Ok(Bytes::copy_from_slice(piece)));
            }
            Self::Reader(reader, room) => (reader, room),
        };
        room.resize(most, 0);
        let mut buf = ReadBuf::new(room);
        ready!(reader.as_mut().poll_read(cx, &mut buf)).map_err(unreadable)?;
        let count = buf.filled().len();
        room.truncate(count);
        Poll::Ready(Ok(std::mem::take(room).into()))
    }
}

fn unreadable(error: io::Error) -> Error {
    Error::new(Kind::Io, "the message cannot be read").with_source(error).by_caller()
}

impl From<Bytes> for Append<'_> {
    fn from(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self::new(UploadSource::Bytes(bytes), size)
    }
}

impl From<Vec<u8>> for Append<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Append<'_> {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl<'a> From<&'a [u8]> for Append<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(UploadSource::Slice(bytes), bytes.len() as u64)
    }
}

impl<'a> From<&'a str> for Append<'a> {
    fn from(text: &'a str) -> Self {
        text.as_bytes().into()
    }
}

impl fmt::Debug for Append<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("size", &self.size)
            .field("flags", &self.flags)
            .field("date", &self.date)
            .field("binary", &self.binary)
            .field("utf8", &self.utf8)
            .finish_non_exhaustive()
    }
}
