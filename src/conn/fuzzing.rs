//! The entry for the fuzz target, compiled only under `cargo fuzz` and for one test: bytes that a peer sends as compressed data. It must
//! not do anything that a session does not do.

#![cfg_attr(test, allow(unreachable_pub, reason = "the crate's root makes it public for the fuzz target only"))]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deflate::Deflate;

/// Gives a piece and then nothing, in turn; keeps what is written.
struct Peer<'a> {
    rest: &'a [u8],
    piece: usize,
    waits: bool,
    written: Vec<u8>,
}

impl AsyncRead for Peer<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.waits = !self.waits;
        if self.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (piece, rest) = self.rest.split_at(self.piece.min(self.rest.len()).min(buf.remaining()));
        self.rest = rest;
        buf.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.piece);
        self.written.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Inflates the data, cut as its first two bytes say, and reads back what the layer makes of it.
pub fn deflate(data: &[u8]) {
    let [piece, room, rest @ ..] = data else { return };
    let (piece, room) = (1 + usize::from(*piece), 1 + usize::from(*room) * 16);
    // What DEFLATE can make of this many bytes at most, and a little.
    inflated(rest, piece, room, rest.len() * 1100 + 1000);

    let cx = &mut Context::from_waker(Waker::noop());
    let (mut layer, mut peer) =
        (Deflate::new(BytesMut::new()), Peer { rest: &[], piece, waits: false, written: Vec::new() });
    for part in rest.chunks(room) {
        let mut left = part;
        while let [_, ..] = left {
            let written = layer.poll_write(Pin::new(&mut peer), cx, left);
            assert!(matches!(written, Poll::Ready(Ok(1..))), "it does not write");
            if let Poll::Ready(Ok(count)) = written {
                left = left.get(count..).unwrap_or_default();
            }
        }
        assert!(matches!(layer.poll_flush(Pin::new(&mut peer), cx), Poll::Ready(Ok(()))));
    }
    assert!(
        inflated(&peer.written, piece, room, rest.len()).as_deref() == Some(rest),
        "it is not read as it was written"
    );
}

/// What the layer reads; `None` if that is no DEFLATE. It takes no more than `most` bytes.
fn inflated(raw: &[u8], piece: usize, room: usize, most: usize) -> Option<Vec<u8>> {
    let cx = &mut Context::from_waker(Waker::noop());
    let (begun, raw) = raw.split_at(raw.len().min(piece));
    let (mut layer, mut peer) =
        (Deflate::new(begun.into()), Peer { rest: raw, piece, waits: false, written: Vec::new() });
    let (mut all, mut buffer, mut polls) = (Vec::new(), vec![0; room], 0);
    loop {
        let mut into = ReadBuf::new(&mut buffer);
        match layer.poll_read(Pin::new(&mut peer), cx, &mut into) {
            Poll::Ready(Ok(())) if into.filled().is_empty() => return Some(all),
            Poll::Ready(Ok(())) => all.extend_from_slice(into.filled()),
            Poll::Ready(Err(_)) => return None,
            Poll::Pending => assert!(into.filled().is_empty()),
        }
        polls += 1;
        assert!(all.len() <= most && polls <= 2 * most + 4 * raw.len() + 100, "it does not end");
    }
}
