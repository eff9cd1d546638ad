//! A stream whose bytes come in pieces of random size, with pauses between them, so that its reader sees every kind of half:
//! of a line's end, of a literal, of an atom. It knows no protocol.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::rng::Rng;

pub(crate) struct Chopped {
    stream: DuplexStream,
    rng: Rng,
}

impl Chopped {
    pub(crate) fn new(stream: DuplexStream, seed: u64) -> Self {
        Self { stream, rng: Rng::new(seed) }
    }

    /// Mostly a few bytes; rarely many, so that a long message ends in reasonable time.
    fn piece(&mut self) -> usize {
        let longest = [2, 8, 8, 64, 64, 2048][self.rng.below(6)];
        1 + self.rng.below(longest)
    }
}

impl AsyncRead for Chopped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // As if the rest were not there yet: the client handles what has come before it reads more.
        if self.rng.once_in(2) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut room = vec![0; self.piece().min(buf.remaining())];
        let mut piece = ReadBuf::new(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        buf.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Chopped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = self.piece().min(bytes.len());
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..count])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn pieces_are_of_many_sizes_and_together_are_all_the_bytes() {
        let sent: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        far.write_all(&sent).await.unwrap();
        drop(far);
        let mut chopped = Chopped::new(near, 7);
        let (mut got, mut sizes) = (Vec::new(), BTreeSet::new());
        loop {
            let mut room = [0; 4096];
            let count = chopped.read(&mut room).await.unwrap();
            if count == 0 {
                break;
            }
            sizes.insert(count);
            got.extend_from_slice(&room[..count]);
        }
        assert_eq!(got, sent);
        assert!(sizes.contains(&1) && sizes.contains(&2) && sizes.len() > 20, "{sizes:?}");
    }
}
