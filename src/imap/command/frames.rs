//! The untagged data that a command claimed, from which its answer is read. It must not know any command.

use bytes::Bytes;

use crate::imap::codec::Batch;

/// The untagged responses that a command claimed, in the order in which they arrived.
pub(crate) trait Frames: IntoIterator<Item = Bytes, IntoIter: ExactSizeIterator> + Into<Batches> {}

impl<F: IntoIterator<Item = Bytes, IntoIter: ExactSizeIterator> + Into<Batches>> Frames for F {}

/// The frames of an answer, in batches. The memory of a batch is freed once it is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batches(Vec<Batch>);

#[derive(Debug)]
pub(crate) struct BatchFrames {
    batches: std::vec::IntoIter<Batch>,
    batch: Batch,
    read: usize,
    left: usize,
}

impl Batches {
    pub(crate) fn push(&mut self, batch: Batch) {
        self.0.push(batch);
    }

    /// The number of frames.
    pub(crate) fn frames(&self) -> usize {
        self.0.iter().map(Batch::len).sum()
    }

    /// The frames, without consuming the batches.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.0.iter().flat_map(Batch::raw)
    }

    /// Removes all frames for which `keep` returns false.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        self.0.retain_mut(|batch| {
            batch.retain(&keep);
            !batch.is_empty()
        });
    }

    /// Adds the frames of another answer.
    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

#[cfg(any(test, fuzzing))]
impl From<Vec<Bytes>> for Batches {
    fn from(frames: Vec<Bytes>) -> Self {
        let whole = |frame: Bytes| {
            let end = frame.len();
            let mut batch = Batch::new(frame);
            batch.push(0, end);
            batch
        };
        Self(frames.into_iter().map(whole).collect())
    }
}

impl IntoIterator for Batches {
    type Item = Bytes;
    type IntoIter = BatchFrames;

    fn into_iter(self) -> BatchFrames {
        let left = self.frames();
        BatchFrames { batches: self.0.into_iter(), batch: Batch::default(), read: 0, left }
    }
}

impl Iterator for BatchFrames {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.batch.get(self.read) {
                self.read += 1;
                self.left -= 1;
                return Some(frame);
            }
            (self.batch, self.read) = (self.batches.next()?, 0);
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for BatchFrames {}
