//! The bytes of one connection: it reads lines and literals and buffers output, with the connection's fault applied. It must not know
//! IMAP or POP3.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::rustls::{ProtocolVersion, ServerConnection};

use super::cert::{self, Asking};
use super::deflate::{Deflated, Switch};
use super::{Fault, Trouble};

/// The longest line that is accepted. A longer one ends the connection.
const LINE_LIMIT: usize = 1 << 20;
/// The number of writes per second of a slow connection.
const STEPS: u64 = 20;
/// If the buffered output is larger than this, it is written before more is added.
const OUTPUT_MARK: usize = 64 * 1024;

pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// The lines received on all connections, in the order of their arrival, and the names in the certificates of clients.
#[derive(Default)]
pub(super) struct Log {
    lines: watch::Sender<Vec<String>>,
    clients: Mutex<Vec<String>>,
}

impl Log {
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    pub(super) fn clear(&self) {
        self.lines.send_modify(Vec::clear);
    }

    pub(super) fn clients(&self) -> MutexGuard<'_, Vec<String>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a line that matches.
    pub(super) async fn wait(&self, wanted: impl Fn(&str) -> bool) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.lines.subscribe().wait_for(|lines| lines.iter().any(|line| wanted(line))).await;
    }

    fn add(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.lines.send_modify(|lines| lines.push(line));
    }
}

pub(super) struct Wire {
    end: End,
    input: BytesMut,
    /// The length of the start of `input` that contains no line feed.
    scanned: usize,
    log: Arc<Log>,
    asking: Asking,
    /// The user of the certificate that the client showed in TLS.
    pub(super) client: Option<String>,
    /// The channel bindings of the TLS session, with their types.
    pub(super) bindings: Vec<(&'static str, Vec<u8>)>,
}

/// The stream with its output, separate from the input, so that input can be read while stalled output waits.
struct End {
    stream: Box<dyn Transport>,
    /// Ends the compression of the stream, if there is one.
    deflate: Option<Switch>,
    output: BytesMut,
    fault: Option<Fault>,
    sent: u64,
    received: u64,
    /// The number of commands so far with the name that a fault waits for.
    met: u32,
    /// The time when a slow connection may send again.
    ready: Option<Instant>,
    resume: watch::Receiver<u64>,
}

impl Wire {
    pub(super) fn new(
        stream: Box<dyn Transport>,
        fault: Option<Fault>,
        resume: watch::Receiver<u64>,
        log: Arc<Log>,
        asking: Asking,
    ) -> Self {
        let end = End {
            stream,
            deflate: None,
            output: BytesMut::new(),
            fault,
            sent: 0,
            received: 0,
            met: 0,
            ready: None,
            resume,
        };
        Self { end, input: BytesMut::new(), scanned: 0, log, asking, client: None, bindings: Vec::new() }
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.end.fault
    }

    /// The trouble at the command that was just received.
    pub(super) fn trouble(&mut self, command: &str) -> Option<Trouble> {
        let Some(Fault::Command { name, nth, trouble }) = self.end.fault else { return None };
        self.end.met += u32::from(name == "*" || name.eq_ignore_ascii_case(command));
        let due = self.end.met == nth;
        if due {
            self.end.fault = None;
        }
        due.then_some(trouble)
    }

    /// Ends the connection after the output so far.
    pub(super) async fn cut(&mut self) -> io::Result<()> {
        self.end.drain().await?;
        self.end.cut().await
    }

    /// Holds all further output until the server resumes.
    pub(super) async fn stall(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.end.fault = Some(Fault::StallAfter(self.end.sent));
        Ok(())
    }

    /// Discards the output that was not written yet.
    pub(super) fn forget(&mut self) {
        self.end.output.clear();
    }

    /// Adds to the output without writing it.
    pub(super) fn push(&mut self, bytes: impl AsRef<[u8]>) {
        self.end.output.extend_from_slice(bytes.as_ref());
    }

    /// Writes all output that no stall holds. It can be dropped: nothing is lost or written twice.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.end.flush().await
    }

    /// Writes the output if there is much of it.
    pub(super) async fn relieve(&mut self) -> io::Result<()> {
        if self.end.output.len() >= OUTPUT_MARK { self.flush().await } else { Ok(()) }
    }

    /// Waits until a line can be read, or the end of input is known. It can be dropped without loss.
    pub(super) async fn wait_for_line(&mut self) -> io::Result<()> {
        while !self.input.contains(&b'\n') && self.input.len() <= LINE_LIMIT {
            self.input.reserve(8 * 1024);
            if self.end.read(&mut self.input).await? == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One line without its line end; `None` at the end of input. It can be dropped without loss.
    pub(super) async fn line(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let fresh = self.input.get(self.scanned..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                let mut line = self.input.split_to(self.scanned + at + 1);
                self.scanned = 0;
                line.truncate(line.len() - 1);
                if line.last() == Some(&b'\r') {
                    line.truncate(line.len() - 1);
                }
                self.log.add(&line);
                return Ok(Some(line.freeze()));
            }
            self.scanned = self.input.len();
            if self.scanned > LINE_LIMIT {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "line too long"));
            }
            self.input.reserve(8 * 1024);
            if self.end.read(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Exactly `count` bytes.
    pub(super) async fn exact(&mut self, count: usize) -> io::Result<Bytes> {
        self.scanned = 0;
        let ready = self.input.split_to(count.min(self.input.len()));
        if ready.len() == count {
            return Ok(ready.freeze());
        }
        let mut body = Vec::with_capacity(count.min(1 << 20));
        body.extend_from_slice(&ready);
        while body.len() < count {
            let missing = count - body.len();
            let mut room = (&mut body).limit(missing);
            if self.end.read(&mut room).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Bytes::from(body))
    }

    /// Reads and discards `count` bytes.
    pub(super) async fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let step = count.min(64 * 1024);
            self.exact(usize::try_from(step).unwrap_or(usize::MAX)).await?;
            count -= step;
        }
        Ok(())
    }

