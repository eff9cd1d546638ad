//! The DEFLATE layer (RFC 1951, as in RFC 4978): compresses what is written and inflates what is read, over any stream. It inflates in
//! bounded pieces, so that what little input can become is bounded by what the session takes. It must not know a protocol.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that one read inflates.
const PIECE: usize = 32 * 1024;
/// What is read at once from below: TLS passes on at most this much in one record.
const RAW: usize = 16 * 1024;
/// How many bytes may go through one after the other before other tasks get a turn.
const TURN: usize = 1024 * 1024;
/// At this number of compressed bytes that wait, nothing more is accepted.
const WAITING: usize = 64 * 1024;
/// How much is compressed at once.
const CHUNK: usize = 32 * 1024;

/// The layer of one connection: about 300 KiB.
pub(super) struct Deflate {
    inflater: Decompress,
    deflater: Compress,
    /// Compressed bytes that came and are not inflated yet.
    raw: BytesMut,
    /// The last output filled its buffer, so that the inflater may hold more.
    holds_output: bool,
    /// The peer has ended its compressed data.
    is_ended: bool,
    /// The bytes since the peer last had to be waited for.
    turn: usize,
    /// Compressed bytes that are to be written.
    output: Output,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    written: usize,
    /// The compressor holds bytes that no flush has brought out.
    is_held_back: bool,
}

/// The peer's data cannot be inflated.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotDeflate;

impl Deflate {
    /// `raw` are compressed bytes that came already.
    pub(super) fn new(raw: BytesMut) -> Box<Self> {
        Box::new(Self {
            inflater: Decompress::new(false),
            deflater: Compress::new(Compression::fast(), false),
            raw,
            holds_output: false,
            is_ended: false,
            turn: 0,
            output: Output::default(),
        })
    }

    /// Ends the layer: returns the bytes that came and are not compressed any more. A peer may end its compressed data with an empty
    /// block, which is left out.
    pub(super) fn end(mut self) -> BytesMut {
        let before = self.inflater.total_in();
        let ended = self.inflater.decompress(&self.raw, &mut [0; 1], FlushDecompress::None);
        let taken = usize::try_from(self.inflater.total_in() - before).unwrap_or(0);
        if matches!(ended, Ok(Status::StreamEnd)) {
            self.raw.advance(taken.min(self.raw.len()));
        }
        self.raw
    }

    pub(super) fn poll_read(
        &mut self,
        mut below: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            // Compressed bytes without end, with or without what they become, must not keep other tasks waiting.
            if self.turn >= TURN {
                self.turn = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if (!self.raw.is_empty() || self.holds_output) && self.inflate(buf)? > 0 {
                return Poll::Ready(Ok(()));
            }
            if !self.raw.is_empty() {
                continue;
            }
            match self.poll_fill(below.as_mut(), cx)? {
                Poll::Ready(0) => return Poll::Ready(Ok(())),
                Poll::Ready(_) => {}
                Poll::Pending => {
                    self.turn = 0;
                    // A quiet session holds no buffer.
                    self.raw = BytesMut::new();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Inflates one piece, and returns its size. Without any, something was taken of the input.
    fn inflate(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        if self.is_ended {
            return Err(not_deflate());
        }
        let room = buf.initialize_unfilled_to(buf.remaining().min(PIECE));
        let (before_in, before_out) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(&self.raw, room, FlushDecompress::None).map_err(|_| not_deflate())?;
        // Both are at most the lengths of the two slices.
        let taken = usize::try_from(self.inflater.total_in() - before_in).unwrap_or(self.raw.len());
        let made = usize::try_from(self.inflater.total_out() - before_out).unwrap_or(room.len());
        self.holds_output = made == room.len();
        self.is_ended = status == Status::StreamEnd;
        if taken == 0 && made == 0 && !self.raw.is_empty() && !self.is_ended {
            return Err(not_deflate());
        }
        self.raw.advance(taken);
        self.turn += taken + made;
        buf.advance(made);
        Ok(made)
    }

    fn poll_fill(&mut self, below: Pin<&mut impl AsyncRead>, cx: &mut Context<'_>) -> io::Result<Poll<usize>> {
        self.raw.resize(RAW, 0);
        let mut into = ReadBuf::new(&mut self.raw);
        let polled = below.poll_read(cx, &mut into);
        let count = into.filled().len();
        self.raw.truncate(count);
        Ok(match polled {
            Poll::Ready(result) => result.map(|()| Poll::Ready(count))?,
            Poll::Pending => Poll::Pending,
        })
    }

    /// Accepts bytes as long as little waits below. Only a flush brings them out.
    pub(super) fn poll_write(
        &mut self,
        below: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.output.len() >= WAITING {
            ready!(self.output.poll_write(below, cx))?;
        }
        let chunk = bytes.get(..bytes.len().min(CHUNK)).unwrap_or_default();
        self.compress(chunk, FlushCompress::None)?;
        self.output.is_held_back |= !chunk.is_empty();
        Poll::Ready(Ok(chunk.len()))
    }

    /// Ends with an empty block on the boundary of a byte, so that the peer can read everything before it.
    pub(super) fn poll_flush(
        &mut self,
        mut below: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.output.is_held_back) {
            self.compress(&[], FlushCompress::Sync)?;
        }
        ready!(self.output.poll_write(below.as_mut(), cx))?;
        below.poll_flush(cx)
    }

    /// Compresses all of these bytes; with a flush, all that the compressor holds.
    fn compress(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.output.bytes.reserve(CHUNK);
            let before = self.deflater.total_in();
            self.deflater.compress_vec(bytes, &mut self.output.bytes, flush)?;
            let taken = usize::try_from(self.deflater.total_in() - before).unwrap_or(bytes.len());
            bytes = bytes.get(taken..).unwrap_or_default();
            // Room that is left means that nothing more is to come out.
            if bytes.is_empty() && self.output.bytes.len() < self.output.bytes.capacity() {
                return Ok(());
            }
        }
    }
}

impl Output {
    fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Ready when all is written.
    fn poll_write(&mut self, mut below: Pin<&mut impl AsyncWrite>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.bytes.get(self.written..) {
            match ready!(below.as_mut().poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        (self.bytes, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }
}

fn not_deflate() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, NotDeflate)
}

impl fmt::Display for NotDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data is not valid DEFLATE")
    }
}

impl std::error::Error for NotDeflate {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::layers::{Layers, read_failure};
    use crate::error::Kind;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    /// A stream that compresses, and the other end in clear.
    fn layered(capacity: usize) -> (Layers, DuplexStream) {
        let (ours, theirs) = duplex(capacity);
        (Layers::own(Box::new(ours)).compress(BytesMut::new()), theirs)
    }

