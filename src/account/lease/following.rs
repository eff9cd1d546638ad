//! [`Following`]: the bytes of one section, which continue at their offset after a lost connection. It must not know what they mean.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::{Core, Lease, Taken};
use crate::account::flow::{Feed, Flow};
use crate::account::running::Next;
use crate::body::reader::Chunks;
use crate::defect::Defect;
use crate::error::Result;
use crate::imap::{AskedSection, Folder, Uid};

/// The bytes before a lost connection that must come again, to show that the rest is of the same text.
const COMMON: usize = 1024;

/// One section of one message, over any number of sessions.
pub(super) struct Following<'a> {
    flow: Flow<'a, Fed>,
    defects: Vec<Defect>,
}

/// What the source hands over.
enum Fed {
    Bytes(Bytes),
    Defects(Vec<Defect>),
}

/// What feeds it.
struct Source<'a> {
    lease: &'a Lease,
    uid: Uid,
    /// What is asked for next.
    asked: AskedSection,
}

impl<'a> Following<'a> {
    pub(super) fn new(lease: &'a Lease, uid: Uid, asked: AskedSection) -> Self {
        let source = Source { lease, uid, asked };
        Self { flow: Flow::new(|feed| source.run(feed)), defects: Vec::new() }
    }
}

impl Source<'_> {
    async fn run(mut self, feed: Feed<Fed>) -> Result<()> {
        let account = self.lease.account();
        let mut attempts = account.attempts();
        loop {
            let mut taken = Core::take(&self.lease.core).await?;
            let before = self.asked.from;
            let result = self.read(&mut taken, &feed).await;
            if self.asked.from > before {
                taken.lent().useful();
                attempts = account.attempts();
            }
            match taken.next(&mut attempts, result).await {
                Ok(defects) => {
                    taken.finish();
                    drop(taken);
                    feed.send(Fed::Defects(defects)).await;
                    return Ok(());
                }
                Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }

    async fn read(&mut self, taken: &mut Taken, feed: &Feed<Fed>) -> Result<Vec<Defect>> {
        taken.begin();
        let mut folder = Folder::of(taken.imap())?;
        let mut chunks = folder.windows(self.uid, self.asked.clone())?;
        while let Some(bytes) = poll_fn(|cx| chunks.poll_chunk(cx)).await? {
            self.came(&bytes);
            feed.send(Fed::Bytes(bytes)).await;
        }
        Ok(chunks.defects())
    }

    fn came(&mut self, bytes: &Bytes) {
        self.asked.from = self.asked.from.saturating_add(bytes.len() as u64);
        let last = bytes.get(bytes.len().saturating_sub(COMMON)..).unwrap_or_default();
        let earlier = &self.asked.before;
        let earlier = earlier.get((earlier.len() + last.len()).saturating_sub(COMMON)..).unwrap_or_default();
        // A copy, so that the block of the bytes is free.
        self.asked.before = [earlier, last].concat().into();
    }
}

impl Chunks for Following<'_> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        Poll::Ready(Ok(match ready!(self.flow.poll_next(cx))? {
            Some(Fed::Bytes(bytes)) => Some(bytes),
            Some(Fed::Defects(defects)) => {
                self.defects = defects;
                None
            }
            None => None,
        }))
    }

    fn defects(&self) -> Vec<Defect> {
        self.defects.clone()
    }
}
