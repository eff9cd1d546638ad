//! Wakers that are kept until there is something to do. It does not know who waits for what.

use std::task::{Context, Waker};

/// Keeps the waker of the task that polls, in place of an older one.
pub(super) fn store_waker(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
