//! [`Flow`]: a stream that is fed by a future of its own, which it polls itself: no task, no channel, and nothing runs unless the stream
//! is read. It must not know what flows.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::error::Result;
use crate::mailbox::BoxFuture;

/// What a source may hand over before the reader has taken the last of it.
const BATCH: usize = 128;

/// The reader's end, with the future of the source.
pub(super) struct Flow<'a, T> {
    ready: VecDeque<T>,
    shared: Arc<Shared<T>>,
    /// `None` once it has ended.
    source: Option<BoxFuture<'a, Result<()>>>,
}

/// The source's end.
pub(super) struct Feed<T>(Arc<Shared<T>>);

struct Shared<T>(Mutex<VecDeque<T>>);

impl<'a, T: Send + 'static> Flow<'a, T> {
    /// A stream of what `source` feeds. If the source fails, the stream ends with its error after everything that was fed.
    pub(super) fn new<F>(source: impl FnOnce(Feed<T>) -> F) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'a,
    {
        let shared = Arc::new(Shared(Mutex::new(VecDeque::new())));
        let source = source(Feed(shared.clone()));
        Self { ready: VecDeque::new(), shared, source: Some(Box::pin(source)) }
    }

    /// The next item; `None` after the last one. An error is the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(item)));
            }
            std::mem::swap(&mut self.ready, &mut *self.shared.lock());
            if !self.ready.is_empty() {
                continue;
            }
            let Some(source) = &mut self.source else { return Poll::Ready(Ok(None)) };
            let polled = source.as_mut().poll(cx);
            std::mem::swap(&mut self.ready, &mut *self.shared.lock());
            match polled {
                Poll::Pending if self.ready.is_empty() => return Poll::Pending,
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.source = None,
                // What was fed comes first: it was delivered before the failure.
                Poll::Ready(Err(error)) => {
                    self.source = (!self.ready.is_empty()).then(|| failed(error.clone()));
                    if self.source.is_none() {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }
}

impl<T> Feed<T> {
    /// Hands one item over, and waits until the reader has room for the next.
    pub(super) async fn send(&self, item: T) {
        self.0.lock().push_back(item);
        self.room().await;
    }

    /// Hands over what `poll` yields while it is ready, in batches: without a lock and a wake for each item. Returns what `poll` ends with.
    pub(super) async fn send_all<E>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<Option<T>, E>>,
    ) -> Result<(), E> {
        loop {
            let mut batch = VecDeque::new();
            let ended = poll_fn(|cx| {
                while batch.len() < BATCH {
                    match poll(cx) {
                        Poll::Ready(Ok(Some(item))) => batch.push_back(item),
                        Poll::Ready(Ok(None)) => return Poll::Ready(Some(Ok(()))),
                        Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                        Poll::Pending if batch.is_empty() => return Poll::Pending,
                        Poll::Pending => return Poll::Ready(None),
                    }
                }
                Poll::Ready(None)
            })
            .await;
            self.0.lock().append(&mut batch);
            if let Some(ended) = ended {
                return ended;
            }
            self.room().await;
        }
    }

    /// Waits until everything is taken. The reader polls the source again when it has taken the last item, so no waker is needed.
    pub(super) async fn room(&self) {
        poll_fn(|_| if self.0.lock().is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed<'a>(error: crate::Error) -> BoxFuture<'a, Result<()>> {
    Box::pin(std::future::ready(Err(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    async fn all(flow: &mut Flow<'_, u32>) -> (Vec<u32>, Option<Error>) {
        let mut items = Vec::new();
        loop {
            match poll_fn(|cx| flow.poll_next(cx)).await {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return (items, None),
                Err(error) => return (items, Some(error)),
            }
        }
    }

    #[tokio::test]
    async fn items_come_in_order_and_before_the_error() {
        let mut flow = Flow::new(|feed| async move {
            for item in 0..1000 {
                if item % 7 == 0 {
                    tokio::task::yield_now().await;
                }
                feed.send(item).await;
            }
            let mut next = 1000;
            let mut poll = |_: &mut Context<'_>| {
                next += 1;
                Poll::Ready(if next <= 2000 { Ok(Some(next - 1)) } else { Err(Error::closed("gone")) })
            };
            feed.send_all(&mut poll).await
        });
        let (items, error) = all(&mut flow).await;
        assert_eq!(items, (0..2000).collect::<Vec<_>>());
        assert!(error.is_some());
        assert!(all(&mut flow).await.0.is_empty());
    }

    #[tokio::test]
    async fn the_source_runs_no_further_than_its_reader() {
        let made = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = made.clone();
        let mut flow = Flow::new(|feed| async move {
            loop {
                feed.send(count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).await;
            }
        });
        for _ in 0..5 {
            poll_fn(|cx| flow.poll_next(cx)).await.unwrap();
        }
        assert_eq!(made.load(std::sync::atomic::Ordering::Relaxed), 5);
    }
}
