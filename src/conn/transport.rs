//! The base of a session's stream: a socket or any other stream, and TLS over it. It passes bytes on; it must not know the layers
//! above TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConnection, HandshakeKind};

use super::connector::Stream;
use super::tls::Tls;
use crate::error::{Error, Result};

/// A connection's bytes, in both directions. Only a flush makes sure that written bytes leave.
pub(super) enum Transport {
    /// A socket, in clear.
    Tcp(TcpStream),
    /// TLS over a socket.
    Tls(Box<TlsStream<TcpStream>>),
    /// A stream of the caller's or of a connector.
    Own(Box<dyn Stream>),
    /// TLS over such a stream.
    OwnTls(Box<TlsStream<Box<dyn Stream>>>),
}

impl Transport {
    /// A stream at its end: a placeholder while another one is replaced.
    pub(super) fn closed() -> Self {
        Self::Own(Box::new(tokio::io::empty()))
    }

    /// The state of TLS.
    pub(super) fn tls(&self) -> Option<&ClientConnection> {
        match self {
            Self::Tcp(_) | Self::Own(_) => None,
            Self::Tls(stream) => Some(stream.get_ref().1),
            Self::OwnTls(stream) => Some(stream.get_ref().1),
        }
    }

    /// Whether TLS resumed an earlier session.
    pub(super) fn is_resumed(&self) -> bool {
        self.tls().is_some_and(|tls| tls.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    /// Waits until there is something to read over TLS, without taking it; `false` at the end.
    pub(super) async fn wait_readable(&mut self) -> io::Result<bool> {
        match self {
            Self::Tls(stream) => stream.fill_buf().await.map(|bytes| !bytes.is_empty()),
            Self::OwnTls(stream) => stream.fill_buf().await.map(|bytes| !bytes.is_empty()),
            Self::Tcp(_) | Self::Own(_) => Ok(true),
        }
    }

    /// Puts TLS over the stream; no byte of the peer may have been read beyond the agreement to do so.
    ///
    /// # Errors
    ///
    /// `Kind::Tls`, `Kind::Timeout` and `Kind::Io`, as [`Tls::handshake`]; the stream is gone.
    pub(super) async fn encrypt(self, tls: &Tls) -> Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tls(Box::new(tls.handshake(stream).await?)),
            Self::Own(stream) => Self::OwnTls(Box::new(tls.handshake(stream).await?)),
            Self::Tls(_) | Self::OwnTls(_) => {
                return Err(Error::protocol("TLS cannot begin within TLS"));
            }
        })
    }
}

macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Transport::Tcp($stream) => $call,
            Transport::Tls($stream) => $call,
            Transport::Own($stream) => $call,
            Transport::OwnTls($stream) => $call,
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Transport {
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