    fn deflated(bytes: &[u8], level: Compression) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() * 2 + 1024);
        Compress::new(level, false).compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
        out
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read_however_it_is_cut(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..2000), 0..40_usize, any::<bool>()), 1..12),
            capacity in 1..5000_usize,
            room in 1..5000_usize,
        ) {
            let pieces: Vec<_> = pieces.into_iter().map(|(piece, times, flush)| (piece.repeat(times), flush)).collect();
            let all: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
            let (ours, theirs) = duplex(capacity);
            let mut write = Layers::own(Box::new(ours)).compress(BytesMut::new());
            let mut read = Layers::own(Box::new(theirs)).compress(BytesMut::new());
            runtime().block_on(async {
                let writing = async {
                    for (piece, flush) in &pieces {
                        write.write_all(piece).await.unwrap();
                        if *flush {
                            write.flush().await.unwrap();
                        }
                    }
                    write.flush().await.unwrap();
                    write.shutdown().await.unwrap();
                };
                let reading = async {
                    let (mut back, mut buffer) = (Vec::new(), vec![0; room]);
                    while let count @ 1.. = read.read(&mut buffer).await.unwrap() {
                        back.extend_from_slice(&buffer[..count]);
                    }
                    back
                };
                let ((), back) = tokio::join!(writing, reading);
                assert!(back == all);
            });
        }

        #[test]
        fn other_bytes_end_it_and_give_no_more_than_is_asked_for(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            crate::conn::fuzzing::deflate(&bytes);
        }
    }

    #[tokio::test]
    async fn what_is_no_deflate_is_the_peers_fault() {
        let (mut stream, mut theirs) = layered(100);
        theirs.write_all(b"\xff\xff\xff\xff").await.unwrap();
        let error = stream.read(&mut [0; 100]).await.unwrap_err();
        assert_eq!(read_failure(error).kind(), Kind::Protocol);
    }

    #[tokio::test]
    async fn a_flush_brings_out_all_that_was_written_and_nothing_twice() {
        let (mut stream, mut theirs) = layered(100_000);
        let mut inflater = Decompress::new(false);
        for line in [&b"a NOOP\r\n"[..], b"b NOOP\r\n", b"c LOGOUT\r\n"] {
            stream.write_all(line).await.unwrap();
            stream.flush().await.unwrap();
            let mut raw = [0; 1000];
            let count = theirs.read(&mut raw).await.unwrap();
            let mut plain = Vec::with_capacity(1000);
            inflater.decompress_vec(&raw[..count], &mut plain, FlushDecompress::None).unwrap();
            assert_eq!(plain, line);
            stream.flush().await.unwrap();
        }
        drop(stream);
        assert_eq!(theirs.read(&mut [0; 10]).await.unwrap(), 0, "a flush of nothing sends nothing");
    }

    #[tokio::test]
    async fn little_that_becomes_much_is_inflated_in_pieces_and_others_get_a_turn() {
        let bomb = deflated(&vec![0; 8 << 20], Compression::best());
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        let (ours, mut theirs) = duplex(bomb.len());
        theirs.write_all(&bomb).await.unwrap();
        let mut deflate = Deflate::new(BytesMut::new());
        let mut ours = ours;
        let (mut total, mut turns, mut buffer) = (0, 0, vec![0; 1 << 20]);
        while total < 8 << 20 {
            let mut into = ReadBuf::new(&mut buffer);
            let polled =
                std::future::poll_fn(|cx| Poll::Ready(deflate.poll_read(Pin::new(&mut ours), cx, &mut into))).await;
            turns += usize::from(polled.is_pending());
            assert!(into.filled().len() <= PIECE && deflate.raw.capacity() <= 2 * RAW);
            total += into.filled().len();
        }
        assert!(turns >= 7, "{turns}");
    }

    #[tokio::test]
    async fn what_cannot_leave_is_not_accepted_without_end() {
        let (mut stream, _theirs) = layered(1000);
        let noise: Vec<u8> =
            (0..1 << 18_u32).flat_map(|number: u32| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        let mut accepted = 0;
        let written = std::future::poll_fn(|cx| {
            while let Poll::Ready(count) = Pin::new(&mut stream).poll_write(cx, &noise[accepted..]) {
                accepted += count.unwrap();
            }
            Poll::Ready(accepted)
        });
        let written = written.await;
        assert!(written < 4 * WAITING, "{written}");
    }
}
