//! The byte stream under a session: a socket or the caller's own stream, encrypted or not. It passes bytes on; it must not know a
//! protocol.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{Error as Rustls, HandshakeKind};

use super::tls::{self, Tls};
use crate::error::{Error, Kind, Result};

/// Any stream of the caller's.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for S {}

/// A connection's bytes, in both directions. Only a flush makes sure that written bytes leave.
pub(crate) enum Stream {
    /// A socket, in clear.
    Tcp(TcpStream),
    /// TLS over a socket.
    Tls(Box<TlsStream<TcpStream>>),
    /// The caller's own stream.
    Own(Box<dyn Io>),
    /// TLS over the caller's own stream.
    OwnTls(Box<TlsStream<Box<dyn Io>>>),
}

impl Stream {
    /// The caller's own stream.
    pub(crate) fn own(stream: impl Io) -> Self {
        Self::Own(Box::new(stream))
    }

    /// A stream at its end: a placeholder while another one is replaced.
    pub(crate) fn closed() -> Self {
        Self::own(tokio::io::empty())
    }

    /// Whether TLS resumed an earlier session. Over the caller's own stream nothing is ever resumed.
    pub(crate) fn is_resumed(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    /// Waits until there is something to read over TLS, without taking it; `false` at the end.
    pub(crate) async fn wait_readable(&mut self) -> io::Result<bool> {
        match self {
            Self::Tls(stream) => stream.fill_buf().await.map(|bytes| !bytes.is_empty()),
            _ => Ok(true),
        }
    }

    /// Whether this crate encrypts it; the caller's own stream may encrypt by itself.
    #[cfg(test)]
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::OwnTls(_))
    }

    /// Puts TLS over the stream; no byte of the peer may have been read beyond the agreement to do so.
    ///
    /// # Errors
    ///
    /// `Kind::Tls`, `Kind::Timeout` and `Kind::Io`, as [`Tls::handshake`]; the stream is gone.
    pub(crate) async fn encrypt(self, tls: &Tls) -> Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tls(Box::new(tls.handshake(stream).await?)),
            Self::Own(stream) => Self::OwnTls(Box::new(tls.handshake(stream).await?)),
            Self::Tls(_) | Self::OwnTls(_) => {
                return Err(Error::protocol("TLS cannot begin within TLS"));
            }
        })
    }
}

/// What a failed read means. An end without close_notify (RFC 8446 §6.1) is `Kind::Closed`: after the protocol's own goodbye it is a
/// clean end, because many servers and proxies close so; anywhere else bytes may be missing. A failure of TLS is `Kind::Tls`.
pub(crate) fn read_failure(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        // rustls' own text is advice for its users, with a URL.
        return Error::closed("the server closed the connection without ending TLS (close_notify)");
    }
    match tls::cause(&error) {
        Some(Rustls::AlertReceived(alert)) => {
            Error::new(Kind::Tls, tls::broken_off(*alert)).with_source(Rustls::AlertReceived(*alert))
        }
        Some(cause) => Error::new(Kind::Tls, "TLS failed").with_source(cause.clone()),
        None => error.into(),
    }
}

macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp($stream) => $call,
            Stream::Tls($stream) => $call,
            Stream::Own($stream) => $call,
            Stream::OwnTls($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Own(stream) => stream.is_write_vectored(),
            Self::OwnTls(stream) => stream.is_write_vectored(),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Tls(_) => "Tls",
            Self::Own(_) => "Own",
            Self::OwnTls(_) => "OwnTls",
        })
    }
}
