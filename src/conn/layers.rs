//! The byte stream under a session: a base with layers over it. It passes bytes on; it must not know a protocol.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::Error as Rustls;

use super::connector::Stream;
use super::deflate::{Deflate, NotDeflate};
use super::tls::{self, Tls};
use super::transport::Transport;
use crate::error::{Error, Kind, Result};
use crate::login::Bindings;

/// A connection's bytes, in both directions. Only a flush makes sure that written bytes leave.
pub(crate) struct Layers {
    transport: Transport,
    /// The layer over the transport, if both sides compress.
    deflate: Option<Box<Deflate>>,
    /// What a login over it can be bound to.
    bindings: Arc<Bindings>,
}

impl Layers {
    /// A socket, in clear.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self::over(Transport::Tcp(stream))
    }

    /// A stream of the caller's or of a connector.
    pub(crate) fn own(stream: Box<dyn Stream>) -> Self {
        Self::over(Transport::Own(stream))
    }

    /// A stream at its end: a placeholder while another one is replaced.
    pub(crate) fn closed() -> Self {
        Self::over(Transport::closed())
    }

    fn over(transport: Transport) -> Self {
        Self { transport, deflate: None, bindings: Arc::default() }
    }

    /// Whether TLS resumed an earlier session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.transport.is_resumed()
    }

    /// Waits until there is something to read over TLS, without taking it; `false` at the end.
    pub(crate) async fn wait_readable(&mut self) -> io::Result<bool> {
        self.transport.wait_readable().await
    }

    /// What a login can be bound to; nothing unless this crate encrypts the stream.
    pub(crate) fn bindings(&self) -> Arc<Bindings> {
        self.bindings.clone()
    }

    /// Whether this crate encrypts it; the caller's own stream may encrypt by itself.
    #[cfg(test)]
    pub(crate) fn is_encrypted(&self) -> bool {
        self.transport.tls().is_some()
    }

    #[cfg(all(test, feature = "testing"))]
    pub(crate) fn tls_version(&self) -> Option<tokio_rustls::rustls::ProtocolVersion> {
        self.transport.tls()?.protocol_version()
    }

    #[cfg(test)]
    pub(crate) fn socket(&self) -> Option<&TcpStream> {
        match &self.transport {
            Transport::Tcp(socket) => Some(socket),
            _ => None,
        }
    }

    /// Puts TLS over the base; no byte of the peer may have been read beyond the agreement to do so.
    ///
    /// # Errors
    ///
    /// `Kind::Tls`, `Kind::Timeout` and `Kind::Io`, as [`Tls::handshake`]; the stream is gone.
    pub(crate) async fn encrypt(self, tls: &Tls) -> Result<Self> {
        if self.deflate.is_some() {
            return Err(Error::protocol("TLS cannot begin within DEFLATE"));
        }
        let transport = self.transport.encrypt(tls).await?;
        let bindings = transport.tls().map(|connection| tls.bindings(connection));
        Ok(Self { transport, deflate: None, bindings: Arc::new(bindings.unwrap_or_default()) })
    }

    /// Puts DEFLATE over the stream, in both directions. `raw` are bytes of the peer that came after the agreement: they are compressed.
    pub(crate) fn compress(self, raw: BytesMut) -> Self {
        Self { deflate: Some(Deflate::new(raw)), ..self }
    }

    /// Takes DEFLATE off the stream, in both directions, and returns the bytes of the peer that came after the agreement.
    pub(crate) fn decompress(self) -> (Self, BytesMut) {
        let raw = self.deflate.map(|deflate| deflate.end()).unwrap_or_default();
        (Self { deflate: None, ..self }, raw)
    }
}

/// What a failed read means. An end without close_notify (RFC 8446 §6.1) is `Kind::Closed`: after the protocol's own goodbye it is a
/// clean end, because many servers and proxies close so; anywhere else bytes may be missing. A failure of TLS is `Kind::Tls`.
pub(super) fn read_failure(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        // rustls' own text is advice for its users, with a URL.
        return Error::closed("the server closed the connection without ending TLS (close_notify)");
    }
    if error.get_ref().is_some_and(|cause| cause.is::<NotDeflate>()) {
        return Error::protocol("the server's compressed data is not valid DEFLATE");
    }
    match tls::cause(&error) {
        Some(Rustls::AlertReceived(alert)) => {
            Error::new(Kind::Tls, tls::broken_off(*alert)).with_source(Rustls::AlertReceived(*alert))
        }
        Some(cause) => Error::new(Kind::Tls, "TLS failed").with_source(cause.clone()),
        None => error.into(),
    }
}

impl AsyncRead for Layers {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { transport, deflate, .. } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_read(Pin::new(transport), cx, buf),
            None => Pin::new(transport).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Layers {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Self { transport, deflate, .. } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_write(Pin::new(transport), cx, buf),
            None => Pin::new(transport).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { transport, deflate, .. } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_flush(Pin::new(transport), cx),
            None => Pin::new(transport).poll_flush(cx),
        }
    }

    /// What no flush has brought out is lost.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("encrypted", &self.transport.tls().is_some())
            .field("compressed", &self.deflate.is_some())
            .finish_non_exhaustive()
    }
}
