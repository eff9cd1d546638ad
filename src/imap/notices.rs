//! [`Notices`]: what an IMAP server says to the session, as a stream. What it can say is a type of its own; what happens in the selected
//! mailbox comes from [`Idle`](super::Idle).

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::engine::Engine;
use super::types::Notice;
use crate::conn::link::Listening;

/// What the server says to the session, from [`Imap::notices`](super::Imap::notices). It ends with the session.
pub struct Notices(Listening<Engine>);

impl Notices {
    pub(super) fn new(listening: Listening<Engine>) -> Self {
        Self(listening)
    }

    /// The next notice; `None` once the session has ended. It never touches the wire. Cancel-safe: no notice is lost by dropping this
    /// future.
    pub async fn next(&mut self) -> Option<Notice> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl Stream for Notices {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.0.poll_next(cx)
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}
