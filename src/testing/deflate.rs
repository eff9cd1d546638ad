//! DEFLATE over a connection of the embedded server or a script (RFC 4978), written independently of the client's. It must not know what
//! is compressed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The room for what one call makes.
const ROOM: usize = 16 * 1024;

/// A stream that compresses what is written and inflates what is read. Only a flush brings out what was written.
pub(super) struct Deflated<S> {
    below: S,
    inflate: Decompress,
    deflate: Compress,
    /// Received and not inflated yet.
    compressed: BytesMut,
    /// Inflated and not read yet.
    plain: Bytes,
    /// Compressed and not written yet.
    output: BytesMut,
    /// Something was written since the last flush.
    dirty: bool,
    /// A flush has more to bring out.
    flushing: bool,
    plain_from_here: Switch,
}

/// Ends the compression, in both directions, once what was written is flushed (RFC 8437 §4.1).
#[derive(Clone, Default)]
pub(super) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(super) fn end(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: AsyncWrite + Unpin> Deflated<S> {
    /// `compressed` was received before this began.
    pub(super) fn new(below: S, compressed: BytesMut) -> Self {
        Self {
            below,
            inflate: Decompress::new(false),
            deflate: Compress::new(Compression::default(), false),
            compressed,
            plain: Bytes::new(),
            output: BytesMut::new(),
            dirty: false,
            flushing: false,
            plain_from_here: Switch::default(),
        }
    }

    pub(super) fn switch(&self) -> Switch {
        self.plain_from_here.clone()
    }

    fn inflate(&mut self) -> io::Result<()> {
        let (mut plain, before) = (Vec::with_capacity(ROOM), self.inflate.total_in());
        let result = self.inflate.decompress_vec(&self.compressed, &mut plain, FlushDecompress::None);
        result.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.compressed.advance(usize::try_from(self.inflate.total_in() - before).unwrap_or_default());
        self.plain = plain.into();
        Ok(())
    }

    fn deflate(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<usize> {
        let (mut made, before) = (Vec::with_capacity(ROOM), self.deflate.total_in());
        self.deflate.compress_vec(bytes, &mut made, flush)?;
        self.flushing = self.flushing && made.len() == made.capacity();
        self.output.extend_from_slice(&made);
        Ok(usize::try_from(self.deflate.total_in() - before).unwrap_or_default())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let written = ready!(Pin::new(&mut self.below).poll_write(cx, &self.output))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Deflated<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.plain.is_empty() {
                let piece = this.plain.split_to(this.plain.len().min(buf.remaining()));
                buf.put_slice(&piece);
                return Poll::Ready(Ok(()));
            }
            if this.plain_from_here.is_over() {
                if this.compressed.is_empty() {
                    return Pin::new(&mut this.below).poll_read(cx, buf);
                }
                let piece = this.compressed.split_to(this.compressed.len().min(buf.remaining()));
                buf.put_slice(&piece);
                return Poll::Ready(Ok(()));
            }
            this.inflate()?;
            if !this.plain.is_empty() {
                continue;
            }
            let mut raw = [0; 4096];
            let mut into = ReadBuf::new(&mut raw);
            ready!(Pin::new(&mut this.below).poll_read(cx, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.compressed.extend_from_slice(into.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deflated<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        if this.plain_from_here.is_over() {
            return Pin::new(&mut this.below).poll_write(cx, bytes);
        }
        this.dirty = true;
        loop {
            // What was written earlier may fill the room without anything of this being taken.
            let taken = this.deflate(bytes, FlushCompress::None)?;
            if taken > 0 || bytes.is_empty() {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.flushing |= std::mem::take(&mut this.dirty);
        while this.flushing {
            this.deflate(&[], FlushCompress::Sync)?;
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.below).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().below).poll_shutdown(cx)
    }
}
