//! Dropping a future after a number of polls.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls it `polls` times, then drops it. `true` if it was done by then.
pub(crate) async fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => {
                // Other ready tasks run first, so that each poll meets another state.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
}
