//! [`Decoded`]: chunks of a part without their transfer encoding, from some octet on; and [`Kept`], the chunks of a part that is in memory
//! or in a file. It must not know how a part was found.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::body::reader::Chunks;
use crate::contents::Octets;
use crate::defect::Defect;
use crate::error::{Error, Result};
use crate::io::{JoinHandle, spawn_blocking};
use crate::temporary::Slice;
use crate::text::transfer::TransferDecoder;

/// The encoded bytes that are decoded at once, so that the memory does not depend on the size of chunks.
const PIECE: usize = 64 * 1024;
/// The bytes that are read from a file at once: each reading takes a thread for a moment.
const READ: usize = 4 * PIECE;

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

/// The bytes of a part that is kept here.
pub(crate) enum Kept {
    /// As one chunk.
    Memory(Bytes),
    File(Slice),
    /// The next piece of the file is being read.
    Reading(JoinHandle<Result<(Vec<u8>, Slice)>>),
    End,
}

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

impl Kept {
    pub(crate) fn new(octets: &Octets) -> Self {
        match octets {
            Octets::Memory(bytes) => Self::Memory(bytes.clone()),
            Octets::File(slice) => Self::File(slice.clone()),
        }
    }
}

impl Chunks for Kept {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            match std::mem::replace(self, Self::End) {
                Self::Memory(bytes) => return Poll::Ready(Ok(Some(bytes))),
                Self::File(slice) if slice.len() == 0 => return Poll::Ready(Ok(None)),
                Self::File(mut slice) => {
                    *self = Self::Reading(spawn_blocking(move || Ok((slice.take(READ)?, slice))));
                }
                Self::Reading(mut reading) => match Pin::new(&mut reading).poll(cx) {
                    Poll::Pending => {
                        *self = Self::Reading(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready(read) => {
                        let ended = |error| Error::closed("the runtime is ending").with_source(error);
                        let (bytes, rest) = read.map_err(ended)??;
                        *self = Self::File(rest);
                        return Poll::Ready(Ok(Some(bytes.into())));
                    }
                },
                Self::End => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn defects(&self) -> Vec<Defect> {
        Vec::new()
    }
}
