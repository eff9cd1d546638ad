//! [`Decoded`]: chunks of a part without their transfer encoding, from some octet on. It must not know where the chunks come from.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::body::reader::Chunks;
use crate::defect::Defect;
use crate::error::Result;
use crate::text::transfer::TransferDecoder;

/// The encoded bytes that are decoded at once, so that the memory does not depend on the size of chunks.
const PIECE: usize = 64 * 1024;

/// The decoded octets of other chunks.
pub(crate) struct Decoded<C> {
    chunks: C,
    decoder: TransferDecoder,
    /// What was received and is not decoded yet.
    encoded: Bytes,
    /// The number of octets that are still to be skipped.
    skip: u64,
    has_ended: bool,
}

/// Bytes that are in memory, as one chunk.
pub(crate) struct InMemory(Option<Bytes>);

impl<C: Chunks> Decoded<C> {
    /// Without the first `skip` octets.
    pub(crate) fn new(chunks: C, decoder: TransferDecoder, skip: u64) -> Self {
        Self { chunks, decoder, encoded: Bytes::new(), skip, has_ended: false }
    }

    fn decode(&mut self) -> Bytes {
        let octets = if self.decoder.is_identity() {
            std::mem::take(&mut self.encoded)
        } else {
            let piece = self.encoded.split_to(self.encoded.len().min(PIECE));
            let mut octets = Vec::with_capacity(piece.len());
            self.decoder.push(&piece, &mut octets);
            octets.into()
        };
        self.without_skipped(octets)
    }

    fn without_skipped(&mut self, mut octets: Bytes) -> Bytes {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(octets.len());
        self.skip -= skipped as u64;
        octets.split_off(skipped)
    }
}

impl<C: Chunks> Chunks for Decoded<C> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if !self.encoded.is_empty() {
            return Poll::Ready(Ok(Some(self.decode())));
        }
        if self.has_ended {
            return Poll::Ready(Ok(None));
        }
        if let Some(chunk) = ready!(self.chunks.poll_chunk(cx))? {
            self.encoded = chunk;
            return Poll::Ready(Ok(Some(self.decode())));
        }
        self.has_ended = true;
        let mut octets = Vec::new();
        self.decoder.finish(&mut octets);
        Poll::Ready(Ok(Some(self.without_skipped(octets.into()))))
    }

    fn defects(&self) -> Vec<Defect> {
        let mut defects = self.chunks.defects();
        let places = self.decoder.flaws();
        defects.extend((places > 0).then_some(Defect::Encoding { places }));
        defects
    }
}

impl InMemory {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Chunks for InMemory {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        Poll::Ready(Ok(self.0.take()))
    }

    fn defects(&self) -> Vec<Defect> {
        Vec::new()
    }
}
