//! [`Reader`]: bytes that come in chunks, as a buffered reader. It must not know where the chunks come from, nor what is wrong with
//! them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use crate::defect::Defect;
use crate::error::Result;
use crate::io::{AsyncBufRead, AsyncRead, ReadBuf, poll_copy};

/// Where the text of one message comes from.
pub(crate) trait Chunks: Unpin {
    /// The next bytes, possibly none; `None` at the end. Not called again after the end or an error.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>>;

    /// What is wrong with the text; called only at its end.
    fn defects(&self) -> Vec<Defect>;
}

/// A reader that knows at its end what is wrong with the message.
pub(super) trait Judged: AsyncBufRead {
    /// Empty before the end.
    fn defects(&self) -> Vec<Defect>;
}

/// Shows each chunk without copying it. The end is final, also if it is an error.
pub(crate) struct Reader<C> {
    chunks: C,
    chunk: Bytes,
    end: Option<Result<()>>,
}

impl<C: Chunks> Reader<C> {
    pub(crate) fn new(chunks: C) -> Self {
        Self { chunks, chunk: Bytes::new(), end: None }
    }

    /// Whether nothing is left to read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.chunk.is_empty() && self.end.is_some()
    }

    /// Waits until there are bytes, or until the end.
    pub(crate) fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.chunk.is_empty() {
            if let Some(end) = &self.end {
                return Poll::Ready(end.clone());
            }
            match ready!(self.chunks.poll_chunk(cx)) {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => self.end = Some(Ok(())),
                Err(error) => self.end = Some(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The chunks of a reader that has begun.
impl<C: Chunks> Chunks for Reader<C> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        ready!(self.poll_begin(cx))?;
        Poll::Ready(Ok(Some(std::mem::take(&mut self.chunk)).filter(|chunk| !chunk.is_empty())))
    }

    fn defects(&self) -> Vec<Defect> {
        self.chunks.defects()
    }
}

impl<C: Chunks> Judged for Reader<C> {
    fn defects(&self) -> Vec<Defect> {
        self.end.as_ref().map(|_| self.chunks.defects()).unwrap_or_default()
    }
}

impl<C: Chunks> AsyncRead for Reader<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        poll_copy(self, cx, buf)
    }
}

impl<C: Chunks> AsyncBufRead for Reader<C> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        let reader = self.get_mut();
        ready!(reader.poll_begin(cx))?;
        Poll::Ready(Ok(&reader.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        let count = count.min(self.chunk.len());
        self.chunk.advance(count);
        if self.chunk.is_empty() {
            // Releases the block, which is reused if nothing else holds it.
            self.chunk = Bytes::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::body::Body;
    use crate::error::{Error, Kind};

    /// Each once, in order.
    struct Scripted(std::vec::IntoIter<Result<Option<&'static str>>>);

    impl Chunks for Scripted {
        fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
            let next = self.0.next().expect("asked after the end");
            Poll::Ready(next.map(|text| text.map(|text| Bytes::from_static(text.as_bytes()))))
        }

        fn defects(&self) -> Vec<Defect> {
            vec![Defect::Missing]
        }
    }

    fn body(script: Vec<Result<Option<&'static str>>>) -> Body<'static> {
        Body::judged(Reader::new(Scripted(script.into_iter())))
    }

    #[tokio::test]
    async fn chunks_are_read_in_order_and_defects_are_known_at_the_end() {
        let mut body = body(vec![Ok(Some("ab")), Ok(Some("")), Ok(Some("cde")), Ok(None)]);
        let mut text = [0; 4];
        body.read_exact(&mut text).await.unwrap();
        assert_eq!((&text, body.defects()), (b"abcd", vec![]));
        let mut rest = Vec::new();
        assert_eq!(body.read_to_end(&mut rest).await.unwrap(), 1);
        assert_eq!(body.defects(), [Defect::Missing]);
        assert_eq!(body.read_to_end(&mut rest).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_error_comes_after_what_came_before_it_and_stays() {
        let mut body = body(vec![Ok(Some("ab")), Err(Error::closed("gone"))]);
        let mut text = Vec::new();
        for _ in 0..2 {
            let error = Error::from(body.read_to_end(&mut text).await.unwrap_err());
            assert_eq!((error.kind(), &text[..]), (Kind::Closed, &b"ab"[..]));
        }
    }
}