    /// Begins TLS as the server. Plaintext that came after the command is discarded.
    pub(super) async fn upgrade(&mut self) -> io::Result<()> {
        self.end.drain().await?;
        self.input.clear();
        self.scanned = 0;
        let (placeholder, _) = tokio::io::duplex(1);
        let plain = std::mem::replace(&mut self.end.stream, Box::new(placeholder));
        let authority = cert::authority()?;
        let stream = authority.acceptor(self.asking).accept(plain).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        self.client = certificate.and_then(|certificate| authority.client(certificate));
        self.log.clients().extend(self.client.clone());
        self.bindings = bindings(stream.get_ref().1, &authority.end_point);
        self.end.stream = Box::new(stream);
        Ok(())
    }

    /// Compresses from now on (RFC 4978). What the client sent after the command is compressed already.
    pub(super) async fn compress(&mut self) -> io::Result<()> {
        self.end.drain().await?;
        self.scanned = 0;
        let (placeholder, _) = tokio::io::duplex(1);
        let below = std::mem::replace(&mut self.end.stream, Box::new(placeholder));
        let stream = Deflated::new(below, self.input.split());
        self.end.deflate = Some(stream.switch());
        self.end.stream = Box::new(stream);
        Ok(())
    }

    /// Compresses no longer, after the output so far. What the client sent after the command is not compressed either.
    pub(super) async fn decompress(&mut self) -> io::Result<()> {
        self.end.drain().await?;
        self.end.deflate.take().into_iter().for_each(|switch| switch.end());
        Ok(())
    }

    /// Shuts the transport down.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        self.end.drain().await?;
        self.end.stream.shutdown().await
    }
}

/// RFC 9266 §2 defines the exporter for TLS 1.3, RFC 5929 §4 the end point for any version.
fn bindings(tls: &ServerConnection, end_point: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut bindings = vec![("tls-server-end-point", end_point.to_vec())];
    if tls.protocol_version() == Some(ProtocolVersion::TLSv1_3)
        && let Ok(exported) = tls.export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", Some(b""))
    {
        bindings.push(("tls-exporter", exported));
    }
    bindings
}

impl End {
    async fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            let room = self.room();
            if room == 0 {
                return if self.is_cut() { self.cut().await } else { self.stream.flush().await };
            }
            self.pace().await;
            let piece = self.output.get(..room.min(self.output.len())).unwrap_or_default();
            let written = self.stream.write(piece).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.output.advance(written);
            self.sent += written as u64;
            self.spend(written);
            if matches!(self.fault, Some(Fault::Split(_) | Fault::Slow(_))) {
                self.stream.flush().await?;
                tokio::task::yield_now().await;
            }
        }
        if self.is_cut() { self.cut().await } else { self.stream.flush().await }
    }

    fn room(&self) -> usize {
        match self.fault {
            Some(Fault::Split(piece)) => piece.max(1),
            Some(Fault::Slow(rate)) => usize::try_from(rate / STEPS).unwrap_or(usize::MAX).max(1),
            Some(Fault::StallAfter(count) | Fault::CutAfter(count)) => {
                usize::try_from(count.saturating_sub(self.sent)).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    async fn pace(&mut self) {
        if let (Some(Fault::Slow(_)), Some(ready)) = (self.fault, self.ready) {
            sleep_until(ready).await;
        }
    }

    /// Delays the next write by the time that these bytes take on a slow connection.
    fn spend(&mut self, count: usize) {
        if let Some(Fault::Slow(rate)) = self.fault {
            let nanos = (count as u64).saturating_mul(1_000_000_000) / rate.max(1);
            let now = Instant::now();
            self.ready = Some(self.ready.map_or(now, |ready| ready.max(now)) + Duration::from_nanos(nanos));
        }
    }

    fn is_cut(&self) -> bool {
        matches!(self.fault, Some(Fault::CutAfter(count)) if self.sent >= count)
    }

    async fn cut(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by its fault"))
    }

    /// Reads as much as the fault allows. Held output is sent as soon as it may.
    async fn read(&mut self, into: &mut impl BufMut) -> io::Result<usize> {
        loop {
            self.flush().await?;
            let room = self.input_room();
            if room == 0 && matches!(self.fault, Some(Fault::CutInputAfter(_))) {
                self.cut().await?;
            }
            let is_held = room == 0 || !self.output.is_empty();
            let mut into = into.limit(room);
            tokio::select! {
                count = self.stream.read_buf(&mut into), if room > 0 => {
                    let count = count?;
                    self.received += count as u64;
                    return Ok(count);
                }
                resumed = self.resume.changed(), if is_held => self.release(resumed)?,
            }
        }
    }

    fn input_room(&self) -> usize {
        match self.fault {
            Some(Fault::StallInputAfter(count) | Fault::CutInputAfter(count)) => {
                usize::try_from(count.saturating_sub(self.received)).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    /// Waits until no output is held.
    async fn drain(&mut self) -> io::Result<()> {
        self.flush().await?;
        while !self.output.is_empty() {
            let resumed = self.resume.changed().await;
            self.release(resumed)?;
            self.flush().await?;
        }
        Ok(())
    }

    fn release(&mut self, resumed: Result<(), watch::error::RecvError>) -> io::Result<()> {
        resumed.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        self.fault = None;
        Ok(())
    }
}
