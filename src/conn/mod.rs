//! The only place with sockets, TLS and clocks. Whatever else in the crate needs tokio's traits or rustls names them by this
//! module. No protocol word appears here beyond the usual ports, which the configuration knows.

pub(crate) mod connect;
pub(crate) mod driver;
pub(crate) mod io;
pub(crate) mod link;
mod race;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod trace;

#[cfg(test)]
#[cfg(all(feature = "testing", any(feature = "ring", feature = "aws-lc-rs")))]
mod tls_tests;

pub use tokio_rustls::rustls;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use crate::engine::Engine;
use crate::error::Result;

/// The future that does a session's reading and writing: nothing moves unless it is polled.
///
/// [`handshake`](crate::imap::Imap::handshake) hands it out for a task of the caller's own; `connect` spawns it. It ends when
/// the session does, and says why. Dropping it closes the connection.
#[must_use = "a session makes no progress unless its driver is polled"]
pub struct Driver {
    /// `None` once it has ended.
    run: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
}

impl Driver {
    /// An engine over a stream, and the handles' end of it.
    pub(crate) fn over<E: Engine>(
        engine: E,
        stream: stream::Stream,
        upgrade: Option<tls::Tls>,
        window: usize,
    ) -> (link::Link<E>, Self) {
        let (link, desk) = link::road(engine.state());
        let driver = driver::Driver::new(engine, desk, stream, upgrade, window);
        (link, Self { run: Some(Box::pin(driver.run())) })
    }

    /// Polls itself beside another future until that one is done.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            // How it ends is told to the work by its own calls.
            let _ = Pin::new(&mut *self).poll(cx);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Runs in a task of its own from here on.
    pub(crate) fn spawn(self) {
        // How it ends is told to whoever waits for something; nobody waits for the task.
        drop(tokio::spawn(self));
    }
}

impl Future for Driver {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = &mut self.run else { return Poll::Ready(Ok(())) };
        let result = ready!(run.as_mut().poll(cx));
        self.run = None;
        Poll::Ready(result)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
